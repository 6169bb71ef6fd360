import assert from 'node:assert/strict';
import { test } from 'node:test';
import { annotations, nonDeletable } from '../../../contracts/names.ts';
import type { Cluster } from '../../../contracts/resources/cluster.ts';
import type { ManagedInstance } from '../../../contracts/resources/resource-kinds.ts';
import { disconnectFault, namesOf, tenantsOf } from '../../../domain/placement/cluster-tenants.ts';
import { faultOf } from '../../../domain/placement/cluster-fault.ts';

const east: Cluster = { metadata: { name: 'east' }, spec: { networkPeer: true } };
const space = (name: string, more: Partial<ManagedInstance> = {}): ManagedInstance => ({
  metadata: { name, namespace: 'p-default', ...more.metadata },
  spec: { clusterRef: { cluster: 'east' } },
  ...(more.status === undefined ? {} : { status: more.status }),
});

test('tenants are those that are placed there, or ask to be', () => {
  const moved = space('moved', { status: { clusterRef: { cluster: 'west' } } });
  const found = tenantsOf('east', 'space', [space('a'), moved, { ...space('b'), spec: {} }]);
  assert.equal(namesOf(found), 'space default/a');
  assert.equal(namesOf(tenantsOf('west', 'space', [moved])), 'space default/moved');
});

test('a long list of names is cut', () => {
  const many = Array.from({ length: 12 }, (_, index) => space(`s${index}`));
  assert.match(namesOf(tenantsOf('east', 'space', many)), /space default\/s9 and 2 more$/);
});

test('a cluster with tenants is disconnected only if they are to be deleted, and may be', () => {
  const tenants = tenantsOf('east', 'space', [space('a')]);
  assert.equal(disconnectFault(east, [], {}), undefined);
  assert.match(
    disconnectFault(east, tenants, {}) ?? '',
    /^1 tenant cluster or space is in connected cluster "east" \(space default\/a\): delete them first, .*--delete-tenants/,
  );
  assert.match(disconnectFault(east, tenants, { force: true }) ?? '', /delete them first/);
  assert.equal(disconnectFault(east, tenants, { deleteTenants: true }), undefined);
  const marks = { labels: { [nonDeletable]: 'true' } };
  const kept = tenantsOf('east', 'space', [
    space('a'),
    space('marked', { metadata: { name: 'marked', namespace: 'p-default', ...marks } }),
    space('prevented', { status: { conditions: [{ type: 'DeletionPrevented', status: 'True' }] } }),
  ]);
  assert.equal(
    disconnectFault(east, kept, { deleteTenants: true }),
    '2 tenant clusters and spaces are in connected cluster "east" that are not to be deleted: space default/marked, space default/prevented',
  );
});

test("neither the platform's own cluster nor one that is marked is disconnected", () => {
  const local = { ...east, spec: { local: true } };
  assert.match(disconnectFault(local, [], { force: true }) ?? '', /is the platform's own$/);
  const marked = { ...east, metadata: { name: 'east', labels: { [nonDeletable]: 'true' } } };
  assert.match(disconnectFault(marked, [], {}) ?? '', /is marked as not to be deleted$/);
});

test('nothing is placed in a cluster while it is disconnected', () => {
  const status = { phase: 'Initialized', online: true } as const;
  const disconnecting = { name: 'east', annotations: { [annotations.disconnecting]: 'an operation' } };
  assert.equal(faultOf({ ...east, status }, [], 0), undefined);
  assert.deepEqual(faultOf({ ...east, metadata: disconnecting, status }, [], 0), {
    cluster: 'east',
    kind: 'lasting',
    text: 'is being disconnected',
  });
});
