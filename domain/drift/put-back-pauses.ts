/** Milliseconds between two times that an object is put back which does not stay so: the first, doubled by each time up to the longest. */
export interface PutBackPauses {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** So many times in a row may be a person's doing, and are put back at once; then something else is at work. */
export const timesAtOnce = 3;

/** The pause after an object was put back so many times in a row, in milliseconds. */
export function pauseAfter(times: number, { firstMs, longestMs }: PutBackPauses): number {
  if (times < timesAtOnce) return 0;
  return Math.min(longestMs, firstMs * 2 ** Math.min(times - timesAtOnce, 30));
}

/** Whether an object that was put back so long ago, and then stayed as it was, counts as one that never drifted. */
export function isForgotten(times: number, sinceMs: number, pauses: PutBackPauses): boolean {
  return sinceMs > 2 * pauseAfter(times, pauses) + pauses.firstMs;
}
