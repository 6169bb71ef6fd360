import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { annotations } from '../../../contracts/names.ts';
import type { VirtualClusterInstance } from '../../../contracts/resources/virtual-cluster-instance.ts';
import { virtualCluster } from '../../../domain/kinds/virtual-cluster.ts';
import { annotationsOf, missedTransition, outlookOf } from '../../../domain/sleep/due-change.ts';

const night = {
  'sleepmode.loft.sh/sleep-schedule': '0 20 * * *',
  'sleepmode.loft.sh/wakeup-schedule': '0 8 * * 1-5',
};
const berlin = { ...night, 'sleepmode.loft.sh/timezone': 'Europe/Berlin#7200' };
const force = { 'sleepmode.loft.sh/force': 'true' };
const seconds = (text: string) => String(Date.parse(text) / 1000);

type Annotations = Record<string, string>;

function instance(given: Annotations, creationTimestamp = '2026-01-01T00:00:00Z'): VirtualClusterInstance {
  return { metadata: { name: 'a', annotations: given, creationTimestamp } };
}

const observedHash = virtualCluster.desiredHash(instance({}), undefined);
type Phase = 'Ready' | 'Sleeping' | 'Pending' | 'Failed';

/** @param ready since when it is awake */
function made(phase: Phase, given: Annotations, ready?: string): VirtualClusterInstance {
  const condition = { type: 'VirtualClusterReady', status: 'True', lastTransitionTime: ready ?? '' } as const;
  return {
    ...instance(given),
    status: { phase, observedHash, conditions: ready === undefined ? [] : [condition] },
  };
}

/** As the annotations of a merge patch leave it. */
function changed(given: Annotations, patch: Record<string, string | null>): Annotations {
  const entries = Object.entries({ ...given, ...patch }).filter(([, value]) => value !== null);
  return Object.fromEntries(entries) as Annotations;
}

describe('what schedules ask for', () => {
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
      assert.equal(outlookOf('tenant', given, new Date(now)).change?.action, expected));
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
    it(`${title} (${now})`, () =>
      assert.equal(outlookOf('tenant', object, new Date(now)).change?.action, expected));
});

describe('what use asks for', () => {
  const after = { 'sleepmode.loft.sh/sleep-after': '3600' };
  const used = (at: string): Annotations => ({ ...after, [annotations.lastActivity]: seconds(at) });
  const look = (given: VirtualClusterInstance, now: string, kind: 'tenant' | 'space' = 'tenant') => {
    const { change, nextAt } = outlookOf(kind, given, new Date(now));
    return [change && `${change.action} ${change.because}`, nextAt];
  };
  const never = Number.POSITIVE_INFINITY;

  it('what is not used for so long sleeps, and nothing is looked at before', () => {
    const one = made('Ready', used('2026-06-01T10:00:00Z'), '2026-06-01T08:00:00Z');
    assert.deepEqual(look(one, '2026-06-01T10:59:59Z'), [undefined, Date.parse('2026-06-01T11:00:00Z')]);
    assert.deepEqual(look(one, '2026-06-01T11:00:00Z'), ['sleep inactivity', never]);
  });

  it('before the first use, the end of the create or wake counts, then the creation', () => {
    const woken = made('Ready', after, '2026-06-01T10:30:00Z');
    assert.deepEqual(look(woken, '2026-06-01T11:00:00Z'), [undefined, Date.parse('2026-06-01T11:30:00Z')]);
    assert.deepEqual(
      look(made('Ready', after), '2026-01-01T00:59:59Z')[1],
      Date.parse('2026-01-01T01:00:00Z'),
    );
    const byHand = made('Ready', used('2026-06-01T01:00:00Z'), '2026-06-01T10:30:00Z');
    assert.deepEqual(look(byHand, '2026-06-01T11:00:00Z')[0], undefined, 'woken without a word of who');
  });

  const untouched: [title: string, given: VirtualClusterInstance][] = [
    ['it has not been created', instance(used('2026-06-01T01:00:00Z'))],
    ['it sleeps', made('Sleeping', { ...used('2026-06-01T01:00:00Z'), ...force })],
    ['it is being woken', made('Pending', used('2026-06-01T01:00:00Z'))],
    ['something is done about it', made('Pending', used('2026-06-01T01:00:00Z'), '2026-06-01T01:00:00Z')],
    ['it runs by other hands', { ...instance(used('2026-06-01T01:00:00Z')), spec: { external: true } }],
    [
      'it is being deleted',
      {
        ...made('Ready', after),
        metadata: { name: 'a', annotations: after, deletionTimestamp: '2026-06-01T01:00:00Z' },
      },
    ],
    [
      'its namespace is lost',
      {
        ...made('Ready', after),
        status: { phase: 'Ready', observedHash, conditions: [{ type: 'NamespaceFound', status: 'False' }] },
      },
    ],
  ];
  for (const [title, given] of untouched)
    it(`nothing happens while ${title}`, () => {
      assert.deepEqual(look(given, '2026-06-01T12:00:00Z'), [undefined, never]);
    });

  it('an update that failed does not keep what is up awake', () => {
    const failed = made('Failed', used('2026-06-01T10:00:00Z'), '2026-06-01T08:00:00Z');
    assert.equal(look(failed, '2026-06-01T11:00:00Z')[0], 'sleep inactivity');
  });

  it('a sleep that failed is not wanted any more once it is used again, unless somebody else asked for it', () => {
    const unused: Annotations = used('2026-06-01T09:00:00Z');
    const { change } = outlookOf('tenant', made('Ready', unused), new Date('2026-06-01T10:00:00Z'));
    assert.ok(change);
    const asked: Annotations = changed(unused, annotationsOf(change));
    assert.equal(asked[annotations.sleepType], 'inactivitySleep');
    const now = '2026-06-01T10:10:00Z';
    assert.equal(look(made('Failed', asked, '2026-06-01T01:00:00Z'), now)[0], undefined);
    const usedAgain: Annotations = { ...asked, [annotations.lastActivity]: seconds('2026-06-01T10:05:00Z') };
    assert.equal(look(made('Failed', usedAgain, '2026-06-01T01:00:00Z'), now)[0], 'wake use');
    assert.equal(
      look(made('Pending', usedAgain, '2026-06-01T01:00:00Z'), now)[0],
      undefined,
      'it is under way',
    );
    const { [annotations.sleepType]: _type, ...byHand } = usedAgain;
    assert.equal(look(made('Failed', byHand, '2026-06-01T01:00:00Z'), now)[0], undefined);
    const forced = { ...usedAgain, [annotations.sleepForceDuration]: '0' };
    assert.equal(look(made('Failed', forced, '2026-06-01T01:00:00Z'), now)[0], undefined);
  });

  it('a schedule goes first and keeps its kind of sleep', () => {
    const both = { ...night, ...used('2026-06-01T12:00:00Z') };
    const { change } = outlookOf('tenant', made('Ready', both), new Date('2026-06-01T20:00:30Z'));
    assert.ok(change);
    assert.equal(annotationsOf(change)[annotations.sleepType], 'scheduledSleep');
  });

  it('what a request woke in its scheduled sleep stays awake while it is used, and sleeps again when it is not', () => {
    const woken = made('Ready', { ...night, ...used('2026-06-01T22:00:00Z') }, '2026-06-01T22:00:02Z');
    assert.deepEqual(look(woken, '2026-06-01T22:30:00Z'), [undefined, Date.parse('2026-06-01T23:00:02Z')]);
    assert.equal(look(woken, '2026-06-01T23:00:02Z')[0], 'sleep inactivity');
    const noLimit = made('Ready', { ...night, [annotations.lastActivity]: seconds('2026-06-01T22:00:00Z') });
    assert.deepEqual(look(noLimit, '2026-06-02T07:00:00Z'), [undefined, Date.parse('2026-06-02T08:00:00Z')]);
  });

  it('what its schedule woke has its time, though nobody used it since the day before', () => {
    const woken = made(
      'Ready',
      { ...night, ...used('2026-06-01T10:00:00Z'), [annotations.changedBy]: 'schedule' },
      '2026-06-02T08:00:05Z',
    );
    assert.equal(look(woken, '2026-06-02T08:59:00Z')[0], undefined);
    assert.equal(look(woken, '2026-06-02T09:00:05Z')[0], 'sleep inactivity');
  });

  it('holds for spaces', () => {
    const condition = {
      type: 'SpaceReady',
      status: 'True',
      lastTransitionTime: '2026-06-01T10:30:00Z',
    } as const;
    const one: VirtualClusterInstance = {
      ...instance(after),
      status: { phase: 'Ready', observedHash, conditions: [condition] },
    };
    assert.equal(look(one, '2026-06-01T11:00:00Z', 'space')[0], undefined);
    assert.equal(look(one, '2026-06-01T11:30:00Z', 'space')[0], 'sleep inactivity');
  });
});

describe('an outage', () => {
  it('however many times it covers, only the newest counts, and somebody asleep by hand since stays so', () => {
    const awake = made('Ready', night, '2026-06-01T08:00:00Z');
    const action = (given: VirtualClusterInstance, now: string) =>
      outlookOf('tenant', given, new Date(now)).change?.action;
    assert.equal(action(awake, '2026-06-04T03:00:00Z'), 'sleep');
    assert.equal(action(awake, '2026-06-04T09:00:00Z'), undefined);
    const asleep = (since: string) =>
      made('Sleeping', { ...night, ...force, [annotations.sleepingSince]: seconds(since) });
    assert.equal(action(asleep('2026-06-01T20:00:00Z'), '2026-06-04T09:00:00Z'), 'wake');
    assert.equal(action(asleep('2026-06-04T08:30:00Z'), '2026-06-04T09:00:00Z'), undefined);
  });

  it('a sleep that somebody has asked for and that has not come is not undone by an earlier time to wake', () => {
    const falling = (given: Annotations) =>
      made('Ready', { ...night, ...force, ...given }, '2026-06-01T08:00:00Z');
    const at = new Date('2026-06-01T12:00:00Z');
    assert.equal(outlookOf('tenant', falling({}), at).change, undefined);
    const since = { [annotations.sleepType]: 'scheduledSleep' };
    assert.equal(outlookOf('tenant', falling(since), at).change?.action, 'wake', 'of the evening before');
  });
});

describe('a clock that jumps', () => {
  const at = (text: string) => new Date(text);
  /** What is done at `now`, as the annotations say it afterwards. */
  const acted = (given: Annotations, phase: Phase, now: string, ready?: string): Annotations => {
    const { change } = outlookOf('tenant', made(phase, given, ready), at(now));
    assert.ok(change, now);
    return changed(given, annotationsOf(change));
  };

  it('back over a time to wake does not put to sleep again', () => {
    const asleep = { ...night, ...force, [annotations.sleepingSince]: seconds('2026-06-01T20:00:02Z') };
    const { [annotations.sleepingSince]: _since, ...awake } = acted(
      asleep,
      'Sleeping',
      '2026-06-02T08:00:01Z',
    );
    for (const phase of ['Sleeping', 'Pending', 'Ready'] as const)
      for (const now of ['2026-06-02T07:30:00Z', '2026-06-02T08:00:00Z', '2026-06-02T08:00:01Z'])
        assert.equal(outlookOf('tenant', made(phase, awake), at(now)).change, undefined, `${phase} ${now}`);
    const evening = outlookOf('tenant', made('Ready', awake), at('2026-06-02T20:00:00Z'));
    assert.equal(evening.change?.action, 'sleep', 'the next time counts');
  });

  it('back over a time to sleep does not wake, and does not put to sleep twice', () => {
    const given = acted(night, 'Ready', '2026-06-01T20:00:01Z', '2026-06-01T08:00:00Z');
    const asleep: Annotations = { ...given, [annotations.sleepingSince]: seconds('2026-06-01T20:00:03Z') };
    assert.equal(outlookOf('tenant', made('Sleeping', asleep), at('2026-06-01T19:00:00Z')).change, undefined);
    // Somebody wakes it at 19:30 by the new clock: it has slept for 20:00 already.
    const { [annotations.sleepForce]: _force, [annotations.sleepingSince]: _since, ...rest } = asleep;
    const woken = { ...rest, [annotations.lastActivity]: seconds('2026-06-01T19:30:00Z') };
    assert.equal(outlookOf('tenant', made('Ready', woken), at('2026-06-01T20:00:01Z')).change, undefined);
  });

  it('forward by days is one change; what was noted while it was far ahead does not bind for good', () => {
    const given = acted(night, 'Ready', '2027-03-01T21:00:00Z');
    assert.equal(given[annotations.sleepTransition], seconds('2027-03-01T20:00:00Z'));
    const asleep = { ...given, [annotations.sleepingSince]: seconds('2027-03-01T21:00:02Z') };
    const back = outlookOf('tenant', made('Sleeping', asleep), at('2026-06-02T08:00:00Z'));
    assert.equal(back.change?.action, 'wake');
  });
});

describe('missedTransition', () => {
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

  it('is none if that time was seen to, by whichever of the two that look', () => {
    const seen = { ...night, ...force, [annotations.sleepTransition]: seconds('2026-01-06T20:00:00Z') };
    assert.equal(at('Ready', seen, now), undefined);
    assert.notEqual(at('Ready', seen, new Date('2026-01-07T21:00:00Z')), undefined);
  });
});
