import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AskedPolicy, readPolicy, scheduledChanges } from '../../../domain/usage/previewed-policy.ts';

const from = new Date('2026-03-28T00:00:00Z');
const to = new Date('2026-03-30T00:00:00Z');

function faultsOf(asked: AskedPolicy): string[] {
  const read = readPolicy(asked);
  return 'faults' in read ? read.faults.map(({ field, fault }) => `${field}: ${fault}`) : [];
}

describe('a policy that is asked about', () => {
  it('is read with durations of several forms', () => {
    for (const [sleepAfter, sleepAfterSeconds] of [
      ['1800', 1800],
      ['30m', 1800],
      ['1h30m', 5400],
      ['1.5h', 5400],
      [' 45s ', 45],
    ] as const)
      assert.deepEqual(readPolicy({ sleepAfter }), { policy: { sleepAfterSeconds, timezone: 'UTC' } });
  });

  it('that cannot be understood says of every field what to write', () => {
    assert.deepEqual(faultsOf({ sleepAfter: 'soon', sleepSchedule: '0 25 * * *', timezone: 'Berlin' }), [
      'sleepAfter: "soon" is not a duration: write seconds (1800), or numbers with units (30m, 1h30m)',
      'sleepSchedule: invalid cron expression "0 25 * * *": "25" is not an hour: 0 to 23',
      'timezone: unknown time zone "Berlin": write an IANA name (Europe/Berlin) or an offset (+02:00)',
    ]);
    for (const sleepAfter of ['-5', '2d', '30 minutes', '99999999999', '9999999999'])
      assert.match(faultsOf({ sleepAfter }).join(), /^sleepAfter: ".*" is not a duration/, sleepAfter);
  });

  it('must put something to sleep', () => {
    const nothing =
      'sleepAfter: nothing would put anything to sleep: give sleepAfter, sleepSchedule, or both';
    assert.deepEqual(faultsOf({}), [nothing]);
    assert.deepEqual(faultsOf({ wakeupSchedule: '0 7 * * *' }), [nothing]);
    assert.deepEqual(faultsOf({ sleepAfter: '0' }), [nothing]);
    assert.deepEqual(faultsOf({ sleepAfter: '0', sleepSchedule: '0 20 * * *' }), []);
  });

  it('has its times in its zone, also where clocks change', () => {
    const policy = { sleepSchedule: '30 20 * * *', wakeupSchedule: '0 7 * * *', timezone: 'Europe/Berlin' };
    const scheduled = scheduledChanges(policy, from, to);
    assert.ok('changes' in scheduled);
    assert.deepEqual(
      scheduled.changes.map(({ at, state }) => `${new Date(at).toISOString().slice(5, 16)} ${state}`),
      ['03-28T06:00 awake', '03-28T19:30 asleep', '03-29T05:00 awake', '03-29T18:30 asleep'],
    );
  });

  it('with more times than a preview can go through is a fault', () => {
    const often = scheduledChanges(
      { sleepSchedule: '*/5 * * * *', timezone: 'UTC' },
      new Date('2026-03-01T00:00:00Z'),
      new Date('2026-03-31T00:00:00Z'),
    );
    assert.ok('fault' in often);
    assert.equal(often.fault.field, 'sleepSchedule');
  });
});
