import { setTimeout as delay } from 'node:timers/promises';
import { isFinal } from '../../contracts/operations.ts';
import { eventually } from '../support/eventually.ts';
import { treeOf } from '../load/memory.ts';
import { instancesPath } from '../support/platform.ts';
import type { Fleet } from './fleet.ts';
import type { ChaosTarget } from './targets.ts';

const requests = 20;
/** So often client-go sends a request again that is answered with `Retry-After`. */
const attempts = 10;
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

interface End {
  readonly end: string;
  readonly again: number;
  readonly closed: number;
  readonly ms: number;
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
  const operations = `/api/v1/projects/default/virtualclusters/${tenant}/operations`;
  const list = async () =>
    (await fleet.call('GET', operations)).json<{ items: { id: string; type: string; state: string }[] }>()
      .items;
  const slept = await fleet.call('POST', operations, { type: 'sleep' });
  await fleet.ended(slept.json<{ id: string }>().id);
  const before = new Set((await list()).map(({ id }) => id));
  const sent = Promise.all(Array.from({ length: requests }, () => firstRequest(fleet, tenant)));
  const afterMs = Math.round(input.random() * wakeMs);
  await delay(afterMs);
  if (how === 'killed') await fleet.kill(target);
  else await hang(fleet, target);
  const ends = await sent;
  const wakes = await eventually(
    'nothing is open',
    async () => {
      const since = (await list()).filter(({ id }) => !before.has(id));
      return since.every(({ state }) => isFinal(state as 'queued')) && since;
    },
    { timeoutMs: 240_000 },
  );
  const counts = Object.groupBy(ends, ({ end }) => end);
  const phase = (await fleet.call('GET', `${instancesPath}/${tenant}`)).json<{ status: { phase: string } }>()
    .status.phase;
  const last = await firstRequest(fleet, tenant);
  return {
    target,
    how,
    afterMs,
    ends: Object.fromEntries(Object.entries(counts).map(([end, all]) => [end, all?.length ?? 0])),
    sentAgain: ends.filter(({ again }) => again > 0).length,
    closed: ends.filter(({ closed }) => closed > 0).length,
    longestMs: Math.round(Math.max(...ends.map(({ ms }) => ms))),
    wakes: wakes.map(({ type, state }) => `${type} ${state}`),
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

/** Sent again as client-go does it, and while nobody listens: with one gateway there is no other to take it. */
async function firstRequest(fleet: Fleet, tenant: string): Promise<End> {
  const startedAt = performance.now();
  const path = `/kubernetes/project/default/virtualcluster/${tenant}/api/v1/namespaces/default`;
  let closed = 0;
  for (let again = 0; ; ) {
    const ms = () => performance.now() - startedAt;
    try {
      const { status, headers, text } = await fleet.platform().call('GET', path);
      const pause = Number(headers['retry-after']);
      if (status === 200) return { end: '200', again, closed, ms: ms() };
      if (Number.isNaN(pause) || again === attempts)
        return { end: `${status} ${messageOf(text)}`, again, closed, ms: ms() };
      again += 1;
      await delay(pause * 1000);
    } catch (error) {
      closed += 1;
      if (closed > 300) return { end: String(error), again, closed, ms: ms() };
      await delay(200);
    }
  }
}

function messageOf(text: string): string {
  return /"message":"([^"]*)"/.exec(text)?.[1] ?? text.slice(0, 200);
}
