import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { VirtualClusterInstance } from '../../../contracts/resources/virtual-cluster-instance.ts';
import { virtualCluster } from '../../../domain/kinds/virtual-cluster.ts';
import {
  lastTransition,
  missedTransition,
  nextTransitions,
  sleepPolicyAction,
  sleepPolicyOf,
} from '../../../domain/sleep/sleep-policy.ts';

const night = {
  'sleepmode.loft.sh/sleep-schedule': '0 20 * * *',
  'sleepmode.loft.sh/wakeup-schedule': '0 8 * * 1-5',
};
const berlin = { ...night, 'sleepmode.loft.sh/timezone': 'Europe/Berlin#7200' };
const force = { 'sleepmode.loft.sh/force': 'true' };
const seconds = (text: string) => String(Date.parse(text) / 1000);

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

describe('sleepPolicyAction', () => {
  const woken = 'vcluster-platform.io/woken-at';
  const used = (at: string) => ({
    'sleepmode.loft.sh/last-activity': seconds(at),
    'sleepmode.loft.sh/last-activity-info': '{"subject":"ben"}',
  });
  const evening = '2026-06-01T19:00:00Z'; // Monday, 21:00 in Berlin
  const morning = '2026-06-02T07:00:00Z'; // Tuesday, 09:00 in Berlin
  const cases: [
    title: string,
    given: VirtualClusterInstance,
    now: string,
    expected: 'sleep' | 'wake' | undefined,
  ][] = [
    ['no policy', instance({}), evening, undefined],
    ['evening, awake', instance(berlin), evening, 'sleep'],
    ['evening, asleep', instance({ ...berlin, ...force }), evening, undefined],
    [
      'evening, woken by hand since',
      instance({ ...berlin, 'sleepmode.loft.sh/last-activity': seconds('2026-06-01T18:30:00Z') }),
      evening,
      undefined,
    ],
    [
      'evening, in use since',
      instance({ ...berlin, ...used('2026-06-01T18:30:00Z'), [woken]: seconds('2026-06-01T06:30:00Z') }),
      evening,
      'sleep',
    ],
    [
      'evening, in use since, and woken by hand since',
      instance({ ...berlin, ...used('2026-06-01T18:50:00Z'), [woken]: seconds('2026-06-01T18:30:00Z') }),
      evening,
      undefined,
    ],
    [
      'evening, used before',
      instance({ ...berlin, 'sleepmode.loft.sh/last-activity': seconds('2026-06-01T17:30:00Z') }),
      evening,
      'sleep',
    ],
    ['evening, made since', instance(berlin, '2026-06-01T18:30:00Z'), evening, undefined],
    ['morning, asleep', instance({ ...berlin, ...force }), morning, 'wake'],
    ['morning, awake', instance(berlin), morning, undefined],
    [
      'morning, put to sleep since',
      instance({ ...berlin, ...force, 'sleepmode.loft.sh/sleeping-since': seconds('2026-06-02T06:30:00Z') }),
      morning,
      undefined,
    ],
    [
      'morning, forced for good',
      instance({ ...berlin, ...force, 'sleepmode.loft.sh/force-duration': '0' }),
      morning,
      undefined,
    ],
    [
      'morning, forced for long enough',
      instance({
        ...berlin,
        ...force,
        'sleepmode.loft.sh/force-duration': '86400',
        'sleepmode.loft.sh/sleeping-since': seconds('2026-06-01T18:00:00Z'),
      }),
      morning,
      undefined,
    ],
    [
      'morning, forced time over',
      instance({
        ...berlin,
        ...force,
        'sleepmode.loft.sh/force-duration': '3600',
        'sleepmode.loft.sh/sleeping-since': seconds('2026-06-01T18:00:00Z'),
      }),
      morning,
      'wake',
    ],
    [
      'a schedule that cannot be read',
      instance({ 'sleepmode.loft.sh/sleep-schedule': 'x' }),
      evening,
      undefined,
    ],
  ];
  for (const [title, given, now, expected] of cases) {
    it(`${title} → ${expected ?? 'nothing'}`, () =>
      assert.equal(sleepPolicyAction(given, new Date(now)), expected));
  }
});

describe('where the clocks change', () => {
  const given = (sleep: string, wakeup: string, more: Record<string, string> = {}) =>
    instance({
      'sleepmode.loft.sh/sleep-schedule': sleep,
      'sleepmode.loft.sh/wakeup-schedule': wakeup,
      'sleepmode.loft.sh/timezone': 'Europe/Berlin',
      ...more,
    });
  const active = (at: string) => ({ 'sleepmode.loft.sh/last-activity': seconds(at) });
  const asleepSince = (at: string) => ({ ...force, 'sleepmode.loft.sh/sleeping-since': seconds(at) });
  // 02:30 is not there on 29 March 2026, and there twice on 25 October: at 00:30 and at 01:30 UTC.
  const cases: [
    title: string,
    VirtualClusterInstance,
    now: string,
    expected: 'sleep' | 'wake' | undefined,
  ][] = [
    ['a skipped sleep does not happen', given('30 2 * * *', '0 8 * * *'), '2026-03-29T02:00:00Z', undefined],
    ['the next one does', given('30 2 * * *', '0 8 * * *'), '2026-03-30T00:30:00Z', 'sleep'],
    [
      'a skipped wake does not happen',
      given('0 22 * * *', '30 2 * * *', asleepSince('2026-03-28T21:00:00Z')),
      '2026-03-29T05:00:00Z',
      undefined,
    ],
    [
      'the next one does',
      given('0 22 * * *', '30 2 * * *', asleepSince('2026-03-29T20:00:00Z')),
      '2026-03-30T00:30:00Z',
      'wake',
    ],
    [
      'a repeated sleep happens the first time',
      given('30 2 * * *', '0 8 * * *'),
      '2026-10-25T00:30:00Z',
      'sleep',
    ],
    [
      'what was woken between stays awake until the second',
      given('30 2 * * *', '0 8 * * *', active('2026-10-25T00:45:00Z')),
      '2026-10-25T01:29:00Z',
      undefined,
    ],
    [
      'a repeated sleep happens the second time',
      given('30 2 * * *', '0 8 * * *', active('2026-10-25T00:45:00Z')),
      '2026-10-25T01:30:00Z',
      'sleep',
    ],
    [
      'a repeated wake happens the first time',
      given('0 22 * * *', '30 2 * * *', asleepSince('2026-10-24T20:00:00Z')),
      '2026-10-25T00:30:00Z',
      'wake',
    ],
    [
      'what was put to sleep between stays asleep until the second',
      given('0 22 * * *', '30 2 * * *', asleepSince('2026-10-25T00:45:00Z')),
      '2026-10-25T01:29:00Z',
      undefined,
    ],
    [
      'a repeated wake happens the second time',
      given('0 22 * * *', '30 2 * * *', asleepSince('2026-10-25T00:45:00Z')),
      '2026-10-25T01:30:00Z',
      'wake',
    ],
    // A clock that is set back by a day, and one that was ahead when it was used.
    ['the times of another day hold then', given('0 20 * * *', '0 8 * * *'), '2026-06-01T03:00:00Z', 'sleep'],
    [
      'what seems to be used in the future stays awake',
      given('0 20 * * *', '0 8 * * *', active('2026-06-02T12:00:00Z')),
      '2026-06-01T19:00:00Z',
      undefined,
    ],
  ];
  for (const [title, object, now, expected] of cases)
    it(`${title} (${now})`, () => assert.equal(sleepPolicyAction(object, new Date(now)), expected));
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

describe('missedTransition', () => {
  const observedHash = virtualCluster.desiredHash(instance({}), undefined);
  const now = new Date('2026-01-06T21:00:00Z');
  const morning = new Date('2026-01-07T08:00:00Z');
  const at = (phase: 'Ready' | 'Sleeping', annotations: Record<string, string>, when: Date) =>
    missedTransition('tenant', { ...instance(annotations), status: { phase, observedHash } }, when);

  it('is the newest one, if its sleep or wake was asked for and has not come', () => {
    assert.equal(at('Ready', { ...night, ...force }, now)?.at.toISOString(), '2026-01-06T20:00:00.000Z');
    assert.equal(at('Sleeping', night, morning)?.at.toISOString(), '2026-01-07T08:00:00.000Z');
  });

  it('is none if the instance is as it shall be, was woken or put to sleep by hand, or has no schedule', () => {
    assert.equal(at('Sleeping', { ...night, ...force }, now), undefined);
    assert.equal(at('Ready', night, morning), undefined);
    assert.equal(at('Ready', night, now), undefined);
    assert.equal(at('Sleeping', night, now), undefined, 'being woken by hand');
    assert.equal(at('Ready', force, now), undefined);
  });
});
