import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { findProgram } from '../../toolchain/find-program.ts';
import { eventually } from '../support/eventually.ts';
import { instancesPath, run } from '../support/platform.ts';
import { checksAfter } from './checks.ts';
import { counted, type End, firstRequest, firstRequests } from './first-requests.ts';
import type { Fleet } from './fleet.ts';
import { operationsSince, phaseOf, submitted } from './operations.ts';

/** Operations that meet, with requests held; a wake that cannot succeed; a schedule time at which nothing of the platform runs. */
export const crossings = [
  'sleep during wake',
  'wake during sleep',
  'delete during wake',
  'delete during sleep',
  'wake without a node',
  'platform away over a sleep schedule',
] as const;
export type Crossing = (typeof crossings)[number];

export interface CrossingReport {
  readonly ends: Readonly<Record<string, number>>;
  readonly longestMs: number;
  readonly operations: readonly string[];
  readonly phase: string;
  readonly problems: readonly string[];
}

interface Crossed {
  readonly ends: readonly End[];
  readonly problems?: readonly string[];
}

interface Round {
  readonly fleet: Fleet;
  /** Ready at the beginning. */
  readonly tenant: string;
  readonly random: () => number;
}

/** Of a sleep or wake, within which the other thing happens. */
const meetMs = 1_500;
const scheduleMs = 60_000;

/** Lets `crossing` happen to a tenant cluster, and checks what came of it. */
export async function runCrossing(crossing: Crossing, round: Round): Promise<CrossingReport> {
  const { fleet, tenant } = round;
  const settled = await operationsSince(fleet, tenant);
  const { ends, problems = [] } = await crossers[crossing](round);
  const operations = await settled();
  const isDeleted = crossing.startsWith('delete');
  if (isDeleted) await eventually('it is gone', async () => (await phaseOf(fleet, tenant)) === 'gone');
  const phase = await phaseOf(fleet, tenant);
  const left = isDeleted
    ? await checksAfter.delete(fleet, tenant)
    : await firstRequest(fleet, tenant).then(({ end }) =>
        end === '200' ? [] : [`afterwards it answers ${end}`],
      );
  return {
    ends: counted(ends),
    longestMs: Math.round(Math.max(0, ...ends.map(({ ms }) => ms))),
    operations,
    phase,
    problems: [...problems, ...left],
  };
}

const crossers: Record<Crossing, (round: Round) => Promise<Crossed>> = {
  'sleep during wake': async (round) => ended(await heldWhile(round, 'sleep'), answered),
  async 'wake during sleep'(round) {
    await submitted(round.fleet, round.tenant, 'sleep');
    await meeting(round);
    return ended(await firstRequests(round.fleet, round.tenant), answered);
  },
  'delete during wake': async (round) => ended(await heldWhile(round, 'delete'), toldOfDelete),
  async 'delete during sleep'(round) {
    await submitted(round.fleet, round.tenant, 'sleep');
    await meeting(round);
    await submitted(round.fleet, round.tenant, 'delete');
    return ended(await firstRequests(round.fleet, round.tenant), toldOfDelete);
  },
  async 'wake without a node'(round) {
    await slept(round);
    await onNode(round, 'cordon');
    try {
      return ended(await firstRequests(round.fleet, round.tenant, 2), toldOfNode);
    } finally {
      await onNode(round, 'uncordon');
    }
  },
  async 'platform away over a sleep schedule'({ fleet, tenant }) {
    const due = new Date(Math.ceil((Date.now() + 20_000) / scheduleMs) * scheduleMs);
    const schedule = `${due.getUTCMinutes()} ${due.getUTCHours()} * * *`;
    const annotations = { 'sleepmode.loft.sh/sleep-schedule': schedule, 'sleepmode.loft.sh/timezone': 'UTC' };
    const patch = (values: Record<string, string | null>) =>
      fleet.call(
        'PATCH',
        `${instancesPath}/${tenant}`,
        { metadata: { annotations: values } },
        { 'content-type': 'application/merge-patch+json' },
      );
    const answer = await patch(annotations);
    if (answer.status !== 200) throw new Error(answer.text);
    await fleet.awayUntil(new Date(due.getTime() + 10_000));
    const since = performance.now();
    try {
      await eventually('it sleeps', async () => (await phaseOf(fleet, tenant)) === 'Sleeping');
      const ms = performance.now() - since;
      return { ends: [{ end: 'asleep after the start', again: 0, closed: 0, ms }] };
    } finally {
      await patch(Object.fromEntries(Object.keys(annotations).map((name) => [name, null])));
    }
  },
};

async function slept({ fleet, tenant }: Round): Promise<void> {
  await fleet.ended((await submitted(fleet, tenant, 'sleep')).id);
}

function meeting({ random }: Round): Promise<void> {
  return delay(random() * meetMs);
}

/** Requests to a sleeper that wakes for them, while `type` is asked for. */
async function heldWhile(round: Round, type: 'sleep' | 'delete'): Promise<End[]> {
  await slept(round);
  const sent = firstRequests(round.fleet, round.tenant);
  await meeting(round);
  await submitted(round.fleet, round.tenant, type);
  return sent;
}

const answered = /^200$/;
/** Answered before, or told that it goes or is gone. */
const toldOfDelete = /^(200|404|503 .* is being deleted)/;
const toldOfNode = /^503 .*(cordon|unschedulable)/i;

/** What did not end as `expected` is a problem. */
function ended(ends: readonly End[], expected: RegExp): Crossed {
  const others = ends.filter(({ end }) => !expected.test(end));
  return { ends, problems: others.map(({ end }) => `a request ended with ${end}`) };
}

async function onNode({ fleet }: Round, verb: 'cordon' | 'uncordon'): Promise<void> {
  const kubeconfig = join(fleet.stateDir, 'local/admin.kubeconfig');
  const { code, stderr } = await run(findProgram('kubectl'), [
    ...['--kubeconfig', kubeconfig],
    ...[verb, '--selector', 'kubernetes.io/hostname'],
  ]);
  if (code !== 0) throw new Error(stderr);
}
