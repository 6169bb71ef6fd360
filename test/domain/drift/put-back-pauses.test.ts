import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isForgotten, pauseAfter } from '../../../domain/drift/put-back-pauses.ts';

const pauses = { firstMs: 60_000, longestMs: 3_600_000 };

test('an object is put back at once twice again, then after pauses that double up to the longest', () => {
  const minutes = [1, 2, 3, 4, 5, 8, 9, 10, 1000].map((times) => pauseAfter(times, pauses) / 60_000);
  assert.deepEqual(minutes, [0, 0, 1, 2, 4, 32, 60, 60, 60]);
});

test('an object that stayed as it was put back for longer than its pause counts as new', () => {
  assert.equal(isForgotten(1, 59_000, pauses), false);
  assert.equal(isForgotten(1, 61_000, pauses), true);
  // The next time is due after four minutes: one that changes it in each of them is not forgotten.
  assert.equal(isForgotten(5, 4 * 60_000 + 1, pauses), false);
  assert.equal(isForgotten(5, 9 * 60_000 + 1, pauses), true);
});
