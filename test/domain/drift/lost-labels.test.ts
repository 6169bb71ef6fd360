import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lostLabels } from '../../../domain/kinds/namespace-labels.ts';

const space = { kind: 'space', project: 'alpha', name: 'demo', uid: 'u' } as const;
const own = {
  'loft.sh/project': 'alpha',
  'loft.sh/space-instance-name': 'demo',
  'vcluster-platform.io/instance-uid': 'u',
};
const level = 'pod-security.kubernetes.io/enforce';

test('what is there as it was made is not lost, and what others add does not count', () => {
  assert.deepEqual(lostLabels(space, { ...own, [level]: 'baseline', mine: 'yes' }), {});
});

test('a Pod Security level that a template has set stays; one that is missing comes back', () => {
  assert.deepEqual(lostLabels(space, { ...own, [level]: 'restricted' }), {});
  assert.deepEqual(lostLabels(space, own), { [level]: 'baseline' });
});

test("the platform's own labels come back, removed or changed", () => {
  assert.deepEqual(lostLabels(space, { ...own, 'loft.sh/project': 'other', [level]: 'restricted' }), {
    'loft.sh/project': 'alpha',
  });
  assert.deepEqual(lostLabels(space), { ...own, [level]: 'baseline' });
});
