import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import { type PlannedProcess, planProcesses } from './plan.ts';
import { runWithin } from './run-within.ts';

const onNode = (name: string) => `test/real-node/${name}.test.ts`;

describe('processes of tests', () => {
  test('files that share a platform or node are one process; what needs the machine for itself comes first, then the longest', () => {
    const files = ['test/api/a.test.ts', 'test/e2e/kubectl-commands.test.ts', 'test/e2e/bad-input.test.ts'];
    const times = { 'test/api/a.test.ts': 500, 'test/e2e/kubectl-commands.test.ts': 90 };
    const planned = planProcesses([...files, onNode('streams'), onNode('tenant-lifecycle')], times);
    assert.deepEqual(
      planned.map((process) => [process.need, process.files, process.alone]),
      [
        ['node', ['streams', 'tenant-lifecycle'].map(onNode), [onNode('streams')]],
        ['parts', files.slice(0, 1), []],
        ['platform', files.slice(1), []],
      ],
    );
  });

  /** Runs processes that end when they are told to; their titles tell what they need. */
  function running(...titles: string[]) {
    const begun: string[] = [];
    const ends = new Map<string, { end: () => void; share: () => void }>();
    const planned = titles.map((title): PlannedProcess => {
      const need = (['node', 'platform'] as const).find((one) => title.includes(one)) ?? 'parts';
      const alone = title.includes('alone') ? ['its-first-file'] : [];
      return { title, need, files: [], alone, isLoud: title.includes('loud') };
    });
    let idle = 0;
    const over = runWithin(
      { all: 5, whileIdle: 1 },
      planned,
      ({ title }, share) => {
        begun.push(title);
        const { promise, resolve } = Promise.withResolvers<void>();
        ends.set(title, { end: resolve, share });
        return promise;
      },
      { since: () => idle, everyMs: 10 },
    );
    return {
      over,
      begins: (...expected: string[]) =>
        eventually(`${expected.join()} begin`, () => {
          assert.deepEqual(begun, expected);
          begun.length = 0;
          return true;
        }),
      nothingBegins: async () => {
        await delay(100);
        assert.deepEqual(begun, []);
      },
      end: (title: string) => ends.get(title)?.end(),
      share: (title: string) => ends.get(title)?.share(),
      idles: (isIdle: boolean) => (idle = isIdle ? 0.9 : 0),
    };
  }

  test('begin as the limits let them, and not while one needs the machine for itself', async () => {
    const run = running('node alone', 'loud platform', 'platform', 'parts', 'more parts');
    await run.begins('node alone');
    await run.nothingBegins();
    run.share('node alone');
    await run.begins('platform', 'parts');
    await run.nothingBegins();
    run.end('node alone');
    await run.begins('loud platform');
    for (const title of ['loud platform', 'platform', 'parts']) run.end(title);
    await run.begins('more parts');
    run.end('more parts');
    await run.over;
  });

  test('one more begins while processors idle', async () => {
    const run = running('platform', 'a', 'b', 'c', 'd', 'e');
    await run.begins('platform', 'a', 'b', 'c');
    await run.nothingBegins();
    run.idles(true);
    await run.begins('d');
    await run.nothingBegins();
    for (const title of ['platform', 'a', 'b', 'c', 'd']) run.end(title);
    await run.begins('e');
    run.end('e');
    await run.over;
  });
});
