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
} from '@temporalio/worker';
import { sql } from 'drizzle-orm';
import { failureInterceptor } from '../../activities/failures.ts';
import { type Activities, createActivities } from '../../activities/index.ts';
import { stepRecorder } from '../../activities/step-recorder.ts';
import { createTurnActivities } from '../../activities/turn.ts';
import { createLogger } from '../../adapters/logging.ts';
import type { WorkerConfig } from '../../contracts/config.ts';
import type { TenantRef } from '../../contracts/tenant-ref.ts';
import { recordSteps } from '../../db/queries/operation-steps.ts';
import { insertOperation } from '../../db/queries/operations.ts';
import { operationPlans } from '../../domain/operation-plans.ts';
import { operationWorkflowId, type StepRecord } from '../../domain/operation-workflows.ts';
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

/** Workers on task queues of their own, on the platform's Temporal and PostgreSQL. */
export async function startUpdateWorkers(config: WorkerConfig): Promise<UpdateWorkers> {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR' }), forward: {} } },
  });
  const logger = createLogger('bench', 'error');
  const deps = createWorkerDependencies({ ...config, workDir: `${config.workDir}-bench` }, logger);
  const { operations } = deps;
  const { database } = operations;
  const { address, namespace } = config.temporal;
  const native = await NativeConnection.connect({ address });
  const connection = await Connection.connect({ address });
  const activities = createActivities(deps);
  const codePath = await ensureWorkflowBundle();
  const plainBundle = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('plain-update.ts', import.meta.url)),
    logger: new DefaultLogger('ERROR'),
  });
  const workers: { worker: Worker; done: Promise<void> }[] = [];

  async function startWorker(taskQueue: string, options: Partial<WorkerOptions>): Promise<void> {
    const worker = await Worker.create({ connection: native, namespace, taskQueue, ...sizes, ...options });
    workers.push({ worker, done: worker.run() });
  }

  async function engineOn(taskQueue: string, effects: object) {
    const turn = createTurnActivities(operations);
    await startWorker(taskQueue, {
      workflowBundle: { codePath },
      activities: { ...effects, ...turn },
      interceptors: { activity: [failureInterceptor(logger), stepRecorder(turn.recordSteps, logger)] },
    });
    const redirected = new Client({
      connection,
      namespace,
      interceptors: {
        workflow: [{ start: (input, next) => next({ ...input, options: { ...input.options, taskQueue } }) }],
      },
    });
    return async ({ project, name, uid }: TenantRef) => {
      const { operation } = await submitOperation(
        { ...operations, temporal: redirected },
        { type: 'update', project, name, uid, actor: 'bench', idempotencyKey: randomUUID() },
      );
      await redirected.workflow.getHandle(operationWorkflowId(operation.id)).result();
    };
  }

  const plainRows: PlainRows = {
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

  async function plainOn(taskQueue: string, effects: Effects) {
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
    await startWorker(taskQueue, { workflowBundle: plainBundle, activities: { ...withSteps, ...plainRows } });
    const client = new Client({ connection, namespace });
    return async (tenant: TenantRef) => {
      const operationId = randomUUID();
      const { expectedMs, steps } = operationPlans.update;
      await database.transaction((tx) =>
        insertOperation(
          tx,
          {
            id: operationId,
            type: 'update',
            project: tenant.project,
            tenantCluster: tenant.name,
            uid: tenant.uid,
            actor: 'bench',
            idempotencyKey: operationId,
            expectedMs,
          },
          steps,
        ),
      );
      const input: PlainUpdateInput = { operationId, tenant };
      await client.workflow.execute('plainUpdate', {
        workflowId: operationWorkflowId(operationId),
        taskQueue,
        args: [input],
      });
    };
  }

  return {
    engineAlone: await engineOn('bench-engine-alone', noEffects),
    plainAlone: await plainOn('bench-plain-alone', noEffects),
    engine: await engineOn('bench-engine', activities),
    plain: await plainOn('bench-plain', effectsOf(activities)),
    async stop() {
      for (const { worker } of workers) worker.shutdown();
      await Promise.all(workers.map(({ done }) => done));
      await native.close();
      await connection.close();
      await deps.close();
    },
  };
}

function effectsOf(activities: Activities): Effects {
  const names = Object.keys(noEffects) as (keyof Effects)[];
  return Object.fromEntries(names.map((name) => [name, activities[name]])) as unknown as Effects;
}
