import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Logger } from '../../../adapters/logging.ts';
import { PlatformError } from '../../../contracts/errors.ts';
import type { Gateway } from '../../gateway.ts';
import type { KubernetesTarget } from '../../http/kubernetes-path.ts';
import type { Caller } from '../../identity/caller.ts';
import { computedRequest } from '../computed/computed-request.ts';
import { hidingRequest, seesHidden } from '../filtered/hiding.ts';
import type { FilteredHandler } from '../filtered/serve-filtered.ts';
import { isOfOperations } from '../unknown-subresource.ts';
import { watchHidden } from '../filtered/serve-hidden.ts';
import type { WatchClient } from '../filtered/watch-client.ts';
import { openingRequest } from '../recheck.ts';
import { resolveUpstream } from '../resolve-upstream.ts';
import type { PendingClient } from './pending-client.ts';
import { answerHead, discard } from '../../http/upgrade-response.ts';
import type { UpgradeRequest } from './upgrade-request.ts';

/** A request to upgrade whose caller is known. */
export interface OpenUpgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly client: PendingClient;
  readonly id: string;
  readonly upgrade: UpgradeRequest;
  readonly caller: Caller;
  readonly target: KubernetesTarget;
  readonly log: Pick<Logger, 'warn'>;
  /** Called when the protocol was switched. */
  readonly switched: () => void;
}

/** Nothing is expected of the client. */
const limits = { maxPayload: 64 * 1024, closeTimeout: 5_000 };
const normal = 1000;

/**
 * Serves a watch over a WebSocket that the API server must not serve, because it would show more than the caller may see.
 * @returns the status of the answer, 0 if the client left before it; undefined for a request that the API server is to answer
 * @throws PlatformError `invalid_request` for another request to upgrade whose answer would show too much
 */
export async function serveWebSocketWatch(
  gateway: Gateway,
  filtered: FilteredHandler,
  open: OpenUpgrade,
): Promise<number | undefined> {
  const { request, upgrade, caller, target } = open;
  const method = request.method ?? '';
  const isWebSocket = upgrade.protocol === 'websocket';
  const client = isWebSocket ? webSocketClient(open) : undefined;
  if (client !== undefined && (await filtered.watch(client, target))) return client.status;
  if (isOfOperations(method, target))
    throw new PlatformError('invalid_request', 'operations can be upgraded to a watch over WebSocket only');
  const hiding = hidingRequest(method, target);
  const computed = client && computedRequest(method, target, upgrade.headers.accept);
  if (
    hiding === undefined ||
    (await seesHidden(gateway.review, caller.identity, hiding.plural, hiding.place))
  ) {
    if (client === undefined || computed?.verb !== 'watch') return undefined;
    await resolveUpstream(gateway, caller, target, method); // the scope of their key
    await watchHidden(client, open.id, { gateway, caller, target, hiding: computed });
    return client.status;
  }
  if (client === undefined || hiding.verb !== 'watch')
    throw new PlatformError(
      'invalid_request',
      `${hiding.plural} can be upgraded to a watch over WebSocket only`,
    );
  await resolveUpstream(gateway, caller, target, method); // the scope of their key
  await watchHidden(client, open.id, { gateway, caller, target, hiding });
  return client.status;
}

/** As an API server does it: each event in a text frame, whatever subprotocol was agreed. */
function webSocketClient(open: OpenUpgrade): WatchClient & { readonly status: number } {
  const { request, socket, client, id, upgrade, caller, log } = open;
  let status = 0;
  let webSocket: WebSocket | undefined;
  const gone = new AbortController();
  socket.once('close', () => gone.abort());
  return {
    opening: { ...openingRequest(request), headers: upgrade.headers, rawHeaders: upgrade.rawHeaders },
    caller,
    log,
    get status() {
      return status;
    },
    get begun() {
      return status !== 0;
    },
    onGone: (listener) => gone.signal.addEventListener('abort', listener, { once: true }),
    begin(code, contentType) {
      client.release();
      if (code === 200) {
        webSocket = accept(open);
        status = 101;
        open.switched();
        return;
      }
      status = code;
      discard(socket);
      const headers = { 'content-type': contentType, 'x-request-id': id, connection: 'close' };
      socket.write(answerHead(code, STATUS_CODES[code] ?? '', headers));
    },
    write(text) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const done = (error?: Error | null) => {
        if (!error) return resolve();
        gone.abort(); // it may have said that it closes
        reject(error);
      };
      if (webSocket === undefined) socket.write(text, done);
      else webSocket.send(text, done);
      return promise;
    },
    end() {
      if (webSocket === undefined) socket.end();
      else webSocket.close(normal);
    },
    cut: () => void socket.destroy(),
  };
}

/** @throws PlatformError `invalid_request` */
function accept({ request, socket, id, upgrade }: OpenUpgrade): WebSocket {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    ...limits,
    handleProtocols: (offered) => offered.values().next().value ?? false,
  });
  let accepted: WebSocket | undefined;
  let refusal = 'it is not valid';
  server.on('headers', (lines) => lines.push(`x-request-id: ${id}`));
  server.on('wsClientError', (error) => (refusal = error.message));
  const asked = Object.assign(Object.create(request) as IncomingMessage, { headers: upgrade.headers });
  server.handleUpgrade(asked, socket, Buffer.alloc(0), (webSocket) => (accepted = webSocket));
  if (accepted === undefined)
    throw new PlatformError('invalid_request', `the WebSocket handshake was refused: ${refusal}`);
  accepted.on('error', () => socket.destroy()); // what the client sent was not a frame
  return accepted;
}
