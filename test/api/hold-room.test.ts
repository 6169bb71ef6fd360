import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHoldRoom, defaultHoldLimits, holdLimitsOf } from '../../api/held/hold-room.ts';

const limits = {
  waitMs: 1,
  perInstance: { requests: 2, bytes: 100 },
  inAll: { requests: 3, bytes: 150 },
};

test('requests are held up to a number and bytes, for one instance and in all, and give their room back', () => {
  const room = createHoldRoom(limits);
  const first = room.take('a', 40);
  const second = room.take('a', 60);
  assert.ok(first && second);
  assert.equal(room.take('a', 0), undefined, 'the number for one');
  second();
  assert.equal(room.take('a', 61), undefined, 'the bytes for one');
  assert.ok(room.take('b', 100));
  assert.equal(room.take('c', 11), undefined, 'the bytes in all');
  assert.ok(room.take('c', 10));
  assert.equal(room.take('d', 0), undefined, 'the number in all');
  first();
  assert.ok(room.take('d', 40));
  assert.deepEqual([room.requests, room.total], [3, 5]);
});

test('10,000 requests for one instance take the room of one', () => {
  const room = createHoldRoom(defaultHoldLimits);
  const held = Array.from({ length: 10_000 }, () => room.take('loud', 1_000)).filter(
    (one) => one !== undefined,
  );
  assert.equal(held.length, defaultHoldLimits.perInstance.requests);
  assert.ok(room.take('quiet', 1_000));
});

test('limits are what the configuration says, else the defaults', () => {
  assert.deepEqual(holdLimitsOf(undefined), defaultHoldLimits);
  assert.deepEqual(holdLimitsOf({ seconds: 3, perInstance: { requests: 0 }, inAll: { mebibytes: 2 } }), {
    waitMs: 3_000,
    perInstance: { ...defaultHoldLimits.perInstance, requests: 0 },
    inAll: { ...defaultHoldLimits.inAll, bytes: 2 * 1024 * 1024 },
  });
});
