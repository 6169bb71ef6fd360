import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createRateLimiter } from '../../api/http/rate-limiter.ts';

it('a rate limiter lets its rate through and counts the rest once', () => {
  let time = 0;
  const limit = createRateLimiter({ burst: 10, perSecond: 5 }, () => time);
  const taken = (count: number) => Array.from({ length: count }, () => limit.take()).filter(Boolean).length;
  assert.equal(taken(100), 10);
  assert.equal(limit.takeRefused(), 90);
  assert.equal(limit.takeRefused(), 0);
  time += 1_000;
  assert.equal(taken(100), 5);
  time += 3_600_000;
  assert.equal(taken(100), 10, 'no more than at once, however long it was quiet');
});
