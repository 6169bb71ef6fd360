import type { RecordedState, SleepChange } from './sleep-changes.ts';

/** A time in which an instance was in use, in milliseconds since the epoch. */
export interface Use {
  readonly from: number;
  readonly to: number;
}

/** A time at which schedules put to sleep or wake. */
export interface ScheduledChange {
  readonly at: number;
  readonly state: 'awake' | 'asleep';
}

/** What a preview is made of; all lists are sorted by time. */
export interface Recorded {
  readonly from: number;
  readonly to: number;
  /** The first may be before `from`. */
  readonly changes: readonly SleepChange[];
  readonly uses: readonly Use[];
  /** Since when uses are recorded; undefined: they are not. */
  readonly usesKnownFrom: number | undefined;
}

/** A policy, as its times come in the time of the record. */
export interface PreviewedPolicy {
  readonly afterInactivityMs: number | undefined;
  readonly schedule: readonly ScheduledChange[];
}

/** In milliseconds. */
export interface Preview {
  readonly awake: number;
  /** Under the policy. Greater than `awake` if it wakes what was left asleep, or what another policy put to sleep. */
  readonly awakeUnderPolicy: number;
  /** How often somebody who used it would have found it asleep, and waited for it. */
  readonly wakesByUse: number;
}

/**
 * What the policy would have done: who created it, put it to sleep, woke or used it did so at the times that are recorded; what the
 * policy of that time did is left out. Without a use it sleeps after its time of inactivity, counted from the record's beginning at
 * the earliest; a schedule puts to sleep what is in use too, and the next request wakes it.
 */
export function previewPolicy(recorded: Recorded, policy: PreviewedPolicy): Preview {
  const { from, to, changes } = recorded;
  // Of the time before the first change nothing is known.
  const state = changes.findLast(({ at }) => at <= from)?.state ?? 'gone';
  const run = new Run({ at: from, state }, recorded, policy);
  for (const event of eventsOf(recorded, policy)) run.take(event);
  return { awake: recordedAwake(recorded, state), ...run.end(to) };
}

function recordedAwake({ from, to, changes }: Recorded, stateAtBegin: RecordedState): number {
  let [at, state, awake] = [from, stateAtBegin, 0];
  const until = (time: number) => {
    if (state === 'awake') awake += time - at;
    at = time;
  };
  for (const change of changes) {
    if (change.at <= from || change.at >= to) continue;
    until(change.at);
    state = change.state;
  }
  until(to);
  return awake;
}

type Event =
  | ({ readonly by: 'record' } & SleepChange)
  | ({ readonly by: 'schedule' } & ScheduledChange)
  | { readonly by: 'use'; readonly at: number; readonly until: number };

/** In order; at the same time what is recorded comes first, and use last. */
function eventsOf({ from, to, changes, uses }: Recorded, { schedule }: PreviewedPolicy): Event[] {
  const events: Event[] = [
    ...changes.map((change): Event => ({ by: 'record', ...change })),
    ...schedule.map((change): Event => ({ by: 'schedule', ...change })),
    ...uses.map((use): Event => ({ by: 'use', at: Math.max(use.from, from), until: use.to })),
  ];
  return events.filter(({ at }) => at >= from && at < to).toSorted((a, b) => a.at - b.at);
}

class Run {
  private at: number;
  private state: RecordedState;
  private awake = 0;
  private wakes = 0;
  /** Of the last use, which may go on still. */
  private usedUntil: number;
  private readonly usesKnownFrom: number;
  private readonly afterInactivity: number;

  constructor(
    begin: { readonly at: number; readonly state: RecordedState },
    { usesKnownFrom }: Recorded,
    { afterInactivityMs }: PreviewedPolicy,
  ) {
    this.at = begin.at;
    this.state = begin.state;
    this.usedUntil = begin.at;
    // Where no use is recorded, nothing says that there was none.
    this.usesKnownFrom = usesKnownFrom ?? Number.POSITIVE_INFINITY;
    this.afterInactivity = afterInactivityMs ?? Number.POSITIVE_INFINITY;
  }

  take(event: Event): void {
    this.goOn(event.at);
    if (event.by === 'use') {
      if (this.state === 'gone') return;
      this.wakeByUse();
      this.usedUntil = Math.max(this.usedUntil, event.until);
    } else if (event.by === 'schedule') this.schedule(event.state);
    else if (event.state === 'awake') this.recordedWake(event);
    else if (event.state === 'gone' || !event.isByPolicy) this.state = event.state;
  }

  end(to: number): Pick<Preview, 'awakeUnderPolicy' | 'wakesByUse'> {
    this.goOn(to);
    return { awakeUnderPolicy: this.awake, wakesByUse: this.wakes };
  }

  private recordedWake({ at, isByPolicy }: SleepChange): void {
    if (this.state === 'gone') this.state = 'awake';
    else if (isByPolicy) return;
    else this.wakeByUse();
    this.usedUntil = Math.max(this.usedUntil, at);
  }

  private wakeByUse(): void {
    if (this.state === 'asleep') this.wakes += 1;
    this.state = 'awake';
  }

  private schedule(state: 'awake' | 'asleep'): void {
    if (this.state === 'gone' || this.state === state) return;
    this.state = state;
    if (state === 'awake') this.usedUntil = Math.max(this.usedUntil, this.at);
    else if (this.usedUntil > this.at) this.wakeByUse();
  }

  /** Time passes until `time`, in which nothing happens. */
  private goOn(time: number): void {
    if (this.state === 'awake') {
      const sleepsAt = Math.max(this.at, Math.max(this.usedUntil, this.usesKnownFrom) + this.afterInactivity);
      this.awake += Math.min(time, sleepsAt) - this.at;
      if (sleepsAt < time) this.state = 'asleep';
    }
    this.at = time;
  }
}
