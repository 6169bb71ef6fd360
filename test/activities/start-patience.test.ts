import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  createStartPatience,
  startErrorPatienceMs,
} from '../../adapters/kubernetes/container-start-error.ts';

function patienceAt(clock: { now: number }) {
  return createStartPatience(
    (fault) => new Error(`does not start: ${fault}`),
    () => clock.now,
  );
}

test('a fault of a pod is believed once it was said for longer than the patience', () => {
  const clock = { now: 1_000 };
  const patience = patienceAt(clock);
  patience.check('ErrImagePull');
  clock.now += startErrorPatienceMs;
  patience.check('ErrImagePull');
  clock.now += 1;
  assert.throws(() => patience.check('ImagePullBackOff'), /^Error: does not start: ImagePullBackOff$/);
});

test('a look without a fault begins the patience again', () => {
  const clock = { now: 0 };
  const patience = patienceAt(clock);
  patience.check('CrashLoopBackOff');
  clock.now += startErrorPatienceMs;
  patience.check(undefined);
  clock.now += startErrorPatienceMs;
  patience.check('CrashLoopBackOff');
  clock.now += startErrorPatienceMs;
  patience.check('CrashLoopBackOff');
  clock.now += 1;
  assert.throws(() => patience.check('CrashLoopBackOff'));
});
