import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import { createEventQueue } from '../../api/audit/event-queue.ts';
import type { AuditEvent } from '../../contracts/audit.ts';
import { eventually } from '../support/eventually.ts';

function event(id: string = randomUUID(), stage: AuditEvent['stage'] = 'complete'): AuditEvent {
  return {
    id,
    stage,
    receivedAt: new Date().toISOString(),
    level: 'Metadata',
    method: 'POST',
    verb: 'create',
    pathKind: 'rest',
    path: '/',
  };
}

/** A queue before a store that can be away, or find an event bad. */
function queueBefore(limit: number) {
  const store = { away: false, bad: '', rows: new Map<string, AuditEvent>(), writes: 0 };
  let lost = 0;
  const queue = createEventQueue({
    limit,
    async write(events) {
      store.writes++;
      if (store.away) throw new Error('away');
      if (events.some(({ id }) => id === store.bad)) throw new Error('bad');
      for (const each of events) store.rows.set(each.id, each);
    },
    mayRetry: (error) => error instanceof Error && error.message === 'away',
    onLost: (count) => {
      lost += count;
    },
    sizeOf: () => 0,
  });
  return { queue, store, lost: () => lost };
}

describe('the queue of the audit log', () => {
  it('writes batches, with only the last stage of a request', async () => {
    const { queue, store } = queueBefore(10_000);
    for (let index = 0; index < 1_000; index++) {
      const id = randomUUID();
      queue.add(event(id, 'attempted'));
      queue.add(event(id));
    }
    await eventually('all are written', () => store.rows.size === 1_000);
    assert.equal(store.writes, 2);
    assert.ok([...store.rows.values()].every(({ stage }) => stage === 'complete'));
  });

  it('keeps events up to its bound while the store is down, and counts the rest', async () => {
    const { queue, store, lost } = queueBefore(100);
    store.away = true;
    for (let index = 0; index < 150; index++) queue.add(event());
    await eventually('it was tried', () => store.writes > 0);
    assert.equal(queue.length, 100);
    assert.equal(lost(), 50);
    store.away = false;
    await eventually('it was tried again', () => store.rows.size === 100);
    assert.equal(queue.length, 0);
  });

  it('loses only the event that the store refuses', async () => {
    const { queue, store, lost } = queueBefore(100);
    const bad = event();
    store.bad = bad.id;
    for (let index = 0; index < 10; index++) queue.add(event());
    queue.add(bad);
    await eventually('the others are written', () => store.rows.size === 10);
    await eventually('it is counted', () => lost() === 1);
  });

  it('writes queued events when it is closed', async () => {
    const { queue, store } = queueBefore(100);
    queue.add(event());
    assert.equal(await queue.close(5_000), 0);
    assert.equal(store.rows.size, 1);
  });

  it('reports how many events are lost when the store stays down', async () => {
    const { queue, store } = queueBefore(100);
    store.away = true;
    queue.add(event());
    assert.equal(await queue.close(1_000), 1);
  });
});
