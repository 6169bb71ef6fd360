import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLoginStarts, type LoginStartLimits } from '../../api/auth/oidc/login-starts.ts';
import { PlatformError } from '../../contracts/errors.ts';

function starts(limits: LoginStartLimits) {
  let time = 1_000_000;
  const { count } = createLoginStarts(limits, () => time);
  return {
    pass: (ms: number) => (time += ms),
    /** Seconds to wait, or 0 if it is let through. */
    wait(address: string): number {
      try {
        count(address);
        return 0;
      } catch (error) {
        assert.ok(error instanceof PlatformError && error.code === 'too_many_attempts');
        return Number(error.details?.['retryAfterSeconds']);
      }
    },
  };
}

describe('OpenID logins that are started', () => {
  it('are limited per address, for ten minutes', () => {
    const { wait, pass } = starts({ ofAddress: 2, ofAll: 100 });
    assert.deepEqual([wait('10.0.0.1'), wait('10.0.0.1')], [0, 0]);
    pass(60_000);
    assert.equal(wait('10.0.0.1'), 540);
    assert.equal(wait('10.0.0.2'), 0);
    pass(540_000);
    assert.equal(wait('10.0.0.1'), 0);
  });

  it('of one IPv6 network count together in any notation', () => {
    const { wait } = starts({ ofAddress: 2, ofAll: 100 });
    assert.deepEqual([wait('2001:db8::1'), wait('2001:0db8:0:0:ffff:1:2:3')], [0, 0]);
    assert.ok(wait('2001:db8::2') > 0);
    assert.equal(wait('2001:db8:0:1::1'), 0);
  });

  it('are limited in total', () => {
    const { wait } = starts({ ofAddress: 2, ofAll: 3 });
    assert.deepEqual(['10.0.0.1', '10.0.0.2', '10.0.0.3'].map(wait), [0, 0, 0]);
    assert.ok(wait('10.0.0.4') > 0);
  });
});
