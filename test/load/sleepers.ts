import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import type { TestPlatform } from '../support/platform.ts';
import { cpuMs } from './cpu-time.ts';
import { heapSnapshot, heldMemory, type HeldMemory } from './live-heap.ts';
import { sumMiB, treeOf } from './memory.ts';
import { seedSleepers, sleeperName } from './seeded-sleepers.ts';
import { applyInstance, endedOperation, operate } from './tenant.ts';

const ours = ['gateway', 'controllers', 'worker'] as const;
const others = ['management-apiserver', 'kine', 'postgres', 'temporal'] as const;
/** One in so many has a sleep schedule. */
const scheduledEvery = 10;
const schedule = '30 3 * * *';
const models = { plain: sleeperName(0), scheduled: sleeperName(1) };
const instances =
  '/kubernetes/management/apis/management.loft.sh/v1/namespaces/p-default/virtualclusterinstances';
const listed = '/api/v1/virtualclusters?limit=100';
/** Processor time in so long that counts as nothing to do, in ms. */
const quietMs = { within: 4_000, cpu: 400 };
const restMs = 60_000;

type Memory = Record<(typeof ours)[number], HeldMemory> & { readonly others: Record<string, number> };

/**
 * What many sleepers cost: memory for each in the platform's processes, time of lists and of starts, work that is done for them while
 * nothing happens. They are copies of two that were put to sleep, in the stores themselves.
 * @param options `snapshots`: folder for the heaps of gateway and controllers
 */
export async function benchSleepers(
  platform: TestPlatform,
  { count, snapshots }: { count: number; snapshots?: string | undefined },
): Promise<void> {
  await makeModels(platform);
  await delay(15_000);
  const before = await memoryOf(platform);
  console.log(`sleepers: ${count}, one in ${scheduledEvery} with a schedule`);
  const seededAt = performance.now();
  const numbers = Array.from({ length: count }, (_, index) => index + 2);
  await seedSleepers(platform, numbers, (index) =>
    index % scheduledEvery === 0 ? models.scheduled : models.plain,
  );
  line('copied in the stores', `${seconds(seededAt)} s`);
  const total = count + 2;
  await eventually('the gateway knows them', () => isKnown(platform, total - 1), { timeoutMs: 300_000 });
  line('known to the gateway after', `${seconds(seededAt)} s`);
  line('seen by the controllers', await untilQuiet(platform, 'controllers'));
  await untilQuiet(platform, 'gateway');
  showMemory(before, await memoryOf(platform), count);
  if (snapshots !== undefined)
    for (const name of ['gateway', 'controllers'] as const)
      writeFileSync(join(snapshots, `${name}.heapsnapshot`), await heapSnapshot(pidOf(platform, name)));
  await showLists(platform, total);
  const restedAt = allCpu(platform);
  await delay(restMs);
  const rested = allCpu(platform);
  line(
    `processor time in ${restMs / 1000} s of rest`,
    Object.entries(rested)
      .map(([name, ms]) => `${name} ${Math.round(ms - (restedAt[name] ?? 0))} ms`)
      .join(', '),
  );
  await showStarts(platform, total);
}

async function makeModels(platform: TestPlatform): Promise<void> {
  for (const name of Object.values(models)) {
    await applyInstance(platform, name);
    await endedOperation(platform, name, 'create');
    await operate(platform, name, 'sleep');
  }
  const annotations = { 'sleepmode.loft.sh/sleep-schedule': schedule };
  const answer = await platform.call(
    'PATCH',
    `${instances}/${models.scheduled}`,
    { metadata: { annotations } },
    { headers: { 'content-type': 'application/merge-patch+json' } },
  );
  if (answer.status !== 200) throw new Error(answer.text);
  await eventually('its schedule is valid', async () =>
    (await platform.call('GET', `${instances}/${models.scheduled}`)).text.includes('SleepScheduleValid'),
  );
}

function pidOf(platform: TestPlatform, name: string): number {
  const pid = platform.processes()[name]?.pid;
  if (pid === undefined) throw new Error(`there is no process ${name}`);
  return pid;
}

async function memoryOf(platform: TestPlatform): Promise<Memory> {
  const own: Partial<Record<(typeof ours)[number], HeldMemory>> = {};
  for (const name of ours) own[name] = await heldMemory(pidOf(platform, name));
  const sizes = others.map((name) => [name, sumMiB(treeOf(pidOf(platform, name))) * 1024] as const);
  return { ...(own as Required<typeof own>), others: Object.fromEntries(sizes) };
}

function showMemory(before: Memory, after: Memory, count: number): void {
  let sum = 0;
  for (const name of ours) {
    const each = (what: keyof HeldMemory) => (after[name][what] - before[name][what]) / count;
    sum += each('heap') + each('buffers');
    line(
      `${name}, KiB each`,
      `${each('heap').toFixed(2)} heap, ${each('buffers').toFixed(2)} buffers; ${each('process').toFixed(2)} PSS ` +
        `(heap ${(before[name].heap / 1024).toFixed(0)} → ${(after[name].heap / 1024).toFixed(0)} MiB)`,
    );
  }
  line('all three, KiB each', `${sum.toFixed(2)} (aim ≤ 10)`);
  for (const [name, size] of Object.entries(after.others))
    line(`${name}, KiB each`, `${((size - (before.others[name] ?? 0)) / count).toFixed(2)} PSS`);
}

async function page(platform: TestPlatform, path: string): Promise<readonly unknown[]> {
  const answer = await platform.call('GET', path);
  if (answer.status !== 200) throw new Error(answer.text);
  return answer.json<{ items: unknown[] }>().items;
}

async function isKnown(platform: TestPlatform, index: number): Promise<boolean> {
  const path = `/api/v1/virtualclusters?limit=1&search=${sleeperName(index)}`;
  return (await page(platform, path).catch(() => [])).length === 1;
}

async function showLists(platform: TestPlatform, total: number): Promise<void> {
  const times = { kubectl: [] as number[], page: [] as number[] };
  for (let round = 0; round < 3; round += 1) {
    let startedAt = performance.now();
    const { code, stdout, stderr } = await platform.kubectl(
      ...['get', 'virtualclusterinstances', '--all-namespaces', '--no-headers'],
    );
    times.kubectl.push(performance.now() - startedAt);
    const rows = stdout.trimEnd().split('\n').length;
    if (code !== 0 || rows !== total) throw new Error(`${rows} rows: ${stderr}`);
    startedAt = performance.now();
    await page(platform, listed);
    times.page.push(performance.now() - startedAt);
  }
  const ms = (values: number[]) => values.map((value) => Math.round(value)).join(', ');
  line(`kubectl get -A: ${total} rows`, `${ms(times.kubectl)} ms`);
  line(`GET ${listed}`, `${ms(times.page)} ms`);
}

async function showStarts(platform: TestPlatform, total: number): Promise<void> {
  for (const name of ['gateway', 'controllers'] as const) {
    const killed = pidOf(platform, name);
    const startedAt = performance.now();
    process.kill(killed, 'SIGKILL');
    await eventually(`${name} is started again`, () => platform.processes()[name]?.pid !== killed, {
      timeoutMs: 120_000,
      intervalMs: 20,
    });
    const startedAgain = seconds(startedAt);
    if (name === 'gateway') {
      await eventually('it answers', () => isKnown(platform, total - 1), {
        timeoutMs: 120_000,
        intervalMs: 50,
      });
      line(
        'gateway killed, answers after',
        `${seconds(startedAt)} s (${startedAgain} s until it is started)`,
      );
    }
    line(`${name} started again`, await untilQuiet(platform, name));
  }
}

/** Waits until it has nothing to do; says how long that took, and what it cost. */
export async function untilQuiet(platform: TestPlatform, name: string): Promise<string> {
  const startedAt = performance.now();
  const cpuBefore = cpuMs([pidOf(platform, name)]);
  for (;;) {
    const pids = [pidOf(platform, name)];
    const before = cpuMs(pids);
    await delay(quietMs.within);
    if (cpuMs(pids) - before > quietMs.cpu && performance.now() - startedAt < 600_000) continue;
    const took = ((performance.now() - startedAt - quietMs.within) / 1000).toFixed(1);
    return `quiet after ${took} s, ${((before - Math.min(before, cpuBefore)) / 1000).toFixed(1)} s of processor time`;
  }
}

function allCpu(platform: TestPlatform): Record<string, number> {
  return Object.fromEntries(
    [...ours, ...others].map((name) => [name, cpuMs(treeOf(pidOf(platform, name)))] as const),
  );
}

const seconds = (since: number) => ((performance.now() - since) / 1000).toFixed(1);

function line(what: string, value: string): void {
  console.log(`  ${what.padEnd(38)} ${value}`);
}
