import { setTimeout as delay } from 'node:timers/promises';
import { treeOf } from '../load/memory.ts';
import { counted, firstRequest, firstRequests } from './first-requests.ts';
import type { Fleet } from './fleet.ts';
import { operationsSince, phaseOf, submitted } from './operations.ts';
import type { ChaosTarget } from './targets.ts';

/** Of a wake, within which something happens to it. */
const wakeMs = 2_000;
const hangMs = 40_000;

export interface HeldReport {
  readonly target: ChaosTarget;
  readonly how: 'killed' | 'hangs';
  readonly afterMs: number;
  /** How the requests ended, and how often. */
  readonly ends: Readonly<Record<string, number>>;
  readonly sentAgain: number;
  readonly closed: number;
  readonly longestMs: number;
  readonly wakes: readonly string[];
  readonly problems: readonly string[];
}

/**
 * Sends first requests to a sleeper, has `target` killed or hang in the middle of the wake, and checks that each gets an answer as
 * client-go would, that the tenant cluster is awake in the end and that nothing is left open.
 */
export async function runHeldRound(input: {
  fleet: Fleet;
  tenant: string;
  target: ChaosTarget;
  how: HeldReport['how'];
  random: () => number;
}): Promise<HeldReport> {
  const { fleet, tenant, target, how } = input;
  await fleet.ended((await submitted(fleet, tenant, 'sleep')).id);
  const settled = await operationsSince(fleet, tenant);
  const sent = firstRequests(fleet, tenant);
  const afterMs = Math.round(input.random() * wakeMs);
  await delay(afterMs);
  if (how === 'killed') await fleet.kill(target);
  else await hang(fleet, target);
  const ends = await sent;
  const wakes = await settled();
  const phase = await phaseOf(fleet, tenant);
  const last = await firstRequest(fleet, tenant);
  return {
    target,
    how,
    afterMs,
    ends: counted(ends),
    sentAgain: ends.filter(({ again }) => again > 0).length,
    closed: ends.filter(({ closed }) => closed > 0).length,
    longestMs: Math.round(Math.max(...ends.map(({ ms }) => ms))),
    wakes,
    problems: [
      ...ends.filter(({ end }) => end !== '200').map(({ end }) => `a request ended with ${end}`),
      ...(phase === 'Ready' ? [] : [`its phase is ${phase}`]),
      ...(last.end === '200' ? [] : [`afterwards it answers ${last.end}`]),
    ],
  };
}

async function hang(fleet: Fleet, target: ChaosTarget): Promise<void> {
  const pid = fleet.platform().processes()[target]?.pid;
  if (pid === undefined) throw new Error(`there is no process ${target}`);
  const pids = treeOf(pid);
  for (const one of pids) process.kill(one, 'SIGSTOP');
  await delay(hangMs);
  for (const one of pids) process.kill(one, 'SIGCONT');
}
