import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  bucketCount,
  bucketTimes,
  type HistoryAsked,
  type HistoryWindow,
  historyWindow,
} from '../../../domain/usage/history-window.ts';

const now = new Date('2026-11-30T12:34:00Z');

function shown(asked: HistoryAsked): unknown[] {
  const window = historyWindow(asked, now);
  if ('fault' in window) return [window.field, window.fault];
  return [window.step, window.from.toISOString(), window.to.toISOString(), bucketCount(window)];
}

describe('the buckets of a history', () => {
  it('are the hours of the last seven days, if nothing is asked for', () => {
    assert.deepEqual(shown({}), ['hour', '2026-11-23T12:00:00.000Z', now.toISOString(), 169]);
  });

  it('are whole but the last, and end now at the latest', () => {
    const window = historyWindow({ from: new Date('2026-11-29T05:00:00Z'), step: 'day' }, now);
    assert.deepEqual(
      [0, 1].map((bucket) => {
        const { begin, end } = bucketTimes(window as HistoryWindow, bucket);
        return [new Date(begin).toISOString(), new Date(end).toISOString()];
      }),
      [
        ['2026-11-29T00:00:00.000Z', '2026-11-30T00:00:00.000Z'],
        ['2026-11-30T00:00:00.000Z', now.toISOString()],
      ],
    );
    const later = new Date('2027-01-01T00:00:00Z');
    assert.deepEqual(shown({ to: later, step: 'day' }), [
      ...['day', '2026-11-23T00:00:00.000Z', now.toISOString(), 8],
    ]);
    const whole = { from: new Date('2026-11-01T00:00:00Z'), to: new Date('2026-11-02T00:00:00Z') };
    assert.equal(shown(whole).at(-1), 24);
  });

  it('are days where hours were too many, and never more than 400', () => {
    const from = (days: number) => ({ from: new Date(now.getTime() - days * 86_400_000) });
    assert.equal(shown(from(16))[0], 'hour');
    assert.equal(shown(from(17))[0], 'day');
    assert.equal(shown(from(399)).at(-1), 400);
    assert.deepEqual(shown(from(400)), ['from', 'these are more than 400 days: ask for a later begin']);
    assert.deepEqual(shown({ ...from(17), step: 'hour' }), [
      ...['step', 'these are more than 400 hours: ask for days, or for a later begin'],
    ]);
  });

  it('are none of what is to come, or ends before it begins', () => {
    const fault = ['from', 'must be in the past, and before "to"'];
    assert.deepEqual(shown({ from: now }), fault);
    assert.deepEqual(
      shown({ from: new Date('2026-11-02T00:00:00Z'), to: new Date('2026-11-01T00:00:00Z') }),
      fault,
    );
  });
});
