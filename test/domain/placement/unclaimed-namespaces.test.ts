import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  lostNamespace,
  namespacesByUid,
  stuckNamespaces,
  unclaimedNamespaces,
} from '../../../domain/placement/unclaimed-namespaces.ts';

const uidLabel = 'vcluster-platform.io/instance-uid';
const namespace = (name: string, labels: Record<string, string>, deletionTimestamp?: string) => ({
  metadata: { name, labels, ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }) },
});

test('a namespace belongs to the uid it carries, and to nothing else', () => {
  const found = unclaimedNamespaces(
    'east',
    [
      namespace('here', { [uidLabel]: 'u1' }),
      namespace('not-placed-yet', { [uidLabel]: 'u2' }),
      namespace('moved', { [uidLabel]: 'u3', 'loft.sh/project': 'p', 'loft.sh/vcluster-instance-name': 'v' }),
      namespace('gone', { [uidLabel]: 'u4', 'loft.sh/project': 'p', 'loft.sh/space-instance-name': 's' }),
      namespace('going', { [uidLabel]: 'u4' }, '2026-01-01T00:00:00Z'),
      namespace('empty', { [uidLabel]: '' }),
    ],
    [
      { uid: 'u1', cluster: 'east' },
      { uid: 'u2', cluster: undefined },
      { uid: 'u3', cluster: 'west' },
      { uid: undefined, cluster: 'east' },
    ],
  );
  assert.deepEqual(found, [
    { name: 'empty', kind: 'tenant', uid: '' },
    { name: 'gone', kind: 'space', project: 'p', subject: 's', uid: 'u4' },
    { name: 'moved', kind: 'tenant', project: 'p', subject: 'v', uid: 'u3' },
  ]);
});

test('a namespace that Kubernetes does not get rid of is stuck once its instance is gone', () => {
  const conditions = [
    { status: 'True', message: 'Some content remains: configmaps. has 1 resource instances' },
    { status: 'False', message: 'All discovered' },
  ];
  const going = namespace('going', { [uidLabel]: 'u1' }, '2026-01-01T00:00:00Z');
  const namespaces = [
    { ...going, status: { conditions } },
    namespace('claimed', { [uidLabel]: 'u2' }, '2026-01-01T00:00:00Z'),
    namespace('there', { [uidLabel]: 'u3' }),
  ];
  const at = (time: string) =>
    stuckNamespaces('east', namespaces, [{ uid: 'u2', cluster: 'east' }], Date.parse(time));
  assert.deepEqual(at('2026-01-01T00:00:59Z'), []);
  assert.deepEqual(at('2026-01-01T00:01:01Z'), [
    { name: 'going', waitsFor: 'Some content remains: configmaps. has 1 resource instances' },
  ]);
});

test('an existing instance has its namespace in its cluster', () => {
  const namespaces = namespacesByUid([
    namespace('here', { [uidLabel]: 'u1' }),
    namespace('going', { [uidLabel]: 'u3' }, '2026-01-01T00:00:00Z'),
  ]);
  const claim = { uid: 'u2', cluster: 'east', made: true, leaves: false };
  assert.equal(lostNamespace('east', namespaces, claim), 'Missing');
  assert.equal(lostNamespace('east', namespaces, { ...claim, uid: 'u3' }), 'Deleting');
  for (const other of [{ uid: 'u1' }, { cluster: 'west' }, { made: false }, { leaves: true }])
    assert.equal(lostNamespace('east', namespaces, { ...claim, ...other }), undefined, JSON.stringify(other));
});
