import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { readConfigFile } from '../adapters/config-file.ts';
import { endFailedStart, endInOrder } from '../adapters/end-in-order.ts';
import { createLogger, type Logger } from '../adapters/logging.ts';
import { startTracing } from '../adapters/tracing/start-tracing.ts';
import { GatewayConfig } from '../contracts/config.ts';
import { PlatformError } from '../contracts/errors.ts';
import { createApp } from './app.ts';
import { createGatewayParts, type GatewayParts } from './gateway-from-config.ts';
import { connectionLimitsOf } from './http/connection-limits.ts';
import { requestContext } from './http/request-context.ts';
import { createMetricsListener } from './metrics/metrics-listener.ts';
import { authorityOf } from './tunnel/dial.ts';
import { type ConnectListener, createConnectListener, isKnownTarget } from './tunnel/connect-listener.ts';

const cachesMs = 15_000;
/** For the audit log and the pools, after the connections. */
const restMs = 6_000;

async function main(): Promise<void> {
  const config = readConfigFile(GatewayConfig);
  const logger = createLogger('gateway', config.logLevel, { gathered: true });
  const tracer = await startTracing('gateway', config.tracing, logger);
  const parts = createGatewayParts(config, logger);
  const tls = {
    cert: readFileSync(config.tls.certFile, 'utf8'),
    key: readFileSync(config.tls.keyFile, 'utf8'),
  };
  const limits = connectionLimitsOf(config);
  const app = await createApp(parts.gateway, tls, limits);
  const tunnels = createTunnels(config, parts, logger);
  const metrics = config.metrics && createMetricsListener(parts.gateway.metrics, parts.gateway.readiness);
  const stop = async () => {
    await app.close();
    await tunnels.close();
    metrics?.close();
    await parts.close();
    await tracer?.stop();
  };
  endInOrder(stop, {
    delayMs: limits.stopMs + restMs,
    logger,
    count: parts.gateway.metrics.uncaught,
    context: () => requestContext.getStore(),
  });
  if (config.metrics && metrics) await listen(metrics, config.metrics);
  await listen(tunnels.server, config.connect);
  await app.listen(config.listen).catch((error: unknown) => portTaken(config.listen, error));
  // A connection that could not be taken (no descriptor is left, say); the next one can.
  for (const server of [app.server, tunnels.server, ...(metrics ? [metrics] : [])])
    server.on('error', (err) => logger.error({ err }, 'failed to accept a connection'));
  // Without its caches the gateway cannot authenticate; requests and /readyz say so.
  await Promise.race([parts.gateway.cache.ready, delay(cachesMs, undefined, { ref: false })]);
  console.log(`gateway ready at ${config.publicUrl}`);
}

function createTunnels(
  config: GatewayConfig,
  { dial, gateway }: GatewayParts,
  logger: Logger,
): ConnectListener {
  return createConnectListener({
    dial,
    dialHere: (target) => gateway.tunnels.openHere(target.cluster, authorityOf(target)),
    secret: readFileSync(config.connect.secretFile, 'utf8').trim(),
    isKnown: (target) => isKnownTarget(gateway.cache, target),
    ready: gateway.cache.ready,
    logger,
  });
}

async function listen(server: Server, address: { host: string; port: number }): Promise<void> {
  server.listen(address.port, address.host);
  await once(server, 'listening').catch((error: unknown) => portTaken(address, error));
}

function portTaken({ host, port }: { host: string; port: number }, error: unknown): never {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'EADDRINUSE') throw error;
  throw new PlatformError(
    'port_taken',
    `port ${port} on ${host} is already in use: stop the process or choose another port`,
  );
}

await main().catch(endFailedStart);
