import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { judge, requestOf } from './way.ts';

import { ways } from './ways/ways.ts';
import { readVictims } from './world-state.ts';
import { createWorld, type World } from './world.ts';

/** Chains of ways at the same time. */
const atOnce = 4;

/** Nobody reaches what is another's, by any way of the table, over a whole platform. */
describe('isolation', { timeout: 900_000 }, () => {
  let world: World;
  before(async () => {
    world = await createWorld();
  });
  after(async () => {
    await world?.close();
  });

  test('every attack of the table is refused', async (t) => {
    const victims = await readVictims(world);
    const reached: string[] = [];
    const chains = [...Map.groupBy(ways, (way) => way.chain ?? way).values()];
    const waiting = chains.toSorted((a, b) => b.length - a.length).values(); // the longest first
    const work = async () => {
      for (const chain of waiting)
        for (const way of chain) {
          const why = await judge(world, way);
          if (why !== undefined) reached.push(`${way.who} ${way.tries} (${requestOf(world, way)}): ${why}`);
        }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    t.diagnostic(`${reached.length} of ${ways.length} reached what is another's`);
    assert.deepEqual(reached, []);
    assert.ok(ways.length >= 80);
    assert.deepEqual(await readVictims(world), victims);
  });
});
