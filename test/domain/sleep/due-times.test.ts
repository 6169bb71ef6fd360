import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createDueTimes } from '../../../domain/sleep/due-times.ts';

it('an object is due when it is new, when its time has come, and when the clock was set back', () => {
  const times = createDueTimes();
  const object = {};
  assert.equal(times.isDue(object, 1000), true);
  times.lookedAt(object, 1000, 5000);
  assert.deepEqual(
    [1000, 4999, 5000, 9000, 999].map((now) => times.isDue(object, now)),
    [false, false, true, true, true],
  );
  assert.equal(times.isDue({}, 1000), true, 'another version of it');
});
