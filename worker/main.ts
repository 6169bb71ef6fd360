import { setTimeout as delay } from 'node:timers/promises';
import { makeTelemetryFilterString, NativeConnection, Runtime, type Worker } from '@temporalio/worker';
import closeWithGrace from 'close-with-grace';
import { createActivities } from '../activities/index.ts';
import { readConfigFile } from '../adapters/config-file.ts';
import { createLogger, type Logger } from '../adapters/logging.ts';
import { WorkerConfig } from '../contracts/config.ts';
import { ensureWorkflowBundle } from './bundle.ts';
import { createWorkerDependencies } from './dependencies.ts';
import { createLifecycleWorker } from './lifecycle-worker.ts';
import { ensureReconcileSchedule } from './reconcile-schedule.ts';

/**
 * The Temporal worker: `node worker/main.ts --config <file>`. Waits for Temporal as long as it takes, at start
 * and after every loss; SIGTERM lets running activities see a cancel, then stops.
 */
const config = readConfigFile(WorkerConfig);
const logger = createLogger('worker', config.logLevel);
const stopping = new AbortController();
let worker: Worker | undefined;

Runtime.install({
  logger: temporalLogger(logger),
  telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'WARN' }), forward: {} } },
});
const deps = createWorkerDependencies(config, logger);
const activities = createActivities(deps);
closeWithGrace({ delay: 20_000 }, async ({ err }) => {
  if (err) logger.error({ err }, 'the worker ends');
  stopping.abort();
  if (worker?.getState() === 'RUNNING') worker.shutdown();
  await running;
  await deps.close();
});
const running = run();

async function run(): Promise<void> {
  const bundlePath = await ensureWorkflowBundle(config.workflowBundle);
  for (let backoffMs = 200; !stopping.signal.aborted; backoffMs = Math.min(backoffMs * 2, 5000)) {
    try {
      const connection = await NativeConnection.connect({ address: config.temporal.address });
      worker = await createLifecycleWorker({
        connection,
        namespace: config.temporal.namespace,
        bundlePath,
        activities,
        logger,
      });
      const done = worker.run();
      await ensureReconcileSchedule(deps.operations.temporal).catch((err: unknown) =>
        logger.warn({ err }, 'no reconcile schedule yet'),
      );
      backoffMs = 200;
      process.stdout.write('worker ready\n');
      await done;
      await connection.close();
    } catch (err) {
      logger.warn({ err }, `Temporal at ${config.temporal.address} is away; trying again`);
      await delay(backoffMs, undefined, { signal: stopping.signal }).catch(() => undefined); // stopping
    }
  }
}

/** Temporal's own log lines go where ours go. */
function temporalLogger(to: Logger) {
  const levels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'debug', WARN: 'warn', ERROR: 'error' } as const;
  const log = (level: keyof typeof levels, message: string, meta: object = {}) =>
    to[levels[level]](meta, message);
  return {
    log,
    trace: (message: string, meta?: object) => log('TRACE', message, meta),
    debug: (message: string, meta?: object) => log('DEBUG', message, meta),
    info: (message: string, meta?: object) => log('INFO', message, meta),
    warn: (message: string, meta?: object) => log('WARN', message, meta),
    error: (message: string, meta?: object) => log('ERROR', message, meta),
  };
}
