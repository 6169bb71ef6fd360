import assert from 'node:assert/strict';
import { test } from 'node:test';
import { syncedPodOf } from '../../../adapters/tenant-charts/vcluster.ts';
import { lostPodsText } from '../../../contracts/lost-pods.ts';
import { lostPods } from '../../../domain/lifecycle/lost-pods.ts';

const pod = (name: string, more: object = {}) => ({ namespace: 'a', name, ...more });

test('pods without a controller are lost, but those that end already', () => {
  const owners = [{ controller: false }, { controller: true }];
  const pods = [
    pod('b'),
    pod('a', { ownerReferences: [{}, { controller: false }] }),
    pod('owned', { ownerReferences: owners }),
    pod('ending', { deletionTimestamp: '2026-11-30T00:00:00Z' }),
    pod('none', { ownerReferences: null }),
  ];
  assert.deepEqual(lostPods(pods), { pods: ['a/a', 'a/b', 'a/none'], count: 3 });
  assert.equal(lostPods([]), undefined);
});

test('at most 20 are named, and how many there are', () => {
  const many = Array.from({ length: 300 }, (_, index) => pod(`p-${index}`));
  const lost = lostPods(many) ?? assert.fail();
  assert.deepEqual([lost.pods.length, lost.count], [20, 300]);
  assert.match(lostPodsText(lost), /^300 pods without a controller, .*: a\/p-0, .* and 280 more$/);
  assert.equal(lostPodsText({ pods: ['a/b'], count: 1 }).slice(0, 28), '1 pod without a controller, ');
});

test('a synced pod is named as its tenant calls it, unless what is noted on it is not a name', () => {
  const annotations = (noted: Record<string, string>) =>
    Object.fromEntries(Object.entries(noted).map(([key, value]) => [`vcluster.loft.sh/${key}`, value]));
  const synced = (noted: Record<string, string>) => {
    const { namespace, name, ownerReferences } = syncedPodOf({
      namespace: 'host',
      name: 'x',
      annotations: annotations(noted),
    });
    return [namespace, name, lostPods([{ namespace, name, ownerReferences }]) !== undefined];
  };
  const own = { 'object-namespace': 'default', 'object-name': 'web.0' };
  assert.deepEqual(synced(own), ['default', 'web.0', true]);
  assert.deepEqual(synced({ ...own, 'owner-references': '[{"controller":true}]' }), [
    'default',
    'web.0',
    false,
  ]);
  for (const noted of ['', '[]', 'null', '{"controller":true}', '[', '[{}]', '[null,1]'])
    assert.equal(synced({ ...own, 'owner-references': noted })[2], true, noted);
  assert.deepEqual(synced({ ...own, 'object-name': 'a\nb' }), ['host', 'x', true]);
  assert.deepEqual(synced({}), ['host', 'x', true]);
});
