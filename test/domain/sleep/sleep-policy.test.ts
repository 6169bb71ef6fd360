import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { VirtualClusterInstance } from '../../../contracts/resources/virtual-cluster-instance.ts';
import { lastTransition, nextTransitions, sleepPolicyOf } from '../../../domain/sleep/sleep-policy.ts';

const night = {
  'sleepmode.loft.sh/sleep-schedule': '0 20 * * *',
  'sleepmode.loft.sh/wakeup-schedule': '0 8 * * 1-5',
};

function instance(
  annotations: Record<string, string>,
  creationTimestamp = '2026-01-01T00:00:00Z',
): VirtualClusterInstance {
  return { metadata: { name: 'a', annotations, creationTimestamp } };
}

describe('transitions', () => {
  const policy = { sleepSchedule: '0 20 * * *', wakeupSchedule: '0 8 * * 1-5', timezone: 'Europe/Berlin' };
  const cases: [now: string, last: string, next: string][] = [
    // Summer time begins on 29 March 2026: 20:00 in Berlin is 19:00 UTC before it, 18:00 after it.
    ['2026-03-28T18:59:59.999Z', 'asleep 2026-03-27T19:00:00.000Z', 'asleep 2026-03-28T19:00:00.000Z'],
    ['2026-03-28T19:00:00.000Z', 'asleep 2026-03-28T19:00:00.000Z', 'asleep 2026-03-29T18:00:00.000Z'],
    ['2026-03-29T18:00:00.500Z', 'asleep 2026-03-29T18:00:00.000Z', 'awake 2026-03-30T06:00:00.000Z'],
    ['2026-03-30T06:00:00.000Z', 'awake 2026-03-30T06:00:00.000Z', 'asleep 2026-03-30T18:00:00.000Z'],
  ];
  for (const [now, last, next] of cases) {
    it(`at ${now}`, () => {
      const show = (transition: ReturnType<typeof lastTransition>) =>
        `${transition?.state} ${transition?.at.toISOString()}`;
      assert.equal(show(lastTransition(policy, new Date(now))), last);
      assert.equal(show(nextTransitions(policy, new Date(now))[0]), next);
    });
  }

  it('waking wins at the same minute', () => {
    const both = { sleepSchedule: '0 8 * * *', wakeupSchedule: '0 8 * * *', timezone: 'UTC' };
    assert.equal(lastTransition(both, new Date('2026-01-01T08:00:00Z'))?.state, 'awake');
  });
});

it('the next times are those of the offset that a client of Go wrote', () => {
  const next = (timezone: string) => {
    const found = sleepPolicyOf(instance({ ...night, 'sleepmode.loft.sh/timezone': timezone }));
    assert.ok(found !== undefined && 'policy' in found, timezone);
    return nextTransitions(found.policy, new Date('2026-06-01T12:00:00Z')).map(({ at }) => at.toISOString());
  };
  assert.deepEqual(next('CEST#7200'), ['2026-06-01T18:00:00.000Z', '2026-06-02T06:00:00.000Z']);
  assert.deepEqual(next('PDT#-25200'), ['2026-06-01T15:00:00.000Z', '2026-06-02T03:00:00.000Z']);
  assert.deepEqual(next('-03#-10800'), ['2026-06-01T23:00:00.000Z', '2026-06-02T11:00:00.000Z']);
});

describe('sleepPolicyOf', () => {
  const faults: [annotations: Record<string, string>, fault: RegExp][] = [
    [{ 'sleepmode.loft.sh/sleep-schedule': 'at night' }, /sleep-schedule: .* five fields/],
    [{ 'sleepmode.loft.sh/wakeup-schedule': '61 * * * *' }, /wakeup-schedule: invalid cron expression/],
    [{ 'sleepmode.loft.sh/sleep-schedule': '* * * * * *' }, /five fields/],
    [{ 'sleepmode.loft.sh/sleep-schedule': '0 20 L * *' }, /"L" is not a day of the month/],
    [{ ...night, 'sleepmode.loft.sh/timezone': 'Mars/Olympus' }, /unknown time zone/],
    [{ ...night, 'sleepmode.loft.sh/timezone': 'Local' }, /unknown time zone "Local": write an IANA name/],
  ];
  for (const [annotations, fault] of faults) {
    it(`says what is wrong: ${JSON.stringify(annotations)}`, () => {
      const found = sleepPolicyOf(instance(annotations));
      assert.ok(found !== undefined && 'fault' in found);
      assert.match(found.fault, fault);
    });
  }
  it('takes names of any case and what the clients of vCluster Platform write', () => {
    const zones = { 'europe/berlin': 'Europe/Berlin', 'CEST#7200': '+02:00', '-03:30': '-03:30' };
    for (const [given, timezone] of Object.entries(zones)) {
      const found = sleepPolicyOf(instance({ ...night, 'sleepmode.loft.sh/timezone': given }));
      assert.ok(found !== undefined && 'policy' in found);
      assert.equal(found.policy.timezone, timezone);
    }
  });
  it('is UTC without a time zone', () => {
    const found = sleepPolicyOf(instance(night));
    assert.ok(found !== undefined && 'policy' in found);
    assert.equal(found.policy.timezone, 'UTC');
  });
});
