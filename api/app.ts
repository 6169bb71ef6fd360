import { randomUUID } from 'node:crypto';
import Fastify, { type FastifyInstance, LogController } from 'fastify';
import type { Gateway } from './gateway.ts';
import { carryUpgrades } from './kubernetes/upgrades/carry-upgrades.ts';
import { audit } from './plugins/audit.ts';
import { access } from './plugins/access.ts';
import { failures, sendFailure } from './plugins/failures.ts';
import { lazyChildLogger } from './plugins/lazy-child-logger.ts';
import { lingeringClose } from './plugins/lingering-close.ts';
import { metrics } from './plugins/metrics.ts';
import { openapi } from './plugins/openapi.ts';
import { pageHeaders } from './plugins/page-headers.ts';
import { requestGuard } from './plugins/request-guard.ts';
import { requestLog } from './plugins/request-log.ts';
import { registerRoutes } from './routes/index.ts';

const maxBodyBytes = 1024 * 1024;
const headersTimeoutMs = 20_000;

/** The whole gateway, not listening yet. Closing it ends the streams that are open. */
export async function createApp(
  gateway: Gateway,
  tls: { cert: string; key: string },
): Promise<FastifyInstance> {
  const app = Fastify({
    https: { ...tls, minVersion: 'TLSv1.2' },
    loggerInstance: gateway.logger,
    logController: new LogController({ disableRequestLogging: true }),
    // Most requests log nothing but their one line: a logger with the id is made for those that do.
    childLoggerFactory: (logger, bindings) => lazyChildLogger(logger, bindings),
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    bodyLimit: maxBodyBytes,
    exposeHeadRoutes: false,
    // Time to receive a request, body included; answers (watches) may take for ever.
    requestTimeout: 300_000,
    connectionTimeout: 0,
    keepAliveTimeout: 75_000,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 253 },
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, useDefaults: true } },
    frameworkErrors: (error, request, reply) => {
      sendFailure(error, request, reply);
    },
  }) as unknown as FastifyInstance; // its server is an https.Server, its logger pino itself
  app.server.headersTimeout = headersTimeoutMs;
  await app.register(failures);
  await app.register(pageHeaders);
  await app.register(lingeringClose);
  await app.register(audit, gateway);
  await app.register(metrics, gateway);
  await app.register(requestGuard);
  await app.register(requestLog, gateway);
  await app.register(access, gateway);
  await app.register(openapi, { publicUrl: gateway.publicUrl });
  await registerRoutes(app, gateway);
  carryUpgrades(app, gateway);
  app.addHook('preClose', async () => gateway.streams.end('the gateway is stopping'));
  return app;
}
