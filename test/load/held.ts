import { setTimeout as delay } from 'node:timers/promises';
import type { Operation } from '../../contracts/operations.ts';
import type { TestPlatform } from '../support/platform.ts';
import { spread } from './statistics.ts';
import { applyInstance, endedOperation, operate, smallValues } from './tenant.ts';

const requests = 1_000;
/** So often client-go sends a request again that is answered with `Retry-After`. */
const attempts = 10;

interface First {
  readonly status: number;
  readonly tries: number;
  readonly ms: number;
}

/** A plain read inside a tenant cluster, sent again as client-go does. */
async function firstRequest(platform: TestPlatform, name: string): Promise<First> {
  const startedAt = performance.now();
  for (let tries = 1; ; tries++) {
    const path = `/kubernetes/project/default/virtualcluster/${name}/api/v1/namespaces/default`;
    const { status, headers } = await platform.call('GET', path);
    const again = Number(headers['retry-after']);
    if (status === 200 || Number.isNaN(again) || tries > attempts)
      return { status, tries, ms: performance.now() - startedAt };
    await delay(again * 1000);
  }
}

/**
 * 1,000 first requests over many sleepers at once: how many fail, how long they wait, and how many wakes they make. Each awake
 * control plane takes about 400 MiB.
 */
export async function benchHeld(platform: TestPlatform, sleepers: number): Promise<void> {
  const names = Array.from({ length: sleepers }, (_, index) => `sleeper-${index}`);
  for (const name of names) {
    await applyInstance(platform, name, smallValues);
    await endedOperation(platform, name, 'create');
    await operate(platform, name, 'sleep');
  }
  const startedAt = performance.now();
  const all = await Promise.all(
    Array.from({ length: requests }, (_, index) => firstRequest(platform, names[index % sleepers] ?? '')),
  );
  const took = performance.now() - startedAt;
  const failed = all.filter(({ status }) => status !== 200);
  const again = all.filter(({ tries }) => tries > 1);
  const wakes = await Promise.all(names.map((name) => wakesOf(platform, name)));
  console.log(`first requests: ${requests} at once over ${sleepers} sleepers`);
  console.log(
    `  failed                          ${failed.length} ${failed.map(({ status }) => status).join(' ')}`,
  );
  console.log(
    `  answered after                  ${spread(all.map(({ ms }) => ms))} ms, all in ${took.toFixed(0)} ms`,
  );
  console.log(`  sent again, as client-go does   ${again.length}`);
  console.log(`  wakes                           ${wakes.reduce((sum, count) => sum + count, 0)}\n`);
  for (const name of names) await platform.submit(name, { type: 'delete' });
}

async function wakesOf(platform: TestPlatform, name: string): Promise<number> {
  const path = `/api/v1/projects/default/virtualclusters/${name}/operations?type=wake`;
  return (await platform.call('GET', path)).json<{ items: Operation[] }>().items.length;
}
