import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../../support/eventually.ts';
import type { TestPlatform } from '../../support/platform.ts';
import { seedSleepers } from '../seeded-sleepers.ts';
import { untilQuiet } from '../sleepers.ts';
import { applyInstance, endedOperation, operate } from '../tenant.ts';
import { line } from './shown.ts';

/** What the names of the fleet begin with, as many of each. All names are as long as the model's. */
const families = ['api', 'dev', 'job', 'lab', 'web'] as const;
const model = 'plain-00';
/** Numbers of a family are spread over so many: one in ten begins with a 4, however large the fleet is. */
const numbers = 10_000;
/** Consoles take what is younger than a minute for new, and read their lists again for it. */
const oldAfterMs = 65_000;

/**
 * A fleet that sleeps: copies in the stores of a tenant cluster that the platform made and put to sleep, in a connected cluster that
 * is not there, so that controllers leave them alone. Waits until all is quiet. Gives their names, sorted as lists are.
 */
export async function seedFleet(platform: TestPlatform, count: number): Promise<readonly string[]> {
  await applyInstance(platform, model);
  const madeAt = performance.now();
  await endedOperation(platform, model, 'create');
  await operate(platform, model, 'sleep');
  const ofEach = Math.ceil(count / families.length);
  if (ofEach > numbers) throw new Error(`a fleet has at most ${numbers * families.length} tenant clusters`);
  const nameOf = (index: number) => {
    const number = Math.floor((Math.floor(index / families.length) * numbers) / ofEach);
    return `${families[index % families.length]}-${String(number).padStart(4, '0')}`;
  };
  const indexes = Array.from({ length: count }, (_, index) => index);
  const seededAt = performance.now();
  await seedSleepers(platform, indexes, () => model, undefined, nameOf);
  await eventually('the gateway knows them', () => isKnown(platform, nameOf(count - 1)), {
    timeoutMs: 300_000,
  });
  line(
    'seeded, known to the gateway',
    `${count} after ${((performance.now() - seededAt) / 1000).toFixed(1)} s`,
  );
  line('controllers', await untilQuiet(platform, 'controllers'));
  line('gateway', await untilQuiet(platform, 'gateway'));
  await delay(Math.max(0, oldAfterMs - (performance.now() - madeAt)));
  return indexes.map(nameOf).toSorted();
}

async function isKnown(platform: TestPlatform, name: string): Promise<boolean> {
  const { status, json } = await platform.call('GET', `/api/v1/virtualclusters?limit=1&search=${name}`);
  return status === 200 && json<{ items: unknown[] }>().items.length === 1;
}
