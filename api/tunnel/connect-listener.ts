import { createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { connectionFault } from '../../adapters/kubernetes/connection-fault.ts';
import type { Logger } from '../../adapters/logging.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { writers } from '../../contracts/names.ts';
import { deployedPlace } from '../../domain/placement/deployed-place.ts';
import { knownPlace } from '../../domain/placement/known-place.ts';
import { basicCredential } from '../http/basic-credential.ts';
import type { ResourceCache } from '../cache/resource-cache.ts';
import { inConnectionContexts } from '../http/connection-context.ts';
import type { Dial, DialTarget } from './dial.ts';

export interface ConnectListenerOptions {
  readonly dial: Dial;
  /** For other gateways: through the tunnels of this one alone. */
  readonly dialHere: Dial;
  /** Password of the users `worker` and `gateway`. */
  readonly secret: string;
  /** Whether a target is one that workers may reach: a known cluster, or a tenant's Service. */
  readonly isKnown: (target: DialTarget) => boolean;
  /** Settles when `isKnown` can decide: a gateway that has just started lets workers wait for it a while. */
  readonly ready: Promise<void>;
  readonly logger: Logger;
}

export interface ConnectListener {
  readonly server: Server;
  /** Ends the tunnels that are open and stops listening. */
  close(): Promise<void>;
}

/**
 * The internal listener through which workers reach clusters (`proxy-url` of their kubeconfigs), and other gateways the
 * clusters whose tunnels are here: HTTP CONNECT to the names of `connectTarget` and nothing else. Bytes go through untouched:
 * TLS runs end to end inside.
 */
export function createConnectListener(options: ConnectListenerOptions): ConnectListener {
  const credentials = {
    worker: digest(basicCredential('worker', options.secret)),
    gateway: digest(basicCredential('gateway', options.secret)),
  };
  const open = new Set<Duplex>();
  const server = createServer((_request, response) => {
    response
      .writeHead(405, { allow: 'CONNECT', connection: 'close', 'content-type': 'text/plain' })
      .end('only CONNECT is supported\n');
  });
  inConnectionContexts(server);
  server.on('connect', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    serve(request, socket, head, options, credentials).catch((error: unknown) => {
      logFailure(options.logger, request.url, error);
      const status = statusOf(error);
      const reason = reasonOf(error);
      refuse(socket, `${status} ${STATUS_CODES[status]}`, reason, proxyStatus(reason));
    });
  });
  return {
    server,
    async close() {
      for (const socket of open) socket.destroy(); // CONNECT took them from the server: it does not end them
      server.closeAllConnections();
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  };
}

const readyMs = 15_000;
const maxTarget = 300;

/** A control plane that does not answer yet is asked many times a second: not worth a log line. */
function logFailure(logger: Logger, asked: string | undefined, error: unknown): void {
  const target = asked?.slice(0, maxTarget);
  const expected =
    error instanceof PlatformError && ['cluster_unreachable', 'cluster_offline'].includes(error.code);
  if (expected) logger.debug({ target, reason: reasonOf(error) }, 'CONNECT failed');
  else logger.warn({ err: error, target }, 'CONNECT failed');
}

async function serve(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  options: ConnectListenerOptions,
  credentials: Readonly<Record<'worker' | 'gateway', Buffer>>,
): Promise<void> {
  const given = digest(request.headers['proxy-authorization'] ?? '');
  const isGateway = timingSafeEqual(given, credentials.gateway);
  if (!isGateway && !timingSafeEqual(given, credentials.worker)) {
    refuse(
      socket,
      '407 Proxy Authentication Required',
      'the credential of the worker is missing or wrong',
      'Proxy-Authenticate: Basic realm="worker"\r\n',
    );
    return;
  }
  const target = parseConnectTarget(request.url ?? '');
  if (target !== undefined) await Promise.race([options.ready, delay(readyMs, undefined, { ref: false })]);
  if (target === undefined || !options.isKnown(target)) {
    throw new PlatformError('not_found', 'the gateway connects only to known clusters and tenant clusters');
  }
  const upstream = await (isGateway ? options.dialHere : options.dial)(target);
  upstream.on('error', () => socket.destroy());
  upstream.once('close', () => {
    if (!socket.writableEnded) socket.destroy();
  });
  socket.once('close', () => upstream.destroy());
  if (socket.destroyed) {
    upstream.destroy();
    return;
  }
  socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
  if (head.length > 0) upstream.write(head);
  // `pipe` ends one side when the other ends, and pauses it when it is slow.
  socket.pipe(upstream);
  upstream.pipe(socket);
}

const label = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?';
const agentName = new RegExp(`^agent\\.(${label})\\.connected:80$`);
const apiServerName = new RegExp(`^kubernetes\\.(${label})\\.connected:443$`);
const serviceName = new RegExp(`^(${label})\\.(${label})\\.svc\\.(${label})\\.connected:443$`);

/** The target of a CONNECT request, or undefined if it is none of ours. */
export function parseConnectTarget(authority: string): DialTarget | undefined {
  const apiServer = apiServerName.exec(authority);
  if (apiServer?.[1] !== undefined) return { kind: 'api-server', cluster: apiServer[1] };
  const agent = agentName.exec(authority);
  if (agent?.[1] !== undefined) return { kind: 'agent', cluster: agent[1] };
  const [, service, namespace, cluster] = serviceName.exec(authority) ?? [];
  if (service === undefined || namespace === undefined || cluster === undefined) return undefined;
  return { kind: 'service', cluster, namespace, service, port: 443 };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** For the platform's own processes, which are all that come this far. */
function reasonOf(error: unknown): string {
  if (!(error instanceof PlatformError)) return 'the target is unreachable';
  return error.cause === undefined ? error.message : `${error.message}: ${connectionFault(error.cause)}`;
}

function statusOf(error: unknown): number {
  const code = error instanceof PlatformError ? error.code : undefined;
  if (code === 'not_found') return 403;
  return code === 'cluster_offline' ? 503 : 502;
}

/** RFC 9209: what a client of ours puts into its own messages (adapters/kubernetes/proxy-pool.ts). */
function proxyStatus(reason: string): string {
  const details = reason.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, '\\$&');
  return `Proxy-Status: ${writers.gateway}; error=destination_unavailable; details="${details}"\r\n`;
}

function refuse(socket: Duplex, status: string, message: string, headers = ''): void {
  if (socket.destroyed) return;
  const body = `${message}\n`;
  socket.end(
    `HTTP/1.1 ${status}\r\n${headers}Content-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

/**
 * Whether workers may reach `target`: the API server or the agent of a connected cluster, or the Service of a tenant cluster
 * that stands there. There is no other way through.
 */
export function isKnownTarget(
  cache: Pick<ResourceCache, 'hasCluster' | 'instancesIn'>,
  target: DialTarget,
): boolean {
  if (!cache.hasCluster(target.cluster)) return false;
  if (target.kind !== 'service') return true;
  return cache.instancesIn(target.cluster).some((instance) => {
    // Before it is deployed, the worker must reach what it deploys.
    const namespace = deployedPlace(instance)?.namespace ?? knownPlace(instance).namespace;
    return namespace === target.namespace && instance.metadata.name === target.service;
  });
}
