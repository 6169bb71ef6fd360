import type { UsageBucket } from '../../contracts/rest/history-routes.ts';
import { bucketCount, bucketTimes, type HistoryWindow } from './history-window.ts';
import type { SleepChange } from './sleep-changes.ts';

/** How many more are awake and asleep after a bucket than before it. */
export interface StateDelta {
  readonly bucket: number;
  readonly awake: number;
  readonly asleep: number;
  /** The sum over the changes of one by the seconds from then to the end of the bucket. */
  readonly awakeSeconds: number;
  readonly asleepSeconds: number;
}

/** What the changes of one instance, oldest first, add to a history; those before it count from its begin on. */
export function deltasOf(window: HistoryWindow, changes: readonly SleepChange[]): StateDelta[] {
  return changes
    .filter(({ at }) => at < window.to.getTime())
    .map(({ at, state }, index): StateDelta => {
      const before = changes[index - 1]?.state;
      const since = Math.max(at, window.from.getTime());
      const bucket = Math.floor((since - window.from.getTime()) / window.stepMs);
      const seconds = (bucketTimes(window, bucket).end - since) / 1000;
      const change = (of: SleepChange['state']) => Number(state === of) - Number(before === of);
      const [awake, asleep] = [change('awake'), change('asleep')];
      return { bucket, awake, asleep, awakeSeconds: awake * seconds, asleepSeconds: asleep * seconds };
    });
}

/** How many were awake and asleep on average in each bucket, to one decimal. */
export function averages(window: HistoryWindow, deltas: readonly StateDelta[]): UsageBucket[] {
  const inBucket = Map.groupBy(deltas, ({ bucket }) => bucket);
  const before = { awake: 0, asleep: 0 };
  return Array.from({ length: bucketCount(window) }, (_, bucket) => {
    const here = inBucket.get(bucket) ?? [];
    const { begin, end } = bucketTimes(window, bucket);
    const average = (state: 'awake' | 'asleep') => {
      const seconds = here.reduce((sum, delta) => sum + delta[`${state}Seconds`], 0);
      const mean = before[state] + seconds / ((end - begin) / 1000);
      before[state] += here.reduce((sum, delta) => sum + delta[state], 0);
      // What was summed may be a rounding error below nothing.
      return Math.max(0, Math.round(mean * 10) / 10);
    };
    return { at: new Date(begin).toISOString(), awake: average('awake'), asleep: average('asleep') };
  });
}
