import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type OperationType, operationTypes } from '../../../contracts/verbs.ts';
import { type Decision, decideConflict, type PresentOperation } from '../../../domain/lifecycle/conflicts.ts';

const present = (
  type: OperationType,
  state: 'queued' | 'running',
  more: Partial<PresentOperation> = {},
): PresentOperation => ({
  id: `${state}-${type}`,
  type,
  state,
  cancelRequested: false,
  targetHash: 'same',
  snapshot: 'same',
  ...more,
});
const request = (type: OperationType, more: { targetHash?: string; snapshot?: string } = {}) => ({
  type,
  targetHash: 'same',
  snapshot: 'same',
  ...more,
});
const short = (decision: Decision): string => {
  if (decision.action !== 'queue') return decision.action;
  if (decision.supersede.length > 0) return 'supersede';
  return decision.cancel.length > 0 ? 'cancel' : 'wait';
};

/** Rows: what is asked for; columns: what is there, in the order of `operationTypes`. */
const table: Record<'queued' | 'running', Record<OperationType, string>> = {
  //          create    update    sleep     wake      snapshot  restore   delete disconnect upgrade
  queued: {
    create: 'join      wait      wait      wait      wait      wait      refuse wait       wait',
    update: 'wait      join      wait      wait      wait      wait      refuse wait       wait',
    sleep: ' wait      wait      join      wait      wait      wait      refuse wait       wait',
    wake: '  wait      wait      wait      join      wait      wait      refuse wait       wait',
    snapshot: 'wait    wait      wait      wait      join      wait      refuse wait       wait',
    restore: 'wait     wait      wait      wait      wait      join      refuse wait       wait',
    delete: 'supersede supersede supersede supersede supersede supersede join supersede  supersede',
    disconnect: 'wait  wait      wait      wait      wait      wait      refuse join       wait',
    upgrade: 'wait     wait      wait      wait      wait      wait      refuse wait       join',
  },
  running: {
    create: 'join      wait      wait      wait      wait      wait      refuse wait       wait',
    update: 'wait      join      wait      wait      wait      wait      refuse wait       wait',
    sleep: ' wait      wait      join      wait      wait      wait      refuse wait       wait',
    wake: '  wait      wait      wait      join      wait      wait      refuse wait       wait',
    snapshot: 'wait    wait      wait      wait      join      wait      refuse wait       wait',
    restore: 'wait     wait      wait      wait      wait      join      refuse wait       wait',
    delete: 'cancel    cancel    wait      wait      cancel    cancel    join wait       wait',
    disconnect: 'wait  wait      wait      wait      wait      wait      refuse join       wait',
    upgrade: 'wait     wait      wait      wait      wait      wait      refuse wait       join',
  },
};

for (const state of ['queued', 'running'] as const) {
  for (const asked of operationTypes) {
    const row = table[state][asked].trim().split(/\s+/);
    for (const [column, there] of operationTypes.entries()) {
      test(`${asked} beside a ${state} ${there}: ${row[column]}`, () => {
        assert.equal(short(decideConflict(request(asked), [present(there, state)])), row[column]);
      });
    }
  }
}

test('without open operations it is queued', () => {
  for (const type of operationTypes) {
    assert.deepEqual(decideConflict(request(type), []), { action: 'queue', supersede: [], cancel: [] });
  }
});

test('another target: a queued update or create is joined, a running one is not', () => {
  for (const type of ['create', 'update'] as const) {
    assert.equal(
      short(decideConflict(request(type, { targetHash: 'new' }), [present(type, 'running')])),
      'wait',
    );
    assert.equal(
      short(decideConflict(request(type, { targetHash: 'new' }), [present(type, 'queued')])),
      'join',
    );
  }
});

test('another snapshot: neither snapshot nor restore is joined', () => {
  for (const type of ['snapshot', 'restore'] as const) {
    assert.equal(
      short(decideConflict(request(type, { snapshot: 'other' }), [present(type, 'queued')])),
      'wait',
    );
  }
});

test('other parameters: a disconnect or upgrade takes the place of the one that is there', () => {
  for (const type of ['disconnect', 'upgrade'] as const) {
    const other = request(type, { targetHash: 'other' });
    assert.equal(short(decideConflict(other, [present(type, 'queued')])), 'supersede');
    assert.equal(short(decideConflict(other, [present(type, 'running')])), 'cancel');
  }
});

test('an operation that is being cancelled is not joined', () => {
  for (const type of operationTypes.filter((candidate) => candidate !== 'delete')) {
    assert.equal(
      short(decideConflict(request(type), [present(type, 'running', { cancelRequested: true })])),
      'wait',
    );
  }
});

test('only the newest is joined: sleep, then wake waiting, then sleep makes a third', () => {
  const queue = [present('sleep', 'running'), present('wake', 'queued')];
  assert.equal(short(decideConflict(request('sleep'), queue)), 'wait');
  assert.deepEqual(decideConflict(request('wake'), queue), { action: 'join', id: 'queued-wake' });
});

test('delete supersedes queued operations and cancels the running one', () => {
  const queue = [present('update', 'running'), present('sleep', 'queued'), present('snapshot', 'queued')];
  assert.deepEqual(decideConflict(request('delete'), queue), {
    action: 'queue',
    supersede: ['queued-sleep', 'queued-snapshot'],
    cancel: ['running-update'],
  });
});

test('delete waits for a running sleep and supersedes operations queued behind it', () => {
  const queue = [present('sleep', 'running'), present('wake', 'queued')];
  assert.deepEqual(decideConflict(request('delete'), queue), {
    action: 'queue',
    supersede: ['queued-wake'],
    cancel: [],
  });
});

test('behind a queued delete everything is refused', () => {
  const queue = [present('sleep', 'running'), present('delete', 'queued')];
  assert.equal(short(decideConflict(request('sleep'), queue)), 'refuse');
  assert.deepEqual(decideConflict(request('delete'), queue), { action: 'join', id: 'queued-delete' });
});
