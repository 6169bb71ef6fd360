import assert from 'node:assert/strict';
import { test } from 'node:test';
import { previewLines } from '../../cli/operations/preview.ts';
import type { OperationPreview } from '../../contracts/operation-preview.ts';

const preview: OperationPreview = {
  ...{ type: 'sleep', kind: 'tenant', project: 'alpha', tenantCluster: 'demo', uid: 'u', parameters: {} },
  ...{ outcome: 'queued', behind: [], supersedes: [], cancels: [], expectedMs: 1_500, steps: [] },
};

test('a preview of a sleep names the pods that are lost, if there are any', () => {
  const [first, ...none] = previewLines(preview);
  assert.match(first ?? '', /^sleep of tenant cluster demo would be accepted/);
  assert.deepEqual(none, []);
  const [, ...lost] = previewLines({ ...preview, loses: { pods: ['default/a'], count: 2 } });
  assert.deepEqual(lost, [
    '  loses 2 pods without a controller, which nothing makes again: default/a and 1 more',
  ]);
});
