import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type HistoryWindow, historyWindow } from '../../../domain/usage/history-window.ts';
import type { RecordedState } from '../../../domain/usage/sleep-changes.ts';
import { averages, deltasOf } from '../../../domain/usage/state-history.ts';

const now = new Date('2026-11-30T12:00:00Z');
const window = historyWindow({ from: new Date('2026-11-28T00:00:00Z'), step: 'day' }, now) as HistoryWindow;

/** What one instance adds, whose state changed at these times. */
function shown(...changes: readonly (readonly [at: string, state: RecordedState])[]) {
  const read = changes.map(([at, state]) => ({ at: Date.parse(at), state, isByPolicy: false }));
  return averages(window, deltasOf(window, read)).map(({ awake, asleep }) => [awake, asleep]);
}

describe('how many were awake and asleep over time', () => {
  it('is the average over each bucket, of the last over the part that has passed', () => {
    assert.deepEqual(
      shown(
        ['2026-11-28T12:00:00Z', 'awake'],
        ['2026-11-29T06:00:00Z', 'asleep'],
        ['2026-11-30T06:00:00Z', 'awake'],
      ),
      [
        [0.5, 0],
        [0.3, 0.8],
        [0.5, 0.5],
      ],
    );
  });

  it('counts what was there before from the begin on, and what is to come not at all', () => {
    assert.deepEqual(
      shown(
        ['2026-01-01T00:00:00Z', 'awake'],
        ['2026-02-01T00:00:00Z', 'asleep'],
        ['2026-11-29T00:00:00Z', 'gone'],
        ['2026-12-01T00:00:00Z', 'awake'],
      ),
      [
        [0, 1],
        [0, 0],
        [0, 0],
      ],
    );
    assert.deepEqual(shown(), [
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
  });

  it('adds up over instances', () => {
    const changes = [{ at: window.from.getTime(), state: 'awake', isByPolicy: false }] as const;
    const [first] = averages(window, [...deltasOf(window, changes), ...deltasOf(window, changes)]);
    assert.deepEqual(first, { at: '2026-11-28T00:00:00.000Z', awake: 2, asleep: 0 });
  });
});
