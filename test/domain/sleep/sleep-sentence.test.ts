import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AutoDeletionStatus } from '../../../contracts/resources/instance-status.ts';
import type { ManagedInstance } from '../../../contracts/resources/resource-kinds.ts';
import { sleepModeConfigOf } from '../../../domain/sleep/sleep-mode-config.ts';
import { sleepSentence } from '../../../domain/sleep/sleep-sentence.ts';
import type { LastChange } from '../../../domain/usage/sleep-changes.ts';

/** A Monday; 19 h 12 min in Berlin, where it is winter. */
const now = new Date('2026-11-30T18:12:00Z');
const seconds = (time: string) => String(Date.parse(time) / 1000);
const at = (time: string) => Date.parse(time);

interface Given {
  /** Those of sleep without `sleepmode.loft.sh/`. */
  readonly annotations?: Readonly<Record<string, string>>;
  readonly phase?: 'Ready' | 'Sleeping' | 'Pending' | 'Failed';
  readonly awakeSince?: string;
  readonly last?: LastChange;
  readonly labels?: Record<string, string>;
  readonly autoDeletion?: AutoDeletionStatus;
}

function sentenceOf({
  annotations = {},
  phase = 'Ready',
  awakeSince,
  last,
  labels = {},
  autoDeletion,
}: Given): string | undefined {
  const given = Object.entries(annotations).map(([name, value]) => [
    name.includes('/') ? name : `sleepmode.loft.sh/${name}`,
    value,
  ]);
  const ready = { type: 'VirtualClusterReady', status: 'True', lastTransitionTime: awakeSince } as const;
  const instance: ManagedInstance = {
    metadata: {
      name: 'demo',
      namespace: 'p-alpha',
      creationTimestamp: '2026-11-01T09:00:00Z',
      labels,
      annotations: Object.fromEntries(given) as Record<string, string>,
    },
    status: {
      phase,
      observedHash: 'x',
      ...(autoDeletion === undefined ? {} : { autoDeletion }),
      ...(awakeSince === undefined ? {} : { conditions: [{ ...ready, lastTransitionTime: awakeSince }] }),
    },
  };
  return sleepSentence({ kind: 'tenant', instance, config: sleepModeConfigOf(instance, now), last }, now);
}

const byCi = {
  'last-activity': seconds('2026-11-30T18:08:00Z'),
  'last-activity-info': JSON.stringify({
    subject: 'ci-bot',
    verb: 'get',
    resource: 'pods',
    userAgent: 'kubectl/v1.36.3 (linux/amd64)',
  }),
};
const wokenAt = (time: string) => ({ 'vcluster-platform.io/woken-at': seconds(time) });
const berlin = { timezone: 'Europe/Berlin' };
const office = { 'sleep-schedule': '0 20 * * *', 'wakeup-schedule': '0 7 * * 1-5', ...berlin };
const asleep = { force: 'true', 'sleeping-since': seconds('2026-11-30T17:00:00Z') };
const slept = (actor: string): LastChange => ({
  type: 'sleep',
  state: 'asleep',
  at: at('2026-11-30T17:00:00Z'),
  actor,
});
const woken = (actor: string, type: 'wake' | 'create' = 'wake'): LastChange => ({
  type,
  state: 'awake',
  at: at('2026-11-30T06:00:00Z'),
  actor,
});

const sentences: [title: string, given: Given, sentence: string | undefined][] = [
  [
    'one in use, with a schedule and a time of inactivity',
    { annotations: { ...byCi, ...office, 'sleep-after': '1800' } },
    'Awake: ci-bot used it 4 min ago (get pods, kubectl). Sleeps at 20:00 (Europe/Berlin), or 19:38 if unused.',
  ],
  [
    'one whose schedule comes before it can be unused for long enough',
    { annotations: { ...byCi, ...office, 'sleep-after': '7200' } },
    'Awake: ci-bot used it 4 min ago (get pods, kubectl). Sleeps at 20:00 (Europe/Berlin).',
  ],
  [
    'one in use, with a time of inactivity alone',
    { annotations: { ...byCi, 'sleep-after': '1800' } },
    'Awake: ci-bot used it 4 min ago (get pods, kubectl). Sleeps at 18:38 UTC if unused.',
  ],
  [
    'one that nobody used for long enough',
    { annotations: { ...byCi, 'sleep-after': '60' } },
    'Awake: ci-bot used it 4 min ago (get pods, kubectl). Sleeps within a minute: unused for 1 min.',
  ],
  [
    'one without a policy, used by who says nothing of it',
    { annotations: { ...byCi, 'last-activity-info': '{"subject":"anna"}' } },
    'Awake: anna used it 4 min ago. Nothing puts it to sleep.',
  ],
  [
    'one with a subresource and a client without version',
    {
      annotations: {
        ...byCi,
        'last-activity-info':
          '{"subject":"anna","verb":"create","resource":"pods","subresource":"exec","userAgent":"k9s"}',
      },
    },
    'Awake: anna used it 4 min ago (create pods/exec, k9s). Nothing puts it to sleep.',
  ],
  [
    'one that was woken by the request that used it',
    {
      annotations: { ...byCi, ...wokenAt('2026-11-30T18:07:58Z') },
      last: { type: 'wake', state: 'awake', at: at('2026-11-30T18:08:00.400Z'), actor: 'ci-bot' },
    },
    'Awake: ci-bot used it 4 min ago (get pods, kubectl). Nothing puts it to sleep.',
  ],
  [
    'one that somebody woke by its annotations, which note the time beside the user before',
    {
      annotations: { ...byCi, ...wokenAt('2026-11-30T18:08:00Z') },
      last: { type: 'wake', state: 'awake', at: at('2026-11-30T18:08:02.400Z'), actor: 'anna' },
    },
    'Awake: woken by anna at 18:08 UTC, not used since. Nothing puts it to sleep.',
  ],
  [
    'one that was used before its creation was recorded',
    {
      annotations: byCi,
      last: { type: 'create', state: 'awake', at: at('2026-11-30T18:08:00.400Z'), actor: 'anna' },
    },
    'Awake: ci-bot used it 4 min ago (get pods, kubectl). Nothing puts it to sleep.',
  ],
  [
    'one that a schedule woke, and nobody used since',
    {
      annotations: { ...byCi, 'last-activity': seconds('2026-11-29T12:00:00Z'), ...office },
      awakeSince: '2026-11-30T06:00:00Z',
      last: woken('schedule'),
    },
    'Awake: woken by its schedule at 07:00 (Europe/Berlin), not used since. Sleeps at 20:00.',
  ],
  [
    'one that was used, and whose control plane was down for a moment since',
    { annotations: byCi, awakeSince: '2026-11-30T18:10:00Z', last: woken('anna') },
    'Awake: ci-bot used it 4 min ago (get pods, kubectl). Nothing puts it to sleep.',
  ],
  [
    'one that a person created',
    { last: woken('anna', 'create') },
    'Awake: created by anna at 06:00 UTC, not used since. Nothing puts it to sleep.',
  ],
  [
    'one that is awake since a time, by whomever',
    { awakeSince: '2026-11-30T06:00:00Z' },
    'Awake since 06:00 UTC, not used since. Nothing puts it to sleep.',
  ],
  ['one of which nothing is known', {}, 'Awake: not used yet. Nothing puts it to sleep.'],
  ['one that is going to sleep', { annotations: { ...byCi, force: 'true' } }, 'Awake, and going to sleep.'],
  [
    'one that its schedule put to sleep',
    { phase: 'Sleeping', annotations: { ...asleep, ...office, 'sleep-type': 'scheduledSleep' } },
    'Asleep since 18:00 (Europe/Berlin) by schedule. Wakes tomorrow at 07:00, or with the first request.',
  ],
  [
    'one that nobody used',
    { phase: 'Sleeping', annotations: { ...asleep, 'sleep-type': 'inactivitySleep', 'sleep-after': '5400' } },
    'Asleep since 17:00 UTC: unused for 1 h 30 min. Wakes with the first request.',
  ],
  [
    'one that a person put to sleep',
    { phase: 'Sleeping', annotations: { ...asleep, 'sleep-type': 'forcedSleep' }, last: slept('anna') },
    'Asleep since 17:00 UTC: put to sleep by anna. Wakes with the first request.',
  ],
  [
    'one that was forced for a time',
    {
      phase: 'Sleeping',
      annotations: { ...asleep, ...office, 'force-duration': '28800' },
      last: slept('anna'),
    },
    'Asleep: forced by anna until tomorrow at 02:00 (Europe/Berlin); requests do not wake it.',
  ],
  [
    'one that was forced without an end',
    { phase: 'Sleeping', annotations: { ...asleep, 'force-duration': '0' } },
    'Asleep: forced until somebody wakes it; requests do not wake it.',
  ],
  ['one that is waking', { phase: 'Sleeping' }, 'Asleep, and waking.'],
  [
    'one that will be deleted',
    {
      phase: 'Sleeping',
      annotations: {
        ...asleep,
        ...office,
        'delete-after': '604800',
        'last-activity': seconds('2026-11-26T12:00:00Z'),
      },
    },
    'Asleep since 18:00 (Europe/Berlin). Wakes tomorrow at 07:00, or with the first request. Deleted on Thursday if unused.',
  ],
  [
    'one that will be deleted in some weeks',
    { annotations: { ...byCi, 'delete-after': '2592000' } },
    'Awake: ci-bot used it 4 min ago (get pods, kubectl). Nothing puts it to sleep. Deleted on 30 December if unused.',
  ],
  [
    'one whose deletion is announced',
    {
      annotations: { 'delete-after': '3600' },
      autoDeletion: { at: '2026-11-30T18:16:00Z', warnedAt: '2026-11-30T18:10:00Z', stoodSeconds: 120 },
    },
    'Awake: not used yet. Nothing puts it to sleep. Deleted at 18:16 UTC if unused.',
  ],
  [
    'one whose announced time has come',
    {
      annotations: { 'delete-after': '3600' },
      autoDeletion: { at: '2026-11-30T18:11:00Z', warnedAt: '2026-11-30T18:01:00Z', stoodSeconds: 660 },
    },
    'Awake: not used yet. Nothing puts it to sleep. About to be deleted: unused for 1 h.',
  ],
  [
    'one that something keeps from being deleted',
    { annotations: { 'delete-after': '3600' }, labels: { 'loft.sh/non-deletable': 'true' } },
    'Awake: not used yet. Nothing puts it to sleep. Unused for so long that it would be deleted, but it is marked as not to be deleted (loft.sh/non-deletable, or deletion.prevent).',
  ],
  [
    'one whose policy nobody understands',
    { annotations: { ...byCi, 'sleep-schedule': 'at night' } },
    'Awake: ci-bot used it 4 min ago (get pods, kubectl). Nothing puts it to sleep. Its sleep policy does not hold: sleepmode.loft.sh/sleep-schedule: invalid cron expression "at night": five fields are required (minute, hour, day of the month, month, day of the week) or one of @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly.',
  ],
  ['one that failed', { phase: 'Failed' }, undefined],
];

describe('the sentence about sleep', () => {
  for (const [title, given, sentence] of sentences)
    it(`says of ${title} why`, () => assert.equal(sentenceOf(given), sentence));
});
