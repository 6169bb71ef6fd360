/**
 * Pause in ms before the try after `failures` failures in a row: doubles from `minMs` up to `maxMs`, of which a
 * random half is taken off, so that many clients do not come back at once.
 */
export function backoffMs(failures: number, minMs: number, maxMs: number): number {
  const full = Math.min(maxMs, minMs * 2 ** Math.min(failures, 30));
  return full / 2 + Math.random() * (full / 2);
}
