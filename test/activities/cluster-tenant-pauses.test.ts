import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createClusterTenantActivities, pauseAfterLook } from '../../activities/clusters/cluster-tenants.ts';
import type { ManagementResources } from '../../adapters/kubernetes/resources.ts';
import type { OperationsDeps } from '../../operations/dependencies.ts';

test('the pause between two looks at tenants is five looks long, and one to ten seconds', () => {
  assert.deepEqual(
    [0, 200, 201, 1_000, 2_000, 60_000].map(pauseAfterLook),
    [1_000, 1_000, 1_005, 5_000, 10_000, 10_000],
  );
});

/** A real server cannot be made to take long for a list. */
test('tenants that take long to list are looked at less often while they are deleted', async () => {
  const cluster = { name: 'full', uid: 'u-1' };
  const metadata = {
    name: 'one',
    namespace: 'p-default',
    uid: 'u-2',
    deletionTimestamp: '2026-01-01T00:00:00Z',
  };
  const space = { metadata, spec: { clusterRef: { cluster: cluster.name } } };
  const lists: { from: number; to: number }[] = [];
  async function list() {
    const from = performance.now();
    await delay(300);
    lists.push({ from, to: performance.now() });
    return lists.length === 1 ? [space] : [];
  }
  const resources = {
    clusters: { get: async () => ({ metadata: cluster, spec: { networkPeer: true } }) },
    virtualclusterinstances: { list: async () => [] },
    spaceinstances: { list },
  } as unknown as ManagementResources;
  const operations = {} as OperationsDeps; // what is being deleted already is not asked for again
  const { deleteClusterTenants } = createClusterTenantActivities({ resources, operations });
  await deleteClusterTenants({ cluster, actor: 'anna', deleteTenants: true });
  const [first, second] = lists;
  assert.ok(first !== undefined && second !== undefined && lists.length === 2);
  const tookMs = first.to - first.from;
  const pausedMs = second.from - first.to;
  assert.ok(pausedMs > 4.9 * tookMs, `${pausedMs} ms after a list of ${tookMs} ms`);
});
