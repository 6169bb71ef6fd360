import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { PlatformError } from '../../../contracts/errors.ts';
import { checkHeaders } from '../../http/request-guard.ts';
import { hasBody } from '../../http/has-body.ts';

/** A request to switch protocols, read and found unambiguous. */
export interface UpgradeRequest {
  /** Value of the `Upgrade` header that goes upstream. */
  readonly protocol: 'SPDY/3.1' | 'websocket';
  /** What to authenticate by: a credential in the subprotocols stands here as `authorization`. */
  readonly headers: IncomingHttpHeaders;
  /** Names and values as they arrived, without the credential in the subprotocols. */
  readonly rawHeaders: readonly string[];
}

const bearerProtocol = 'base64url.bearer.authorization.k8s.io.';
const subprotocols = 'sec-websocket-protocol';

/**
 * Reads the head of an upgrade. Browsers can set no header on a WebSocket, so that a subprotocol may carry the
 * credential, as Kubernetes' own API server takes it; it goes no further than here.
 * @throws PlatformError `invalid_request` for a protocol that is not carried, a body, or an ambiguous head
 */
export function readUpgrade(request: IncomingMessage): UpgradeRequest {
  checkHeaders(request);
  const { method, headers, rawHeaders } = request;
  const named = headers.upgrade?.toLowerCase();
  const protocol = named === 'websocket' ? 'websocket' : named === 'spdy/3.1' ? 'SPDY/3.1' : undefined;
  if (protocol === undefined) refuse('upgrades are supported to SPDY/3.1 and websocket only');
  if (request.httpVersion !== '1.1') refuse('only HTTP/1.1 can be upgraded');
  if (method !== 'GET' && (method !== 'POST' || protocol === 'websocket')) {
    refuse(`a ${method} request cannot be upgraded to ${protocol}`);
  }
  if (hasBody(request)) refuse('an upgrade request must not have a body');
  const offered = subprotocolsOf(rawHeaders);
  const tokens = offered.filter((name) => name.startsWith(bearerProtocol));
  const [token] = tokens;
  if (token === undefined) return { protocol, headers, rawHeaders };
  if (tokens.length > 1 || headers.authorization !== undefined) refuse('more than one credential is present');
  const others = offered.filter((name) => name !== token);
  if (others.length === 0) refuse('a subprotocol must be offered besides the credential');
  return {
    protocol,
    headers: { ...headers, authorization: `Bearer ${decodeToken(token)}`, [subprotocols]: others.join(', ') },
    rawHeaders: [...withoutSubprotocols(rawHeaders), 'Sec-WebSocket-Protocol', others.join(', ')],
  };
}

function subprotocolsOf(rawHeaders: readonly string[]): string[] {
  return rawHeaders
    .filter((_value, index) => index % 2 === 1 && isSubprotocols(rawHeaders[index - 1]))
    .flatMap((value) => value.split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function withoutSubprotocols(rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_text, index) => !isSubprotocols(rawHeaders[index - (index % 2)]));
}

function isSubprotocols(name: string | undefined): boolean {
  return name?.toLowerCase() === subprotocols;
}

function decodeToken(subprotocol: string): string {
  const encoded = subprotocol.slice(bearerProtocol.length);
  const token = Buffer.from(encoded, 'base64url');
  if (token.length === 0 || token.toString('base64url') !== encoded) {
    throw new PlatformError(
      'unauthenticated',
      'the credential among the subprotocols is not unpadded base64url',
    );
  }
  return token.toString('utf8');
}

function refuse(reason: string): never {
  throw new PlatformError('invalid_request', `${reason}; the request was refused`);
}
