import { setTimeout as delay } from 'node:timers/promises';
import { makeTelemetryFilterString, NativeConnection, Runtime, type Worker } from '@temporalio/worker';
import { createActivities } from '../activities/index.ts';
import { createStepNotes } from '../activities/operations/turn.ts';
import { backoffMs } from '../adapters/backoff.ts';
import { readConfigFile } from '../adapters/config-file.ts';
import { endInOrder } from '../adapters/end-in-order.ts';
import { createLogger, type Logger } from '../adapters/logging.ts';
import { temporalConnection } from '../adapters/temporal-connection.ts';
import { startTracing } from '../adapters/tracing/start-tracing.ts';
import { WorkerConfig } from '../contracts/config.ts';
import { readRecorded } from '../operations/read.ts';
import { ensureWorkflowBundle } from './bundle.ts';
import { createWorkerDependencies } from './dependencies.ts';
import { createLifecycleWorker } from './lifecycle-worker.ts';
import { ensureSchedules } from './schedules.ts';

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
const tracer = await startTracing('worker', config.tracing, logger);
const deps = createWorkerDependencies(config, logger);
const activities = createActivities(deps);
const stop = async () => {
  stopping.abort();
  if (worker?.getState() === 'RUNNING') worker.shutdown();
  await running;
  await deps.close();
  await tracer?.stop();
};
endInOrder(stop, { delayMs: 20_000, logger });
const running = run();

async function run(): Promise<void> {
  const bundlePath = await ensureWorkflowBundle(config.workflowBundle);
  for (let failures = 0; !stopping.signal.aborted; ) {
    try {
      await work(bundlePath, () => {
        failures = 0;
      });
    } catch (err) {
      logger.warn({ err }, `Temporal at ${config.temporal.address} is unreachable; retrying`);
      const pauseMs = backoffMs(failures++, 200, 5000);
      await delay(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined); // stopping
    }
  }
}

/** Works until a stop is requested, or Temporal is lost for good. */
async function work(bundlePath: string, onReady: () => void): Promise<void> {
  const { namespace } = config.temporal;
  const connection = await NativeConnection.connect(temporalConnection(config.temporal));
  try {
    worker = await createLifecycleWorker({
      connection,
      namespace,
      bundlePath,
      activities,
      noteStep: createStepNotes(deps.operations.database),
      readOperation: (id) => readRecorded(deps.operations, id),
      logger,
    });
    const done = worker.run();
    if (stopping.signal.aborted) worker.shutdown();
    await ensureSchedules(deps.operations.temporal).catch((err: unknown) =>
      logger.warn({ err }, 'failed to create schedules; will retry'),
    );
    onReady();
    process.stdout.write('worker ready\n');
    await done;
  } finally {
    await connection
      .close()
      .catch((err: unknown) => logger.debug({ err }, 'the connection was already lost'));
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
