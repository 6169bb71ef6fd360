import {
  DefaultLogger,
  makeTelemetryFilterString,
  NativeConnection,
  Runtime,
  type Worker,
} from '@temporalio/worker';
import { temporalConnection } from '../../adapters/temporal-connection.ts';
import type { ManagementResources } from '../../adapters/kubernetes/resources.ts';
import { createLogger } from '../../adapters/logging.ts';
import { createClusterOnlineActivities } from '../../activities/clusters/cluster-online.ts';
import type { Activities } from '../../activities/index.ts';
import { createSnapshotCatalogueActivities } from '../../activities/snapshots/snapshot-catalogue.ts';
import { createStepNotes, createTurnActivities } from '../../activities/operations/turn.ts';
import { isFinal, type Operation } from '../../contracts/operations.ts';
import type { OperationType } from '../../contracts/verbs.ts';
import { placeInstanceRow } from '../../db/queries/instances.ts';
import { migrate } from '../../db/migrate.ts';
import { createOperationsDependencies, type OperationsDeps } from '../../operations/dependencies.ts';
import { reconcileOperations } from '../../operations/reconcile.ts';
import type { OperationSubmission } from '../../operations/judge-submission.ts';
import { readRecorded } from '../../operations/read.ts';
import { submitOperation } from '../../operations/submit.ts';
import { watchOperation } from '../../operations/watch.ts';
import { ensureWorkflowBundle } from '../../worker/bundle.ts';
import { createLifecycleWorker } from '../../worker/lifecycle-worker.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { startPostgres } from '../support/postgres.ts';
import { urlOfRole } from '../support/runtime-role.ts';
import { startTemporal } from '../support/temporal.ts';
import { createFakeCluster, type FakeCluster } from './fake-cluster.ts';

/** Real PostgreSQL, Temporal and worker; the activities that touch a cluster act on `cluster` in memory. */
export interface LifecycleFixture {
  readonly deps: OperationsDeps;
  readonly cluster: FakeCluster;
  readonly databaseUrl: string;
  /** A tenant cluster's name of its own. */
  newName(prefix?: string): string;
  submit(
    type: OperationType,
    name: string,
    more?: Partial<OperationSubmission>,
  ): Promise<{ operation: Operation; joined: boolean }>;
  /** The operation once it has ended. */
  ended(id: string): Promise<Operation>;
  /** Submits and waits for the end. */
  run(type: OperationType, name: string, more?: Partial<OperationSubmission>): Promise<Operation>;
  startWorker(): Promise<void>;
  stopWorker(): Promise<void>;
  stop(): Promise<void>;
}

let serial = 0;

/** Connected clusters of any name are there. */
const presentClusters = {
  get: async ({ name }: { name: string }) => ({ metadata: { name } }),
} as unknown as ManagementResources['clusters'];

// Failures are part of most tests; their log lines would bury the tests'.
Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR' }), forward: {} } },
});

export async function startLifecycle(options: { wakesAtOnce?: number } = {}): Promise<LifecycleFixture> {
  const logger = createLogger('test', 'fatal');
  await using undo = new AsyncDisposableStack();
  const postgres = await startPostgres();
  undo.defer(() => postgres.stop());
  const temporal = await startTemporal({ databaseUrl: postgres.url });
  undo.defer(() => temporal.stop());
  const databaseUrl = await postgres.createDatabase();
  await migrate(databaseUrl);
  const deps = createOperationsDependencies(
    { databaseUrl: await urlOfRole(databaseUrl, 'worker'), temporal },
    logger,
  );
  undo.defer(() => deps.close());
  const cluster = createFakeCluster();
  const activities: Activities = {
    ...cluster.activities,
    async placeTenant(input) {
      const placement = await cluster.activities.placeTenant(input);
      await deps.database.query((db) => placeInstanceRow(db, placement.tenant));
      return placement;
    },
    async placeSpace(input) {
      const placement = await cluster.activities.placeSpace(input);
      await deps.database.query((db) => placeInstanceRow(db, placement.space));
      return placement;
    },
    ...createTurnActivities({ ...deps, ...options }),
    ...createClusterOnlineActivities({ operations: deps, resources: { clusters: presentClusters } }),
    ...createSnapshotCatalogueActivities({
      database: deps.database,
      checkRestoreRight: async (restore, snapshot) => {
        if (restore.actor === 'mallory' && snapshot.uid !== restore.uid)
          throw new PlatformError('tenant_cluster_not_found', 'not his');
      },
    }),
    expireSnapshots: async () => ({ deleting: 0, keys: 0 }),
    reconcileOperations: async () => {
      await reconcileOperations(deps, async () => undefined);
      return { started: 0, ended: 0, cancelled: 0 };
    },
  };
  const connection = await NativeConnection.connect(temporalConnection(temporal));
  undo.defer(() => connection.close());
  const bundlePath = await ensureWorkflowBundle();
  let worker: { instance: Worker; done: Promise<void> } | undefined;

  const fixture: LifecycleFixture = {
    deps,
    cluster,
    databaseUrl,
    newName: (prefix = 'tenant') => `${prefix}-${process.pid}-${++serial}`,
    submit: (type, name, more = {}) =>
      submitOperation(deps, {
        kind: 'tenant',
        type,
        project: 'default',
        name,
        uid: `uid-${name}`,
        actor: 'anna',
        idempotencyKey: `${type}-${++serial}`,
        ...more,
      }),
    async ended(id) {
      let last: Operation | undefined;
      for await (const seen of watchOperation(deps, id, AbortSignal.timeout(60_000))) last = seen;
      if (last && isFinal(last.state)) return last;
      throw new Error(`operation ${id} has not ended: ${JSON.stringify(last)}`);
    },
    run: async (type, name, more) => fixture.ended((await fixture.submit(type, name, more)).operation.id),
    async startWorker() {
      const instance = await createLifecycleWorker({
        connection,
        namespace: temporal.namespace,
        bundlePath,
        activities,
        noteStep: createStepNotes(deps.database),
        readOperation: (id) => readRecorded(deps, id),
        logger,
      });
      worker = { instance, done: instance.run() };
    },
    async stopWorker() {
      worker?.instance.shutdown();
      await worker?.done;
      worker = undefined;
    },
    async stop() {
      await fixture.stopWorker();
      await started.disposeAsync();
    },
  };
  await fixture.startWorker();
  const started = undo.move();
  return fixture;
}
