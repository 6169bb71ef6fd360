import {
  defaultHistoryDays,
  type HistoryStep,
  historySteps,
  mostBuckets,
} from '../../contracts/rest/history-routes.ts';

const hourMs = 3_600_000;
const stepMs: Readonly<Record<HistoryStep, number>> = { hour: hourMs, day: 24 * hourMs };

/** A time in buckets of one length, of which the last may be shorter. */
export interface HistoryWindow {
  readonly step: HistoryStep;
  /** Length of a bucket, in milliseconds. */
  readonly stepMs: number;
  /** Begin of the first bucket. */
  readonly from: Date;
  /** End of the last bucket. */
  readonly to: Date;
}

/** What is asked for; what is left out follows from the rest. */
export interface HistoryAsked {
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  readonly step?: HistoryStep | undefined;
}

/** Why nothing can be shown of that: the field of the query, and a sentence for people. */
export interface WindowFault {
  readonly field: keyof HistoryAsked;
  readonly fault: string;
}

/** The buckets of a history: whole hours or days in UTC, until `now` at the latest. */
export function historyWindow(asked: HistoryAsked, now: Date): HistoryWindow | WindowFault {
  const to = asked.to === undefined || asked.to > now ? now : asked.to;
  const from = asked.from ?? new Date(to.getTime() - defaultHistoryDays * stepMs.day);
  if (from >= to) return { field: 'from', fault: 'must be in the past, and before "to"' };
  const windows = (asked.step === undefined ? historySteps : [asked.step]).map((step): HistoryWindow => {
    const length = stepMs[step];
    const begin = Math.floor(from.getTime() / length) * length; // the epoch began with a day
    return { step, stepMs: length, from: new Date(begin), to };
  });
  const window = windows.find((one) => bucketCount(one) <= mostBuckets);
  if (window !== undefined) return window;
  const remedy = asked.step === 'hour' ? 'ask for days, or for a later begin' : 'ask for a later begin';
  return {
    field: asked.step === undefined ? 'from' : 'step',
    fault: `these are more than ${mostBuckets} ${asked.step ?? 'day'}s: ${remedy}`,
  };
}

/** How many buckets a window has. */
export function bucketCount({ from, to, stepMs: length }: HistoryWindow): number {
  return Math.ceil((to.getTime() - from.getTime()) / length);
}

/** Begin and end of a bucket, in milliseconds since the epoch. */
export function bucketTimes(
  { from, to, stepMs: length }: HistoryWindow,
  index: number,
): { readonly begin: number; readonly end: number } {
  const begin = from.getTime() + index * length;
  return { begin, end: Math.min(begin + length, to.getTime()) };
}
