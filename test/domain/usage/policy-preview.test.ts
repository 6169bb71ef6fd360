import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Preview,
  type PreviewedPolicy,
  previewPolicy,
  type Recorded,
  type ScheduledChange,
} from '../../../domain/usage/policy-preview.ts';
import type { RecordedState, SleepChange } from '../../../domain/usage/sleep-changes.ts';

const hourMs = 3_600_000;
/** A day of 24 hours, in which all times are hours. */
const day = { from: 0, to: 24 * hourMs };

const change = (hour: number, state: RecordedState, by: 'person' | 'policy' = 'person'): SleepChange => ({
  at: hour * hourMs,
  state,
  isByPolicy: by === 'policy',
});
const use = (from: number, to = from) => ({ from: from * hourMs, to: to * hourMs });
const at = (hour: number, state: ScheduledChange['state']): ScheduledChange => ({ at: hour * hourMs, state });
const after = (hours: number): PreviewedPolicy => ({ afterInactivityMs: hours * hourMs, schedule: [] });
const office: PreviewedPolicy = {
  afterInactivityMs: undefined,
  schedule: [at(7, 'awake'), at(20, 'asleep')],
};

function previewOf(recorded: Partial<Recorded>, policy: PreviewedPolicy) {
  const given = { ...day, changes: [change(-1, 'awake')], uses: [], usesKnownFrom: 0, ...recorded };
  const { awake, awakeUnderPolicy, wakesByUse }: Preview = previewPolicy(given, policy);
  return [awake / hourMs, awakeUnderPolicy / hourMs, wakesByUse];
}

const cases: [
  title: string,
  recorded: Partial<Recorded>,
  policy: PreviewedPolicy,
  awakeUnderPolicyAndWakes: [awake: number, awakeUnderPolicy: number, wakes: number],
][] = [
  ['no policy saves nothing', {}, { afterInactivityMs: undefined, schedule: [] }, [24, 24, 0]],
  ['what nobody uses sleeps after its time', {}, after(2), [24, 2, 0]],
  ['use keeps it awake', { uses: [use(1, 8), use(9.5, 17)] }, after(2), [24, 19, 0]],
  ['use after its time wakes it', { uses: [use(1), use(10, 12), use(20)] }, after(2), [24, 3 + 4 + 2, 2]],
  ['use that began before counts until its end', { uses: [use(-2, 5)] }, after(1), [24, 6, 0]],
  ['before uses were recorded it counts as used', { usesKnownFrom: 10 * hourMs }, after(2), [24, 12, 0]],
  ['without a record of uses inactivity saves nothing', { usesKnownFrom: undefined }, after(2), [24, 24, 0]],
  ['a schedule puts it to sleep', {}, office, [24, 20, 0]],
  [
    'a schedule needs no record of uses, and use that is not known wakes nothing',
    { usesKnownFrom: undefined },
    office,
    [24, 20, 0],
  ],
  ['use that begins after the scheduled sleep wakes it', { uses: [use(22)] }, office, [24, 22, 1]],
  [
    'use that goes on through the scheduled sleep wakes it at once',
    { uses: [use(19, 21)] },
    office,
    [24, 24, 1],
  ],
  [
    'a schedule wakes what a person left asleep, which costs more',
    { changes: [change(-1, 'asleep')] },
    office,
    [0, 13, 0],
  ],
  [
    'a person who puts it to sleep does so under the policy, too',
    { changes: [change(-1, 'awake'), change(10, 'asleep'), change(15, 'awake')] },
    { afterInactivityMs: undefined, schedule: [at(20, 'asleep')] },
    [19, 15, 1],
  ],
  [
    'the policy of that time is left out: what it put to sleep stays awake',
    { changes: [change(-1, 'awake'), change(6, 'asleep', 'policy'), change(12, 'awake', 'policy')] },
    { afterInactivityMs: undefined, schedule: [at(20, 'asleep')] },
    [18, 20, 0],
  ],
  [
    'one who woke it would have found it asleep',
    { changes: [change(-1, 'awake'), change(6, 'asleep', 'policy'), change(12, 'awake')] },
    after(2),
    [18, 2 + 2, 1],
  ],
  [
    'one that is made and deleted counts while it was there',
    { changes: [change(4, 'awake'), change(8, 'gone')] },
    after(3),
    [4, 3, 0],
  ],
  ['what is gone is not used', { changes: [change(4, 'gone')], uses: [use(10)] }, after(3), [0, 0, 0]],
  [
    'of one that first was put to sleep nothing is known before',
    { changes: [change(4, 'asleep')] },
    after(1),
    [0, 0, 0],
  ],
];

describe('the preview of a sleep policy', () => {
  for (const [title, recorded, policy, expected] of cases)
    it(title, () => assert.deepEqual(previewOf(recorded, policy), expected));
});
