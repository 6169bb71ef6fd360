import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { withRootSpan } from '../../../adapters/tracing/spans.ts';
import { errorTable, PlatformError } from '../../../contracts/errors.ts';
import { acceptTunnel, isTunnelRequest } from '../../agents/accept-tunnel.ts';
import type { AuditEntry } from '../../audit/audit-entry.ts';
import { describeRequest } from '../../audit/describe-request.ts';
import { actorOf } from '../../audit/sender.ts';
import type { Caller } from '../../identity/caller.ts';
import type { Gateway } from '../../gateway.ts';
import { requestContext } from '../../http/request-context.ts';
import type { RequestLines } from '../../http/request-lines.ts';
import { requestAttributes, traceOf } from '../../http/traced-request.ts';
import { clientGone } from '../../metrics/gateway-metrics.ts';
import { asPlatformError } from '../../http/failures.ts';
import { answerFailure, answerHead, relayAnswer } from '../../http/upgrade-response.ts';
import { kubernetesRecheck, openingRequest } from '../recheck.ts';
import { impersonatedCaller } from '../../authorization/impersonation.ts';
import { pipeSockets } from './pipe-sockets.ts';
import { failureOf, isolation } from '../proxy.ts';
import { downstreamHeaders } from '../../http/response-headers.ts';
import { upstreamHeaders } from '../../upstreams/request-headers.ts';
import { waitingBytes } from '../../http/waiting-bytes.ts';
import { type KubernetesTarget, parseKubernetesPath } from '../../http/kubernetes-path.ts';
import { resolveUpstream } from '../resolve-upstream.ts';
import type { ResolvedUpstream } from '../resolved-upstream.ts';
import { requestUpgrade } from './request-upgrade.ts';
import type { UpgradeAnswer } from './send-upgrade.ts';
import { readUpgrade, type UpgradeRequest } from './upgrade-request.ts';
import { serveWebSocketWatch } from './web-socket-watch.ts';
import type { FilteredHandler } from '../filtered/serve-filtered.ts';
import { createPendingClient, maxEarlyBytes, type PendingClient } from './pending-client.ts';

/** One request to upgrade on its way. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly client: PendingClient;
  readonly id: string;
  readonly entry: AuditEntry;
  caller?: Caller;
}

interface Parts {
  readonly lines: RequestLines;
  readonly filtered: FilteredHandler;
}

interface Deps extends Parts {
  readonly gateway: Gateway;
}

/** How an exchange ended, for the log. */
interface Outcome {
  readonly status: number;
  readonly bytesUp?: number;
  readonly bytesDown?: number;
}

const tcpKeepAliveMs = 30_000;

/**
 * Carries requests to switch protocols (exec, attach, port-forward, cp). They do not pass Fastify's hooks, so they
 * go through the same plain functions as its requests do, in the same order.
 */
export function proxyUpgrades(app: FastifyInstance, gateway: Gateway, parts: Parts): void {
  app.server.on('upgrade', (request, socket, head) => {
    const id = randomUUID();
    requestContext.run({ id, cut: () => socket.destroy() }, () => {
      if (isTunnelRequest(request)) void takeTunnel(id, { request, socket, head }, { gateway, ...parts });
      else take(id, { request, socket, head }, { gateway, ...parts });
    });
  });
}

/** An agent's: what it lets through is not a request of anybody's (api/tunnel/). */
async function takeTunnel(
  id: string,
  { request, socket, head }: { request: IncomingMessage; socket: Duplex; head: Buffer },
  { gateway, lines }: Deps,
): Promise<void> {
  const startedAt = performance.now();
  const { method = '', url = '' } = request;
  const { pathKind, verb } = describeRequest(method, url);
  const code = await acceptTunnel({ ...gateway, lines }, { request, socket, head, id });
  const ms = performance.now() - startedAt;
  gateway.metrics.requested({ pathKind, verb, code, seconds: ms / 1000 });
  lines.answered('upgrade', { reqId: id, method, url, status: code, ms: Math.round(ms), user: undefined });
}

function take(
  id: string,
  { request, socket, head }: { request: IncomingMessage; socket: Duplex; head: Buffer },
  deps: Deps,
): void {
  const { gateway, lines } = deps;
  const startedAt = performance.now();
  request.socket.setKeepAlive(true, tcpKeepAliveMs);
  // Its two directions may end one by one. Only here: half-open connections of those who never sent a request stay.
  request.socket.allowHalfOpen = true;
  const client = createPendingClient(socket, head);
  const entry = gateway.audit.begin(id, request);
  const exchange: Exchange = { request, socket, client, id, entry };
  const traced = withRootSpan(
    { name: 'upgrade', kind: 'server', attributes: requestAttributes(id, request) },
    async (span) => {
      const outcome = await serve(exchange, deps);
      span?.set({ 'http.response.status_code': outcome.status });
      return outcome;
    },
    traceOf(request.headers),
  );
  void traced.then((outcome) => {
    const { status: code } = outcome;
    entry.end({ code, aborted: code === clientGone });
    const { pathKind, verb } = entry.description;
    gateway.metrics.requested({ pathKind, verb, code, seconds: (performance.now() - startedAt) / 1000 });
    lines.answered('upgrade', {
      reqId: id,
      method: request.method,
      url: request.url,
      ms: Math.round(performance.now() - startedAt),
      user: exchange.caller?.identity.user,
      ...outcome,
    });
  });
}

/** Never rejects: every failure is answered here. */
async function serve(exchange: Exchange, { gateway, lines, filtered }: Deps): Promise<Outcome> {
  const { request, socket, client, id, entry } = exchange;
  try {
    const upgrade = readUpgrade(request);
    const target = parseKubernetesPath(request.url ?? '');
    const authenticated = await gateway.authenticate(upgrade.headers, request.method);
    entry.identify(actorOf(authenticated));
    const caller = await impersonatedCaller(gateway, authenticated, upgrade.rawHeaders, request.url);
    exchange.caller = caller;
    entry.identify(actorOf(caller));
    entry.attempted();
    const watched = await serveWebSocketWatch(gateway, filtered, {
      ...{ request, socket, client, id, upgrade, caller, target, log: gateway.logger },
      switched: () => entry.streaming(101),
    });
    if (watched !== undefined) return { status: watched || clientGone };
    const opening = { ...openingRequest(request), ...upgrade };
    const recheck = () => kubernetesRecheck(gateway, opening, caller, target);
    const over = gateway.streams.add(caller, client.abort, recheck);
    try {
      const { method = '' } = request;
      const found = await resolveUpstream(gateway, caller, target, method);
      const destination =
        found.sleeper === undefined
          ? found
          : await gateway.held.awake(found, {
              ...{ caller, target, method, id, recheck, headers: upgrade.headers },
              bytes: waitingBytes(request) + maxEarlyBytes,
              onGone: client.onGone,
            });
      if (destination === undefined) throw client.signal.reason;
      const { instance } = destination;
      const using = { caller, target, method, headers: upgrade.headers };
      gateway.activity.used(instance, using);
      const opened = () => gateway.activity.opened(instance, using);
      return await carry(exchange, { gateway, upgrade, caller, target, destination, opened });
    } finally {
      over();
    }
  } catch (error) {
    const { aborted, reason } = client.signal;
    if (aborted && !(reason instanceof PlatformError)) return { status: clientGone };
    // Who has lost their rights while they waited is told so.
    const failure = asPlatformError(aborted ? reason : error);
    const { status } = errorTable[failure.code];
    entry.fails(failure.code);
    if (status >= 500)
      lines.failed({ reqId: id, isKnown: exchange.caller !== undefined }, { err: error, code: failure.code });
    client.release();
    answerFailure(socket, failure, id);
    return { status };
  }
}

interface Route {
  readonly gateway: Gateway;
  readonly upgrade: UpgradeRequest;
  readonly caller: Caller;
  readonly target: KubernetesTarget;
  readonly destination: ResolvedUpstream;
  /** Called when the protocol was switched; gives what to call when the stream is over. */
  readonly opened: () => () => void;
}

async function carry({ request, socket, client, id, entry }: Exchange, route: Route): Promise<Outcome> {
  const { gateway, upgrade, caller, target, destination, opened } = route;
  const { idleMs, answerMs } = gateway.streamLimits;
  const accepted = await requestUpgrade(destination, caller.identity, {
    method: request.method ?? '',
    path: target.upstreamPath,
    headers: upstreamHeaders(upgrade.rawHeaders, caller.identity, id),
    protocol: upgrade.protocol,
    answerMs,
    signal: client.signal,
  }).catch((error: unknown) => {
    throw failureOf(error, destination, caller.identity);
  });
  if (client.signal.aborted) {
    accepted.response.socket.destroy();
    throw client.signal.reason;
  }
  client.release();
  const headers: Record<string, string | string[]> = {
    ...downstreamHeaders(accepted.response.headers, target.prefix),
    'x-request-id': id,
  };
  const status = accepted.response.statusCode ?? 0;
  if (!accepted.switched) {
    if (caller.credential.kind === 'session') delete headers['www-authenticate'];
    await relayAnswer(socket, accepted.response, { ...headers, ...isolation });
    return { status };
  }
  entry.streaming(status);
  const switching = { ...headers, connection: 'Upgrade', upgrade: upgrade.protocol };
  const over = opened();
  try {
    return { status, ...(await join(socket, accepted, switching, idleMs)) };
  } finally {
    over();
  }
}

function join(
  socket: Duplex,
  { socket: upstream, head }: Extract<UpgradeAnswer, { switched: true }>,
  headers: Record<string, string | string[]>,
  idleMs: number,
) {
  socket.write(answerHead(101, 'Switching Protocols', headers), 'latin1');
  if (head.length > 0) upstream.unshift(head);
  return pipeSockets(socket, upstream, idleMs);
}
