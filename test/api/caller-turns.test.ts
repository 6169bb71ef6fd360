import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCallerTurns } from '../../api/http/caller-turns.ts';
import { PlatformError } from '../../contracts/errors.ts';

const tooMany = (error: unknown) => error instanceof PlatformError && error.code === 'too_many_attempts';

test('one work at a time, one of each caller, and not many that wait', async () => {
  const inTurn = createCallerTurns();
  let running = 0;
  const ends: (() => void)[] = [];
  const work = async () => {
    running += 1;
    assert.equal(running, 1);
    await new Promise<void>((resolve) => ends.push(resolve));
    running -= 1;
    if (ends.length === 2) throw new Error('the second fails');
    return ends.length;
  };
  const first = inTurn('mia', work);
  await assert.rejects(inTurn('mia', work), tooMany);
  const others = Array.from({ length: 19 }, (_, index) => inTurn(`user ${index}`, work));
  await assert.rejects(inTurn('one more', work), tooMany);
  const all = Promise.allSettled([first, ...others]);
  for (let ended = 0; ended < 20; ended += 1) {
    while (ends.length <= ended) await new Promise((resolve) => setImmediate(resolve));
    ends[ended]?.();
  }
  const results = await all;
  assert.deepEqual(
    results.map(({ status }) => status === 'fulfilled'),
    results.map((_, index) => index !== 1),
  );
  assert.equal(await inTurn('mia', async () => 'again'), 'again');
});
