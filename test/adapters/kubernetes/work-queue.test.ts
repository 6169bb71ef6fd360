import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createWorkQueue } from '../../../adapters/kubernetes/work-queue.ts';
import { eventually } from '../../support/eventually.ts';

/** A handler whose calls a test lets end one by one. */
function gatedHandler() {
  const calls: string[] = [];
  const gates: (() => void)[] = [];
  let running = 0;
  let mostAtOnce = 0;
  return {
    calls,
    mostAtOnce: () => mostAtOnce,
    endOne: () => gates.shift()?.(),
    handle: async (key: string) => {
      calls.push(key);
      running += 1;
      mostAtOnce = Math.max(mostAtOnce, running);
      await new Promise<void>((resolve) => gates.push(resolve));
      running -= 1;
      return undefined;
    },
  };
}

describe('work queue', () => {
  it('handles a key once however often it was added, and once more if it was added meanwhile', async () => {
    const gate = gatedHandler();
    const queue = createWorkQueue({ handle: gate.handle });
    queue.add('a');
    await turn();
    for (let i = 0; i < 10; i += 1) queue.add('a');
    await turn();
    assert.deepEqual(gate.calls, ['a']);
    gate.endOne();
    await turn();
    assert.deepEqual(gate.calls, ['a', 'a']);
    gate.endOne();
    await queue.idle();
    assert.deepEqual(gate.calls, ['a', 'a']);
    assert.equal(gate.mostAtOnce(), 1);
  });

  it('handles no more keys at once than it may', async () => {
    const gate = gatedHandler();
    const queue = createWorkQueue({ handle: gate.handle, concurrency: 2 });
    for (const key of ['a', 'b', 'c', 'd']) queue.add(key);
    for (let i = 0; i < 4; i += 1) {
      await turn();
      gate.endOne();
    }
    await queue.idle();
    assert.deepEqual(gate.calls, ['a', 'b', 'c', 'd']);
    assert.equal(gate.mostAtOnce(), 2);
  });

  it('retries a failure with growing pauses per key, and resets after a success', async () => {
    const counts: Record<string, number[]> = { bad: [], good: [] };
    let failuresLeft = 4;
    const queue = createWorkQueue({
      minBackoffMs: 2,
      maxBackoffMs: 10,
      handle: async (key) => {
        if (key === 'bad' && failuresLeft-- > 0) throw new Error('not yet');
        counts[key]?.push(0);
        return undefined;
      },
      onFailure: (key, _error, failures) => counts[key]?.push(failures),
    });
    queue.add('bad');
    queue.add('good');
    await eventually('bad succeeded', () => counts['bad']?.at(-1) === 0, { intervalMs: 2 });
    assert.deepEqual(counts, { bad: [1, 2, 3, 4, 0], good: [0] });
    await queue.stop();
  });

  it('counts a handler that throws before its first await as a failure like any other', async () => {
    let calls = 0;
    const queue = createWorkQueue({
      minBackoffMs: 1,
      handle: (() => {
        calls += 1;
        if (calls < 3) throw new Error('at once');
        return Promise.resolve(undefined);
      }) as () => Promise<undefined>,
    });
    queue.add('a');
    await eventually('it was tried three times', () => calls === 3, { intervalMs: 2 });
    await queue.stop();
  });

  it('requeues after the requested time, and not after stop', async () => {
    let calls = 0;
    const queue = createWorkQueue({
      handle: async () => {
        calls += 1;
        return { requeueAfterMs: 5 };
      },
    });
    queue.add('a');
    await eventually('it was called three times', () => calls >= 3, { intervalMs: 2 });
    await queue.stop();
    const then = calls;
    queue.add('a');
    await turn();
    assert.equal(calls, then);
  });

  it('ends long pauses of many keys with few timers, and those that were ended early not again', (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const handled: string[] = [];
    const queue = createWorkQueue({
      handle: (async (key: string) => void handled.push(key)) as () => Promise<undefined>,
      concurrency: 100,
    });
    const keys = Array.from({ length: 50 }, (_, index) => `key-${index}`);
    for (const key of keys) queue.addAfter(key, 600_000);
    queue.addAfter('key-1', 1_200_000); // the last word counts
    queue.add('key-0');
    assert.deepEqual(handled, ['key-0']);
    context.mock.timers.tick(599_000);
    assert.deepEqual(handled, ['key-0']);
    context.mock.timers.tick(2_000);
    assert.deepEqual(handled, ['key-0', ...keys.slice(2)]);
    context.mock.timers.tick(601_000);
    assert.equal(handled.at(-1), 'key-1');
  });

  it('keys that hang use all workers once, and then only a few', async () => {
    const hung = Array.from({ length: 40 }, (_, index) => `hung-${index}`);
    let running = 0;
    let most = 0;
    const giveUp = new Set<() => void>();
    const handled: string[] = [];
    const queue = createWorkQueue({
      concurrency: 8,
      minBackoffMs: 1,
      maxBackoffMs: 1,
      groupOf: (key) => key.split('-', 1)[0] ?? '',
      handle: async (key) => {
        if (!key.startsWith('hung')) {
          handled.push(key);
          return undefined;
        }
        running += 1;
        most = Math.max(most, running);
        await new Promise<void>((resolve) => giveUp.add(resolve));
        running -= 1;
        throw new Error('no answer');
      },
    });
    for (const key of hung) queue.add(key);
    await turn();
    assert.equal(running, 8, 'nobody knows yet');
    for (const resolve of giveUp) resolve();
    most = 0;
    await eventually('they are tried again', () => running > 0, { intervalMs: 2 });
    for (let index = 0; index < 100; index += 1) queue.add(`well-${index}`);
    await eventually('the others are handled', () => handled.length === 100, { intervalMs: 2 });
    assert.equal(most, 2);
    const stopping = queue.stop();
    for (const resolve of giveUp) resolve();
    await stopping;
  });

  it('waits for running handlers when it is stopped', async () => {
    const gate = gatedHandler();
    const queue = createWorkQueue({ handle: gate.handle });
    queue.add('a');
    await turn();
    let stopped = false;
    const stopping = queue.stop().then(() => {
      stopped = true;
    });
    await turn();
    assert.equal(stopped, false);
    gate.endOne();
    await stopping;
  });
});
