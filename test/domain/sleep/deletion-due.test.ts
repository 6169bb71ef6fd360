import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { annotations } from '../../../contracts/names.ts';
import type { Condition } from '../../../contracts/resources/condition.ts';
import type { AutoDeletionStatus } from '../../../contracts/resources/instance-status.ts';
import type { VirtualClusterInstance } from '../../../contracts/resources/virtual-cluster-instance.ts';
import { announcementOf, deletionStep, warningSecondsOf } from '../../../domain/sleep/deletion-due.ts';

const hour = 3600;
const day = 24 * hour;
const epoch = Date.parse('2026-06-01T00:00:00Z');
const atSecond = (seconds: number) => new Date(epoch + seconds * 1000);

interface Given {
  readonly usedAt?: number;
  readonly deleteAfter?: number;
  readonly warning?: AutoDeletionStatus | undefined;
  readonly marks?: Record<string, string>;
  readonly conditions?: Condition[];
  readonly phase?: 'Ready' | 'Sleeping' | 'Pending';
}

function instance({ usedAt = 0, deleteAfter = 10 * day, ...more }: Given = {}): VirtualClusterInstance {
  return {
    metadata: {
      name: 'a',
      creationTimestamp: '2026-01-01T00:00:00Z',
      annotations: {
        [annotations.deleteAfter]: String(deleteAfter),
        [annotations.lastActivity]: String(epoch / 1000 + usedAt),
        ...more.marks,
      },
    },
    status: {
      phase: more.phase ?? 'Sleeping',
      observedHash: 'x',
      conditions: more.conditions ?? [],
      ...(more.warning === undefined ? {} : { autoDeletion: more.warning }),
    },
  };
}

const look = (given: Given, second: number, stoodSeconds = 0, warningSeconds?: number) =>
  deletionStep('tenant', instance(given), { now: atSecond(second), stoodSeconds, warningSeconds });

/** Gives the warning that is due at `second`. */
function announced(given: Given, second: number): AutoDeletionStatus {
  const step = look(given, second);
  assert.ok(step.state === 'announce', step.state);
  return step.warning;
}

it('a warning stands for a tenth of the time, a minute at least and a day at most', () => {
  assert.deepEqual([30, hour, 10 * day, 365 * day].map(warningSecondsOf), [60, 360, day, day]);
});

describe('what nobody uses', () => {
  it('is announced a day ahead, and deleted when that has stood', () => {
    assert.deepEqual(look({}, 9 * day - 1), { state: 'distant', nextAt: atSecond(9 * day).getTime() });
    const warning = announced({}, 9 * day);
    assert.deepEqual(warning, {
      at: atSecond(10 * day).toISOString(),
      warnedAt: atSecond(9 * day).toISOString(),
      stoodSeconds: 0,
    });
    assert.equal(look({ warning }, 10 * day - 1, day - 1).state, 'announced');
    assert.equal(look({ warning }, 10 * day, day).state, 'due');
  });

  it('is announced in words that say when, why, and what stops it', () => {
    const step = look({}, 9 * day);
    assert.ok(step.state === 'announce');
    assert.equal(
      announcementOf(step.coming),
      'Deleted at 2026-06-11T00:00:00Z, as nobody has used it since 2026-06-01T00:00:00Z and it is kept for 10 d without use. ' +
        'Any use stops that: a request to it, or vcp wakeup',
    );
  });

  it('is kept once somebody uses it, and announced again at its next time', () => {
    const warning = announced({}, 9 * day);
    const usedAt = 9.5 * day;
    assert.deepEqual(look({ usedAt, warning }, 10 * day, day), {
      state: 'distant',
      nextAt: atSecond(18.5 * day).getTime(),
    });
    // The warning that still stands there is of the time before.
    assert.equal(look({ usedAt, warning }, 20 * day, 11 * day).state, 'announce');
  });

  it('has as long as the setting says, also where that is longer than the time itself', () => {
    const given = { deleteAfter: hour };
    const step = look(given, 1, 0, 2 * hour);
    assert.ok(step.state === 'announce');
    assert.equal(step.warning.at, atSecond(1 + 2 * hour).toISOString());
    const { warning } = step;
    assert.equal(look({ ...given, warning }, 2 * hour, 2 * hour - 1, 2 * hour).state, 'announced');
    assert.equal(look({ ...given, warning }, 2 * hour + 1, 2 * hour, 2 * hour).state, 'due');
    assert.equal(
      look({ ...given, usedAt: hour, warning }, 2 * hour + 1, 2 * hour, 2 * hour).state,
      'announce',
    );
  });

  it('waits for an operation that is under way, and is looked at again', () => {
    const warning = announced({}, 9 * day);
    const step = look({ warning, phase: 'Pending' }, 10 * day, day);
    assert.deepEqual(
      [step.state, 'nextAt' in step && step.nextAt],
      ['announced', atSecond(10 * day).getTime()],
    );
  });
});

describe('what holds a deletion', () => {
  const prevented: Condition = { type: 'DeletionPrevented', status: 'True', message: 'its template says so' };
  const holds: [title: string, given: Given, by: RegExp][] = [
    ['the annotation', { marks: { 'loft.sh/non-deletable': 'true' } }, /non-deletable/],
    ['deletion.prevent', { conditions: [prevented] }, /its template says so/],
  ];
  for (const [title, given, by] of holds)
    it(`${title}: said from when it would be announced`, () => {
      assert.equal(look(given, 8 * day).state, 'distant');
      for (const second of [9 * day, 100 * day]) {
        const step = look(given, second, 91 * day);
        assert.ok(step.state === 'blocked');
        assert.match(step.by, by);
      }
    });

  it('gone, it is announced first, whatever was announced before', () => {
    const warning = announced({}, 9 * day);
    assert.equal(
      look({ warning, marks: { 'loft.sh/non-deletable': 'true' } }, 10 * day, day).state,
      'blocked',
    );
    assert.equal(announced({}, 100 * day).at, atSecond(101 * day).toISOString());
  });

  it('nothing is deleted that goes, runs by other hands, or whose namespace is lost', () => {
    const lost: Condition = { type: 'NamespaceFound', status: 'False' };
    const never = { state: 'distant', nextAt: Number.POSITIVE_INFINITY };
    assert.deepEqual(look({ conditions: [lost] }, 100 * day), never);
    const clock = { now: atSecond(100 * day), stoodSeconds: 0 };
    const gone = instance();
    gone.metadata.deletionTimestamp = '2026-06-01T00:00:00Z';
    assert.deepEqual(deletionStep('tenant', gone, clock), never);
    const elsewhere = { ...instance(), spec: { external: true }, status: {} };
    assert.deepEqual(deletionStep('tenant', elsewhere, clock), never);
    const { [annotations.deleteAfter]: _after, ...others } = instance().metadata.annotations ?? {};
    const kept = { ...instance(), metadata: { ...instance().metadata, annotations: others } };
    assert.deepEqual(deletionStep('tenant', kept, clock), never);
  });
});

describe('a warning that could not be seen', () => {
  it('does not count: after an outage over the end, all are announced, and nothing is deleted', () => {
    assert.equal(announced({}, 100 * day).at, atSecond(101 * day).toISOString());
  });

  it('counts only while the platform runs: an outage puts the deletion off by as long, and it says so', () => {
    const warning = { ...announced({}, 9 * day), stoodSeconds: 6 * hour };
    // Away from 6 h after the warning for three days.
    const step = look({ warning }, 12.25 * day, 6 * hour);
    assert.ok(step.state === 'announced' && step.noted);
    assert.equal(step.noted.at, atSecond(13 * day).toISOString());
    assert.equal(step.noted.warnedAt, warning.warnedAt);
    const later = step.noted;
    assert.equal(look({ warning: later }, 13 * day - 1, day - 1).state, 'announced');
    assert.equal(look({ warning: later }, 13 * day, day).state, 'due');
  });

  it('a clock that jumps ahead announces, and does not delete', () => {
    const given = { usedAt: 0 };
    const warning = announced(given, 400 * day);
    assert.equal(look({ ...given, warning }, 800 * day, 60).state, 'announced');
    // Set right again: nothing is near.
    assert.equal(look({ ...given, warning }, day, 120).state, 'distant');
  });

  it('a clock that is set back takes a new warning, and one announced for far too late is announced again', () => {
    const warning = announced({}, 9.5 * day);
    assert.equal(look({ warning }, 9.2 * day, 60).state, 'announce');
    const late = { ...announced({}, 9 * day), at: atSecond(400 * day).toISOString() };
    const step = look({ warning: late }, 9.5 * day, 0.5 * day);
    assert.ok(step.state === 'announce');
    assert.equal(step.warning.at, atSecond(10.5 * day).toISOString());
  });

  it('of another policy does not count for a shorter one', () => {
    const warning = announced({}, 9 * day);
    const longer = { deleteAfter: 20 * day, warning };
    assert.equal(look(longer, 10 * day, day).state, 'distant');
    const shorter = look(
      { deleteAfter: 2 * day, warning: announced({ deleteAfter: 10 * day }, 9 * day) },
      9.1 * day,
      8640,
    );
    assert.equal(shorter.state, 'announce');
  });

  it('is noted now and then, so that a restart loses little of it', () => {
    const warning = announced({}, 9 * day);
    const soon = look({ warning }, 9 * day + 60, 60);
    assert.ok(soon.state === 'announced' && soon.noted === undefined);
    assert.equal(soon.nextAt, atSecond(9 * day + 60 + 1800).getTime());
    const step = look({ warning }, 9 * day + 1800, 1800);
    assert.ok(step.state === 'announced');
    assert.deepEqual(step.noted, { ...warning, stoodSeconds: 1800 });
  });
});
