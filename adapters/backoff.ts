/** Pause in ms before the try after `failures` failures in a row: `firstMs` after none, doubled by each, up to `longestMs`. */
export function backoffMs(failures: number, firstMs: number, longestMs: number): number {
  return Math.min(longestMs, firstMs * 2 ** Math.min(failures, 30));
}

/** `backoffMs`, of which a random part of up to a half is taken off, so that many clients do not come back at once. */
export function jitteredBackoffMs(failures: number, firstMs: number, longestMs: number): number {
  const full = backoffMs(failures, firstMs, longestMs);
  return full / 2 + Math.random() * (full / 2);
}
