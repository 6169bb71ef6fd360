import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createClusterOnlineActivities } from '../../activities/clusters/cluster-online.ts';
import { createClusterResourceActivities } from '../../activities/clusters/cluster-resource.ts';
import { createClusterTenantActivities } from '../../activities/clusters/cluster-tenants.ts';
import { createLogger } from '../../adapters/logging.ts';
import type { ClusterRef } from '../../contracts/cluster-ref.ts';
import { clusterGone } from '../../contracts/errors.ts';
import { annotations, cleanupFinalizer } from '../../contracts/names.ts';
import { migrate } from '../../db/migrate.ts';
import { createOperationsDependencies, type OperationsDeps } from '../../operations/dependencies.ts';
import { listOperations } from '../../operations/read.ts';
import { eventually } from '../support/eventually.ts';
import { startPostgres } from '../support/postgres.ts';
import { type ActivityPlatform, startActivityPlatform } from './activity-platform.ts';

/** What disconnecting a cluster does in the management API. Temporal is away: operations of tenants wait. */
let platform: ActivityPlatform;
let operations: OperationsDeps;
const undo = new AsyncDisposableStack();
before(async () => {
  const postgres = await startPostgres();
  undo.defer(() => postgres.stop());
  await migrate(postgres.url);
  const temporal = { address: '127.0.0.1:1', namespace: 'none' };
  const deps = createOperationsDependencies(
    { databaseUrl: postgres.url, temporal },
    createLogger('test', 'fatal'),
  );
  undo.defer(() => deps.close());
  operations = deps;
  platform = await startActivityPlatform();
  undo.defer(() => platform.stop());
  // A new kind is served a moment after it is known.
  await eventually('the API server serves instances', async () => {
    const { virtualclusterinstances, spaceinstances } = platform.resources;
    return Promise.all([virtualclusterinstances.list(), spaceinstances.list()]);
  });
});
after(() => undo.disposeAsync());

const actor = 'anna';

async function newCluster(name: string): Promise<ClusterRef> {
  const { metadata } = await platform.resources.clusters.create({
    metadata: { name },
    spec: { networkPeer: true },
  });
  return { name, uid: metadata.uid };
}

async function newSpace(name: string, cluster: string) {
  const { resources } = platform;
  const metadata = { name, namespace: 'p-default', finalizers: [cleanupFinalizer] };
  return resources.spaceinstances.create({ metadata, spec: { clusterRef: { cluster } } });
}

const spaceOf = (name: string) => platform.resources.spaceinstances.get({ namespace: 'p-default', name });
const tenants = () => createClusterTenantActivities({ ...platform, operations });

test('a cluster is closed for one operation, which alone opens it again', async () => {
  const { closeCluster, openCluster } = createClusterResourceActivities(platform);
  const cluster = await newCluster('door');
  const mark = async () =>
    (await platform.resources.clusters.get({ name: 'door' }))?.metadata.annotations?.[
      annotations.disconnecting
    ];
  await closeCluster({ cluster, operationId: 'one' });
  await closeCluster({ cluster, operationId: 'one' });
  await openCluster({ cluster, operationId: 'two' });
  assert.equal(await mark(), 'one');
  await openCluster({ cluster, operationId: 'one' });
  assert.equal(await mark(), undefined);
  const former = { ...cluster, uid: 'another' };
  await assert.rejects(closeCluster({ cluster: former, operationId: 'one' }), { code: 'cluster_not_found' });
  await openCluster({ cluster: former, operationId: 'one' });
});

test('tenants are deleted only if that is asked for, under the name of who asked, and waited for', async () => {
  const cluster = await newCluster('full');
  await newSpace('one', 'full');
  await newSpace('elsewhere', 'other');
  const { findClusterTenants, deleteClusterTenants } = tenants();
  await assert.rejects(findClusterTenants({ cluster, actor }), { code: 'conflict' });
  await assert.rejects(deleteClusterTenants({ cluster, actor }), { code: 'conflict' });
  assert.equal((await spaceOf('one'))?.metadata.deletionTimestamp, undefined);

  const asked = { cluster, actor, deleteTenants: true };
  assert.deepEqual(await findClusterTenants(asked), { tenants: 1 });
  let isDone = false;
  const deleting = deleteClusterTenants(asked).then(() => {
    isDone = true;
  });
  await eventually('it is being deleted', async () => (await spaceOf('one'))?.metadata.deletionTimestamp);
  await eventually('an operation follows', async () => {
    const [operation] = await listOperations(operations, { name: 'one', limit: 10 });
    return operation?.type === 'delete' && operation.actor === actor && operation.projectUid !== undefined;
  });
  assert.equal(isDone, false);
  const held = { metadata: { finalizers: null } };
  await platform.resources.spaceinstances.patch({ namespace: 'p-default', name: 'one' }, held);
  await deleting;
  assert.equal((await spaceOf('elsewhere'))?.metadata.deletionTimestamp, undefined);
});

test('what cannot be reached is released, and named', async () => {
  const cluster = await newCluster('lost');
  await newSpace('left', 'lost');
  const { releaseClusterTenants } = tenants();
  await assert.rejects(releaseClusterTenants({ cluster, actor }), { code: 'conflict' });
  const released = await releaseClusterTenants({ cluster, actor, deleteTenants: true });
  assert.deepEqual(released, { left: 'space default/left' });
  assert.equal(await spaceOf('left'), undefined);
  assert.deepEqual(await releaseClusterTenants({ cluster, actor, deleteTenants: true }), {});
});

test('what waits for a cluster, or acts in it, ends for good when that is gone', async () => {
  const { deleteCluster } = createClusterResourceActivities(platform);
  const { waitForClusterOnline } = createClusterOnlineActivities({ ...platform, operations });
  const cluster = await newCluster('passing');
  const withoutCredential = await platform.clusters.client('passing').catch((error: unknown) => error);
  assert.deepEqual(detailsOf(withoutCredential), { code: 'cluster_not_found', details: undefined });
  const waiting = waitForClusterOnline({ cluster: 'passing', why: 'it is offline' }).catch(
    (error: unknown) => error,
  );
  await deleteCluster({ cluster });
  await deleteCluster({ cluster });
  const gone = { code: 'cluster_not_found', details: clusterGone };
  assert.deepEqual(detailsOf(await waiting), gone);
  const client = await platform.clusters.client('passing').catch((error: unknown) => error);
  assert.deepEqual(detailsOf(client), gone);
});

function detailsOf(error: unknown): object {
  const { code, details } = error as { code: string; details: object | undefined };
  return { code, details };
}
