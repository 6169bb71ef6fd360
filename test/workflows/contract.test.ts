import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workflows } from '../../contracts/workflows.ts';
import * as exported from '../../workflows/index.ts';

test('the workflow bundle exports the workflows of the contract, and each takes what the contract says', () => {
  const served: typeof workflows = exported; // the compiler's part
  assert.deepEqual(Object.keys(served).sort(), Object.keys(workflows).sort());
});

test('starters tell Temporal the name of the workflow', () => {
  for (const [name, workflow] of Object.entries(workflows)) assert.equal(workflow.name, name);
});
