/** Lets through what comes now and then, and of a flood a part. */
export interface RateLimiter {
  /** Whether this one is let through. */
  take(): boolean;
  /** How many were not, since this was last asked. */
  takeRefused(): number;
}

/** @param burst at once; then `perSecond` of them */
export function createRateLimiter(
  { burst, perSecond }: { burst: number; perSecond: number },
  now: () => number = () => performance.now(),
): RateLimiter {
  let left = burst;
  let at = now();
  let refused = 0;
  return {
    take() {
      left = Math.min(burst, left + ((now() - at) / 1000) * perSecond);
      at = now();
      if (left < 1) {
        refused++;
        return false;
      }
      left--;
      return true;
    },
    takeRefused() {
      const count = refused;
      refused = 0;
      return count;
    },
  };
}
