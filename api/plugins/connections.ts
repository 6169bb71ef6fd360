import type { Server } from 'node:https';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import type { ConnectionLimits } from '../http/connection-limits.ts';
import { createRateLimiter } from '../http/rate-limiter.ts';
import type { StreamRegistry } from '../streams/stream-registry.ts';
import type { AgentTunnels } from '../tunnel/agent-tunnels.ts';
import type { GatewayMetrics } from '../metrics/gateway-metrics.ts';

const looksPerStall = 5;
const idleAgainMs = 50;

/**
 * Keeps clients' connections bounded: their number, and how long one may take nothing of what is sent to it. (Node
 * itself bounds handshakes, heads, requests and idle ones.) And ends them when the gateway stops: watches and event
 * streams at once, each whole; what else is under way gets a while.
 */
export const connections = fp(
  async (
    app: FastifyInstance,
    options: {
      limits: ConnectionLimits;
      streams: StreamRegistry;
      tunnels: Pick<AgentTunnels, 'announceEnd' | 'closeAll' | 'size'>;
      metrics: GatewayMetrics;
    },
  ) => {
    const { limits, streams, tunnels, metrics } = options;
    const server = app.server as Server;
    const open = new Set<Socket>();
    const encrypted = new Map<Socket, Progress>();
    let refused = 0;
    const said = createRateLimiter({ burst: 1, perSecond: 0.1 });
    const refuse = (socket: Socket) => {
      refused++;
      socket.destroy();
      if (said.take())
        app.log.warn({ open: open.size, refused }, 'connection limit reached; refusing new connections');
    };
    // Before TLS: who never gets that far counts too.
    server.on('connection', (socket: Socket) => {
      open.add(socket);
      socket.once('close', () => open.delete(socket));
      if (open.size <= limits.max) return;
      server.closeIdleConnections();
      // They are gone a moment later.
      setTimeout(() => {
        if (open.size > limits.max && open.delete(socket)) refuse(socket);
      }, idleAgainMs);
    });
    server.on('secureConnection', (socket) => {
      encrypted.set(socket, { taken: 0, since: 0 });
      socket.once('close', () => encrypted.delete(socket));
    });
    const looking = setInterval(
      () => endStalled(encrypted, limits.stallMs),
      limits.stallMs / looksPerStall,
    ).unref();
    app.addHook('preClose', async () => {
      clearInterval(looking);
      streams.stop();
      tunnels.announceEnd(); // agents connect to other gateways, while what is under way here goes on
      const endTunnels = () => {
        if (open.size <= tunnels.size) tunnels.closeAll();
      };
      endWhenIdle(server, { stopMs: limits.stopMs, sweep: endTunnels }, () => {
        streams.end('the gateway is stopping');
        server.closeAllConnections();
        for (const socket of open) socket.destroy();
      });
    });
    metrics.observe('vcp_gateway_connections', 'Client connections', 'gauge', () => open.size);
    metrics.observe('vcp_gateway_tunnels', 'Tunnels of agents', 'gauge', () => tunnels.size);
    metrics.observe(
      'vcp_gateway_connections_refused_total',
      'Client connections closed because of the limit',
      'counter',
      () => refused,
    );
  },
  { name: 'connections' },
);

/** Bytes that a client had taken, and since when it has taken no more. */
interface Progress {
  taken: number;
  since: number;
}

function endStalled(sockets: ReadonlyMap<Socket, Progress>, stallMs: number): void {
  const now = performance.now();
  for (const [socket, progress] of sockets) {
    const taken = socket.bytesWritten - socket.writableLength;
    if (socket.writableLength === 0 || taken !== progress.taken || progress.since === 0)
      Object.assign(progress, { taken, since: now });
    else if (now - progress.since >= stallMs) socket.destroy();
  }
}

/** Connections become idle one by one, and Node ends only those that are idle at the moment of the close. */
function endWhenIdle(
  server: Server,
  { stopMs, sweep }: { readonly stopMs: number; readonly sweep: () => void },
  cut: () => void,
): void {
  const sweeping = setInterval(() => {
    server.closeIdleConnections();
    sweep();
  }, idleAgainMs);
  const timer = setTimeout(cut, stopMs);
  server.once('close', () => {
    clearInterval(sweeping);
    clearTimeout(timer);
  });
}
