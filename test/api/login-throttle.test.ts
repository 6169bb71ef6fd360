import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLoginThrottle } from '../../api/auth/login-throttle.ts';
import { PlatformError } from '../../contracts/errors.ts';

function clock() {
  let time = 1_000_000;
  return { now: () => time, pass: (ms: number) => (time += ms) };
}

/** Seconds to wait, or 0 if the attempt is let through. */
function wait(attempt: () => void): number {
  try {
    attempt();
    return 0;
  } catch (error) {
    assert.ok(error instanceof PlatformError && error.code === 'too_many_attempts');
    return Number(error.details?.['retryAfterSeconds']);
  }
}

describe('login attempts', () => {
  it('are delayed more and more for one user from one address', () => {
    const { now, pass } = clock();
    const throttle = createLoginThrottle(now);
    const waits: number[] = [];
    for (let failures = 0; failures < 16; failures++) {
      const seconds = wait(() => throttle.attempt('ben', '10.0.0.1'));
      if (seconds > 0) {
        waits.push(seconds);
        pass(seconds * 1000);
        assert.equal(
          wait(() => throttle.attempt('ben', '10.0.0.1')),
          0,
        );
      }
    }
    assert.deepEqual(waits.slice(0, 5), [1, 2, 4, 8, 16]);
    assert.ok(Math.max(...waits) <= 15 * 60);
    assert.equal(
      wait(() => throttle.attempt('carl', '10.0.0.2')),
      0,
      'others do not wait',
    );
  });

  it('from many addresses cannot lock the user out for long', () => {
    const { now, pass } = clock();
    const throttle = createLoginThrottle(now);
    for (let index = 0; index < 500; index++)
      wait(() => throttle.attempt('ben', `10.0.${index >> 8}.${index & 255}`));
    const seconds = wait(() => throttle.attempt('ben', '192.0.2.1'));
    assert.ok(seconds > 0 && seconds <= 30, String(seconds));
    pass(30_000);
    assert.equal(
      wait(() => throttle.attempt('ben', '192.0.2.1')),
      0,
    );
  });

  it('from elsewhere do not lock out a user at a known address', () => {
    const { now, pass } = clock();
    const throttle = createLoginThrottle(now);
    throttle.attempt('ben', '192.0.2.1');
    throttle.succeeded('ben', '192.0.2.1');
    for (let index = 0; index < 500; index++) {
      // Whoever asks without a pause always comes first when a new attempt is allowed.
      for (let address = 0; address < 100; address++)
        wait(() => throttle.attempt('ben', `10.0.${index & 255}.${address}`));
      assert.equal(
        wait(() => throttle.attempt('ben', '192.0.2.1')),
        0,
      );
      throttle.succeeded('ben', '192.0.2.1');
      pass(5_000);
    }
    assert.ok(
      wait(() => throttle.attempt('ben', '192.0.2.2')) > 0,
      'elsewhere the user waits like all others',
    );
  });

  it('from one address on many users slow down', () => {
    const throttle = createLoginThrottle(clock().now);
    let refused = 0;
    for (let index = 0; index < 200; index++)
      if (wait(() => throttle.attempt(`user-${index}`, '10.0.0.1')) > 0) refused++;
    assert.ok(refused > 100);
  });

  it('that succeed are not delayed, and reset the failures of that pair', () => {
    const throttle = createLoginThrottle(clock().now);
    for (let index = 0; index < 200; index++) {
      assert.equal(
        wait(() => throttle.attempt('ben', '10.0.0.1')),
        0,
      );
      throttle.succeeded('ben', '10.0.0.1');
    }
  });

  it('use bounded memory', () => {
    const { now } = clock();
    const throttle = createLoginThrottle(now, 10);
    for (let index = 0; index < 4; index++) throttle.attempt('ben', '10.0.0.1');
    for (let index = 0; index < 20; index++) throttle.attempt(`user-${index}`, `10.0.1.${index}`);
    assert.equal(
      wait(() => throttle.attempt('ben', '10.0.0.1')),
      0,
      'the oldest are forgotten',
    );
  });
});
