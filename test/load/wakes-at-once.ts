import { availableParallelism } from 'node:os';
import type { TestPlatform } from '../support/platform.ts';
import { bareControlPlanes, bareRun, bareStart } from './bare-runs.ts';
import { spread } from './statistics.ts';
import { applyInstance, endedOperation, operate, smallValues, untilAnswers } from './tenant.ts';

/** As `npm start` admits wakes. */
const atOnce = 2 * availableParallelism();

/**
 * Wakes of many tenant clusters that are asked for in the same moment, by a request to each, against as many restarts by hand of
 * the same programs, as many of them at once as wakes are admitted. Each takes about 400 MiB.
 */
export async function benchWakesAtOnce(platform: TestPlatform, count: number): Promise<void> {
  const bares = await bareControlPlanes(platform, count);
  const bareTimes: number[] = [];
  let bareTook = 0;
  try {
    for (const { bare, client } of bares) await bareRun(bare, client, true);
    const startedAt = performance.now();
    const left = bares.values();
    const restart = async () => {
      for (const { bare, client } of left) bareTimes.push(await bareStart(bare, client, false));
    };
    await Promise.all(Array.from({ length: atOnce }, restart));
    bareTook = performance.now() - startedAt;
  } finally {
    for (const { bare, client } of bares) {
      await bare.stop();
      await client.close();
      bare.remove();
    }
  }
  const names = Array.from({ length: count }, (_, index) => `storm-${index}`);
  for (const name of names) {
    await applyInstance(platform, name, smallValues);
    await endedOperation(platform, name, 'create');
    await operate(platform, name, 'sleep');
  }
  const startedAt = performance.now();
  const times = await Promise.all(names.map((name) => untilAnswers(platform, name, startedAt)));
  const took = performance.now() - startedAt;
  console.log(`wakes at once: ${count}, ${atOnce} admitted at a time; ms`);
  console.log(`  all answer after                ${took.toFixed(0)}; each ${spread(times)}`);
  console.log(
    `  bare restarts, ${atOnce} at a time      ${bareTook.toFixed(0)}; each from its own start ${spread(bareTimes)}   ratio ${(took / bareTook).toFixed(2)} (aim ≤ 1.3)\n`,
  );
  await Promise.all(names.map((name) => operate(platform, name, 'delete')));
}
