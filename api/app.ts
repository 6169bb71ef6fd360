import { randomUUID } from 'node:crypto';
import Fastify, { type FastifyInstance, LogController } from 'fastify';
import { createConsoleEvents } from './events/console-events.ts';
import type { Gateway } from './gateway.ts';
import { inConnectionContexts } from './http/connection-context.ts';
import { type ConnectionLimits, defaultConnectionLimits } from './http/connection-limits.ts';
import { failures, sendFailure } from './http/failures.ts';
import { maxHeadBytes } from './http/head-limits.ts';
import { requestContexts } from './http/request-context.ts';
import { requestGuard } from './http/request-guard.ts';
import { createRequestLines } from './http/request-lines.ts';
import { withoutStorageAlias } from './http/storage-alias.ts';
import { access } from './plugins/access.ts';
import { audit } from './plugins/audit.ts';
import { answerClientError } from './plugins/client-errors.ts';
import { connections } from './plugins/connections.ts';
import { lingeringClose } from './plugins/lingering-close.ts';
import { metrics } from './plugins/metrics.ts';
import { openapi } from './plugins/openapi.ts';
import { pageHeaders } from './plugins/page-headers.ts';
import { lazyChildLogger, requestLog } from './plugins/request-log.ts';
import { storageAlias } from './plugins/storage-alias.ts';
import { tracing } from './plugins/tracing.ts';
import { unknownPaths } from './plugins/unknown-paths.ts';
import { createFilteredHandler, type FilteredHandler } from './proxy/filtered/serve-filtered.ts';
import { proxyUpgrades } from './proxy/upgrades/upgrade-proxy.ts';
import { registerRoutes } from './routes/index.ts';
import { watchOperationObjects } from './routes/virtual/operations.ts';

const maxBodyBytes = 1024 * 1024;
/** For the start of one plugin: some read files, which takes its time on a machine that is busy. */
const pluginMs = 120_000;
/** How often Node looks for connections whose time is over. */
const expiryLookMs = 5_000;

/** The whole gateway, not listening yet. Closing it ends connections and streams, within `stopMs`. */
export async function createApp(
  gateway: Gateway,
  tls: { cert: string; key: string },
  given: Partial<ConnectionLimits> = {},
): Promise<FastifyInstance> {
  const limits = { ...defaultConnectionLimits, ...given };
  const app = Fastify({
    https: {
      ...tls,
      minVersion: 'TLSv1.2',
      handshakeTimeout: limits.handshakeMs,
      maxHeaderSize: maxHeadBytes,
      connectionsCheckingInterval: Math.min(expiryLookMs, limits.headersMs),
    },
    loggerInstance: gateway.logger,
    logController: new LogController({ disableRequestLogging: true }),
    // Most requests log nothing but their one line: a logger with the id is made for those that do.
    childLoggerFactory: (logger, bindings) => lazyChildLogger(logger, bindings),
    rewriteUrl: ({ url = '' }) => withoutStorageAlias(url),
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    bodyLimit: maxBodyBytes,
    pluginTimeout: pluginMs,
    exposeHeadRoutes: false,
    requestTimeout: limits.requestMs,
    connectionTimeout: 0,
    keepAliveTimeout: limits.keepAliveMs,
    forceCloseConnections: 'idle',
    // What comes on an open connection while the gateway stops is answered like any other, and the connection ended.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 253 },
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, useDefaults: true } },
    clientErrorHandler: (error, socket) => answerClientError(error, socket),
    frameworkErrors: (error, request, reply) => {
      sendFailure(error, request, reply);
    },
  }) as unknown as FastifyInstance; // its server is an https.Server, its logger pino itself
  app.server.headersTimeout = limits.headersMs;
  inConnectionContexts(app.server);
  const { streams, tunnels } = gateway;
  const lines = createRequestLines(gateway.logger);
  await app.register(requestContexts);
  await app.register(tracing);
  await app.register(requestLog, { lines });
  await app.register(failures);
  await app.register(pageHeaders);
  await app.register(lingeringClose);
  await app.register(audit, gateway);
  await app.register(metrics, gateway);
  await app.register(connections, { limits, streams, tunnels, metrics: gateway.metrics });
  await app.register(unknownPaths);
  await app.register(requestGuard);
  await app.register(storageAlias);
  await app.register(access, gateway);
  await app.register(openapi);
  const filtered = createFilteredHandler(gateway);
  const events = createConsoleEvents(gateway);
  app.addHook('onClose', () => events.close());
  await registerRoutes(app, gateway, { filtered, events });
  const watched: FilteredHandler = {
    ...filtered,
    watch: async (client, target) =>
      (await filtered.watch(client, target)) || watchOperationObjects(gateway, client, target),
  };
  proxyUpgrades(app, gateway, { lines, filtered: watched });
  return app;
}
