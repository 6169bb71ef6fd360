import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ManagedInstance } from '../../../contracts/resources/resource-kinds.ts';
import { type RecordedUse, sleptStatus } from '../../../domain/usage/slept-status.ts';

const now = new Date('2026-11-30T12:00:00Z');
const dayMs = 86_400_000;
const at = (time: string) => Date.parse(time) / 1000;

function instanceOf(
  created: string,
  phase: 'Ready' | 'Sleeping' | 'Pending',
  since?: string,
): ManagedInstance {
  const annotations = since === undefined ? {} : { 'sleepmode.loft.sh/sleeping-since': String(at(since)) };
  return {
    metadata: { name: 'demo', creationTimestamp: created, annotations },
    status: phase === 'Pending' ? { phase } : { phase, observedHash: 'x' },
  };
}

const recorded: RecordedUse = {
  awakeSevenDays: 1000,
  asleepSevenDays: 500,
  awakeThirtyDays: 3000,
  asleepThirtyDays: 1000,
  asleepThisMonth: 119.9,
  asleepLastMonth: 60,
};

describe('what an instance slept, as clients of vCluster Platform read it', () => {
  it('is percent of the time, and epochs that are months', () => {
    assert.deepEqual(sleptStatus('tenant', instanceOf('2026-01-01T00:00:00Z', 'Ready'), recorded, now), {
      sleptLastSevenDays: 33.3,
      sleptLastThirtyDays: 25,
      currentEpoch: { start: at('2026-11-01T00:00:00Z'), slept: 60_000 },
      lastEpoch: { start: at('2026-10-01T00:00:00Z'), slept: 60_000 },
    });
  });

  it('begins with its creation, and has no epoch before it', () => {
    const status = sleptStatus('tenant', instanceOf('2026-11-10T00:00:00Z', 'Ready'), recorded, now);
    assert.deepEqual(status?.currentEpoch, { start: at('2026-11-10T00:00:00Z'), slept: 60_000 });
    assert.equal(status?.lastEpoch, undefined);
  });

  it('without recorded operations follows from what the instance says of itself', () => {
    const asleep = instanceOf('2026-11-20T12:00:00Z', 'Sleeping', '2026-11-25T12:00:00Z');
    assert.deepEqual(sleptStatus('tenant', asleep, undefined, now), {
      sleptLastSevenDays: 71.4,
      sleptLastThirtyDays: 50,
      currentEpoch: { start: at('2026-11-20T12:00:00Z'), slept: 5 * dayMs },
    });
    const long = sleptStatus(
      'space',
      instanceOf('2025-01-01T00:00:00Z', 'Sleeping', '2025-02-01T00:00:00Z'),
      undefined,
      now,
    );
    assert.deepEqual(
      [long?.sleptLastSevenDays, long?.sleptLastThirtyDays, long?.lastEpoch?.slept],
      [100, 100, 31 * dayMs],
    );
    const awake = sleptStatus('tenant', instanceOf('2026-11-20T12:00:00Z', 'Ready'), undefined, now);
    assert.deepEqual([awake?.sleptLastSevenDays, awake?.currentEpoch.slept], [0, 0]);
    assert.equal(
      sleptStatus('tenant', instanceOf('2026-11-20T12:00:00Z', 'Pending'), undefined, now),
      undefined,
    );
  });
});
