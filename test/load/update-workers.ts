import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import {
  bundleWorkflowCode,
  DefaultLogger,
  makeTelemetryFilterString,
  NativeConnection,
  Runtime,
  Worker,
  type WorkerOptions,
  type WorkflowBundleOption,
} from '@temporalio/worker';
import { sql } from 'drizzle-orm';
import { temporalConnection } from '../../adapters/temporal-connection.ts';
import { failureInterceptor } from '../../activities/failures.ts';
import { type Activities, createActivities } from '../../activities/index.ts';
import { stepRecorder } from '../../activities/operations/step-recorder.ts';
import { createStepNotes, createTurnActivities } from '../../activities/operations/turn.ts';
import { createLogger } from '../../adapters/logging.ts';
import type { WorkerConfig } from '../../contracts/config.ts';
import type { TenantRef } from '../../contracts/instance-ref.ts';
import type { Database } from '../../db/client.ts';
import { recordSteps } from '../../db/queries/operation-steps.ts';
import { insertOperation } from '../../db/queries/operations.ts';
import { virtualClusterPlans } from '../../domain/kinds/virtual-cluster-plans.ts';
import { operationWorkflowId, type StepRecord } from '../../contracts/workflows.ts';
import type { OperationsDeps } from '../../operations/dependencies.ts';
import { submitOperation } from '../../operations/submit.ts';
import { ensureWorkflowBundle } from '../../worker/bundle.ts';
import { createWorkerDependencies } from '../../worker/dependencies.ts';
import type { PlainRows, PlainUpdateInput } from './plain-update.ts';

/** Ways to run one update of a tenant cluster to its end, on workers of the bench in its own process. */
export interface UpdateWorkers {
  /** The platform's submission, workflow and rows; its activities have no effects. */
  engineAlone(tenant: TenantRef): Promise<void>;
  /** A plain workflow with as many activities that write the same rows and have no effects. */
  plainAlone(tenant: TenantRef): Promise<void>;
  /** The platform's submission, workflow, rows and activities. */
  engine(tenant: TenantRef): Promise<void>;
  /** A plain workflow with the platform's activities and the same rows. */
  plain(tenant: TenantRef): Promise<void>;
  stop(): Promise<void>;
}

/** As the platform's own (worker/lifecycle-worker.ts). */
const sizes = {
  maxConcurrentActivityTaskExecutions: 40,
  maxConcurrentLocalActivityExecutions: 20,
  maxConcurrentWorkflowTaskExecutions: 10,
  maxConcurrentWorkflowTaskPolls: 4,
  maxConcurrentActivityTaskPolls: 4,
  maxCachedWorkflows: 200,
} as const;

type Effects = Pick<
  Activities,
  | 'inspectTenant'
  | 'checkRelease'
  | 'installRelease'
  | 'waitForRollout'
  | 'waitForControlPlane'
  | 'applyTenantAccess'
  | 'reportInstance'
>;

const noEffects = {
  inspectTenant: async ({ tenant }: { tenant: TenantRef }) => ({ tenant, targetHash: 'same', asleep: false }),
  checkRelease: async () => ({ chart: 'tenant-control-plane', version: '0.1.0' }),
  installRelease: async () => ({ revision: 1 }),
  waitForRollout: async () => undefined,
  waitForControlPlane: async () => ({ kubernetesVersion: 'v1.36.3' }),
  applyTenantAccess: async () => undefined,
  reportInstance: async () => undefined,
} as Effects;

/** What all workers of the bench share. */
interface Bench {
  readonly native: NativeConnection;
  readonly connection: Connection;
  readonly namespace: string;
  readonly operations: OperationsDeps;
  readonly running: { worker: Worker; done: Promise<void> }[];
}

/** Workers on task queues of their own, on the platform's Temporal and PostgreSQL. */
export async function startUpdateWorkers(config: WorkerConfig): Promise<UpdateWorkers> {
  Runtime.install({
    shutdownSignals: [], // Ctrl-C ends the bench, not only its workers
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR' }), forward: {} } },
  });
  const logger = createLogger('bench', 'error');
  const deps = createWorkerDependencies({ ...config, workDir: `${config.workDir}-bench` }, logger);
  const { namespace } = config.temporal;
  const native = await NativeConnection.connect(temporalConnection(config.temporal));
  const connection = await Connection.connect(temporalConnection(config.temporal));
  const bench: Bench = { native, connection, namespace, operations: deps.operations, running: [] };
  const activities = createActivities(deps);
  const bundle = { codePath: await ensureWorkflowBundle() };
  const plainBundle = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('plain-update.ts', import.meta.url)),
    logger: new DefaultLogger('ERROR'),
  });
  return {
    engineAlone: await engineOn(bench, 'bench-engine-alone', bundle, noEffects),
    plainAlone: await plainOn(bench, 'bench-plain-alone', plainBundle, noEffects),
    engine: await engineOn(bench, 'bench-engine', bundle, activities),
    plain: await plainOn(bench, 'bench-plain', plainBundle, effectsOf(activities)),
    async stop() {
      for (const { worker } of bench.running) worker.shutdown();
      await Promise.all(bench.running.map(({ done }) => done));
      await native.close();
      await connection.close();
      await deps.close();
    },
  };
}

async function startWorker(bench: Bench, taskQueue: string, options: Partial<WorkerOptions>): Promise<void> {
  const { native: connection, namespace } = bench;
  const worker = await Worker.create({ connection, namespace, taskQueue, ...sizes, ...options });
  bench.running.push({ worker, done: worker.run() });
}

/** Submits as the platform does, but the workflows start on `taskQueue`. */
async function engineOn(
  bench: Bench,
  taskQueue: string,
  workflowBundle: WorkflowBundleOption,
  effects: object,
): Promise<(tenant: TenantRef) => Promise<void>> {
  const { connection, namespace, operations } = bench;
  const turn = createTurnActivities(operations);
  await startWorker(bench, taskQueue, {
    workflowBundle,
    activities: { ...effects, ...turn },
    interceptors: {
      activity: [
        failureInterceptor(operations.logger),
        stepRecorder(
          { recordSteps: turn.recordSteps, noteStep: createStepNotes(operations.database) },
          operations.logger,
        ),
      ],
    },
  });
  const temporal = new Client({
    connection,
    namespace,
    interceptors: {
      workflow: [{ start: (input, next) => next({ ...input, options: { ...input.options, taskQueue } }) }],
    },
  });
  return async ({ project, name, uid }) => {
    const { operation } = await submitOperation(
      { ...operations, temporal },
      { kind: 'tenant', type: 'update', project, name, uid, actor: 'bench', idempotencyKey: randomUUID() },
    );
    await temporal.workflow.getHandle(operationWorkflowId(operation.id)).result();
  };
}

function plainRows(database: Database): PlainRows {
  return {
    beginPlainOperation: (id) =>
      database.query(async (db) => {
        await db.execute(sql`update operations set state = 'running', started_at = now() where id = ${id}`);
      }),
    endPlainOperation: ({ operationId: id, changes }) =>
      database.transaction(async (tx) => {
        await tx.execute(
          sql`update operations set state = 'succeeded', finished_at = now() where id = ${id}`,
        );
        await recordSteps(tx, id, changes);
      }),
  };
}

/** Inserts the rows of an update and runs a plain workflow. */
async function plainOn(
  bench: Bench,
  taskQueue: string,
  workflowBundle: WorkflowBundleOption,
  effects: Effects,
): Promise<(tenant: TenantRef) => Promise<void>> {
  const { connection, namespace, operations } = bench;
  const { database } = operations;
  const withSteps = Object.fromEntries(
    Object.entries(effects).map(([name, activity]) => [
      name,
      async (input: never, record?: StepRecord) => {
        const [result] = await Promise.all([
          activity(input),
          record && database.query((db) => recordSteps(db, record.operationId, record.changes)),
        ]);
        return result;
      },
    ]),
  );
  const activities = { ...withSteps, ...plainRows(database) };
  await startWorker(bench, taskQueue, { workflowBundle, activities });
  const client = new Client({ connection, namespace });
  return async (tenant) => {
    const id = randomUUID();
    const { expectedMs, steps } = virtualClusterPlans.update;
    const { project, name, uid } = tenant;
    const row = { id, type: 'update' as const, project, name, uid, actor: 'bench', expectedMs };
    await database.transaction((tx) => insertOperation(tx, { ...row, idempotencyKey: id }, steps));
    const input: PlainUpdateInput = { operationId: id, tenant };
    const workflowId = operationWorkflowId(id);
    await client.workflow.execute('plainUpdate', { workflowId, taskQueue, args: [input] });
  };
}

function effectsOf(activities: Activities): Effects {
  const names = Object.keys(noEffects) as (keyof Effects)[];
  return Object.fromEntries(names.map((name) => [name, activities[name]])) as unknown as Effects;
}
