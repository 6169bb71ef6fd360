import { existsSync } from 'node:fs';
import { seedFile } from '../../adapters/tenant-seeds.ts';
import type { Operation } from '../../contracts/operations.ts';
import { localSeed, tenantSeedsDir } from '../../local/tenant-seed.ts';
import { eventually } from '../support/eventually.ts';
import type { TestPlatform } from '../support/platform.ts';
import { bareControlPlanes, bareRun } from './bare-runs.ts';
import { median, spread } from './statistics.ts';
import { applyInstance, endedOperation, operate, untilAnswers } from './tenant.ts';

const elapsed = (from: string | undefined, to: string | undefined) =>
  from && to ? Date.parse(to) - Date.parse(from) : 0;

/** In these steps the control plane starts; in a create's `access` a new one still makes its bootstrap roles. */
const startingSteps = ['ready', 'access'];

/** What an operation took beside the steps in which the control plane starts: milliseconds. */
function restOf({ createdAt, finishedAt, steps }: Operation): number {
  return steps
    .filter(({ key }) => startingSteps.includes(key))
    .reduce((rest, step) => rest - elapsed(step.startedAt, step.finishedAt), elapsed(createdAt, finishedAt));
}

/** create (from a seed) → answers, wake → answers, and a first request that wakes, each against etcd and kube-apiserver started by hand with the same flags. */
export async function benchControlPlane(platform: TestPlatform, repeats: number): Promise<void> {
  await eventually('the seed is made', () => existsSync(seedFile(tenantSeedsDir(), localSeed)));
  const [copy] = await bareControlPlanes(platform, 1);
  if (copy === undefined) throw new Error('no control plane was copied');
  const { bare, client } = copy;
  const figures = {
    bareCreate: [] as number[],
    create: [] as number[],
    createRest: [] as number[],
    bareWake: [] as number[],
    wake: [] as number[],
    wakeRest: [] as number[],
    held: [] as number[],
  };
  try {
    for (let index = 0; index < repeats; index++) {
      figures.bareCreate.push(await bareRun(bare, client, true));
      figures.bareWake.push(await bareRun(bare, client, false));
      const name = `bench-${index}`;
      let startedAt = performance.now();
      await applyInstance(platform, name);
      figures.create.push(await untilAnswers(platform, name, startedAt));
      figures.createRest.push(restOf(await endedOperation(platform, name, 'create')));
      await operate(platform, name, 'sleep');
      startedAt = performance.now();
      await platform.submit(name, { type: 'wake' });
      figures.wake.push(await untilAnswers(platform, name, startedAt));
      figures.wakeRest.push(restOf(await endedOperation(platform, name, 'wake')));
      await operate(platform, name, 'sleep');
      // One request, which wakes it and is held: it is never sent again.
      startedAt = performance.now();
      figures.held.push(await untilAnswers(platform, name, startedAt));
      await endedOperation(platform, name, 'wake');
      await operate(platform, name, 'delete');
    }
  } finally {
    await client.close();
    await bare.stop();
    bare.remove();
  }
  const line = (what: string, values: number[], note: string) =>
    console.log(`  ${what.padEnd(31)} ${spread(values)}${note}`);
  const ratio = (ours: number[], theirs: number[], aim: string) =>
    `   ratio ${(median(ours) / median(theirs)).toFixed(2)} (aim ≤ ${aim})`;
  console.log(`control plane, ms: min / median / max of ${repeats}`);
  line('create → answers', figures.create, '');
  line('bare etcd + kube-apiserver', figures.bareCreate, ratio(figures.create, figures.bareCreate, '1.0'));
  line('create, but ready and access', figures.createRest, '   (aim ≤ 1000)');
  line('wake → answers', figures.wake, '');
  line('bare restart on the same data', figures.bareWake, ratio(figures.wake, figures.bareWake, '1.5'));
  line('first request, held', figures.held, ratio(figures.held, figures.bareWake, '1.3'));
  line('wake, but ready', figures.wakeRest, '   (aim ≤ 150)\n');
}
