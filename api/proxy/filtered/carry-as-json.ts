import type { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import type { Dispatcher } from 'undici';
import { PlatformError } from '../../../contracts/errors.ts';
import type { Gateway } from '../../gateway.ts';
import type { KubernetesTarget } from '../../http/kubernetes-path.ts';
import type { Caller } from '../../identity/caller.ts';
import { isImpersonationDenied, unknownIdentityMessage } from '../../upstreams/impersonation-denied.ts';
import { managementUnreachable } from '../../upstreams/json-request.ts';
import { checkOutgoingHeaders } from '../../upstreams/outgoing-header-check.ts';
import { upstreamHeaders } from '../../upstreams/request-headers.ts';
import { hasBody } from '../../http/has-body.ts';
import { openingRequest, type OpeningRequest } from '../recheck.ts';
import { acceptedJson, textOf } from './reader.ts';

/** For the head of an answer, and between its parts. */
export const silenceMs = 65_000;

/** A request to be carried, as its client sent it. */
interface Carried {
  readonly id: string;
  readonly opening: OpeningRequest;
  readonly body: Readable | Buffer | null;
}

/** Where it goes, and for whom. */
interface Asked {
  readonly gateway: Gateway;
  readonly caller: Caller;
  readonly target: KubernetesTarget;
}

/** A request with its body. */
export function carriedOf({ id, raw }: FastifyRequest): Carried {
  return { id, opening: openingRequest(raw), body: hasBody(raw) ? raw : null };
}

/** Carries a request to the management API under the caller's identity; its answer is JSON. @throws PlatformError `management_unavailable` */
export async function carryAsJson(
  { id, opening: { method, headers: given, rawHeaders }, body }: Carried,
  { gateway, caller: { identity }, target: { upstreamPath } }: Asked,
  signal: AbortSignal,
  isWatch = false,
): Promise<Dispatcher.ResponseData> {
  const headers = ['Accept', acceptedJson(given.accept)];
  const rest = upstreamHeaders(rawHeaders, identity, id);
  for (let index = 0; index + 1 < rest.length; index += 2) {
    const [name, value] = [rest[index] as string, rest[index + 1] as string];
    // What is packed or in another form could not be read here.
    if (!/^accept(-encoding)?$/i.test(name)) headers.push(name, value);
  }
  checkOutgoingHeaders(headers);
  try {
    const answer = await gateway.management.dispatcher.request({
      method: method as Dispatcher.HttpMethod,
      path: upstreamPath,
      headers,
      body,
      headersTimeout: silenceMs,
      bodyTimeout: isWatch ? 0 : silenceMs,
      signal,
    });
    if (answer.statusCode !== 401) return answer;
    throw new Error(`401 for the gateway: ${await answer.body.text()}`);
  } catch (cause) {
    if (signal.aborted && isWatch) throw cause;
    throw new PlatformError(managementUnreachable.code, managementUnreachable.message, { cause });
  }
}

/** @throws PlatformError `forbidden`, `management_unavailable` if the gateway may not act as the caller */
export async function answerText(answer: Dispatcher.ResponseData, { identity }: Caller): Promise<string> {
  const text = await textOf(answer);
  if (!isImpersonationDenied(answer.statusCode, text)) return text;
  throw identity.originalUser === undefined
    ? new PlatformError(managementUnreachable.code, managementUnreachable.message)
    : new PlatformError('forbidden', unknownIdentityMessage);
}
