import type { HeldConfig } from '../../contracts/config.ts';

/** How many requests may be held, and how many bytes of them. */
interface HoldBound {
  readonly requests: number;
  readonly bytes: number;
}

/** What holding requests may cost. */
export interface HoldLimits {
  /** Time for a request to be held, in milliseconds; client-go's discovery gives up after 32 s. */
  readonly waitMs: number;
  /** For one tenant cluster or space. */
  readonly perInstance: HoldBound;
  readonly inAll: HoldBound;
}

export const defaultHoldLimits: HoldLimits = {
  waitMs: 25_000,
  perInstance: { requests: 256, bytes: 8 * 1024 * 1024 },
  inAll: { requests: 4_096, bytes: 64 * 1024 * 1024 },
};

/** As the configuration says. */
export function holdLimitsOf({ seconds, perInstance, inAll }: HeldConfig = {}): HoldLimits {
  const bound = (given: HeldConfig['inAll'], fallback: HoldBound): HoldBound => ({
    requests: given?.requests ?? fallback.requests,
    bytes: given?.mebibytes === undefined ? fallback.bytes : given.mebibytes * 1024 * 1024,
  });
  return {
    waitMs: seconds === undefined ? defaultHoldLimits.waitMs : seconds * 1000,
    perInstance: bound(perInstance, defaultHoldLimits.perInstance),
    inAll: bound(inAll, defaultHoldLimits.inAll),
  };
}

/** The room for held requests: each takes its part, and gives it back. */
export interface HoldRoom {
  /** What to call when the request is held no more; undefined: there is no room for it. */
  take(instance: string, bytes: number): (() => void) | undefined;
  /** Requests that are held now. */
  readonly requests: number;
  /** Requests that were held since the start. */
  readonly total: number;
}

interface Taken {
  requests: number;
  bytes: number;
}

export function createHoldRoom({ perInstance, inAll }: HoldLimits): HoldRoom {
  const all: Taken = { requests: 0, bytes: 0 };
  const byInstance = new Map<string, Taken>();
  let total = 0;
  return {
    take(instance, bytes) {
      const own = byInstance.get(instance) ?? { requests: 0, bytes: 0 };
      if (!hasRoom(own, bytes, perInstance) || !hasRoom(all, bytes, inAll)) return undefined;
      byInstance.set(instance, own);
      total++;
      for (const taken of [own, all]) {
        taken.requests++;
        taken.bytes += bytes;
      }
      return () => {
        for (const taken of [own, all]) {
          taken.requests--;
          taken.bytes -= bytes;
        }
        if (own.requests === 0) byInstance.delete(instance);
      };
    },
    get requests() {
      return all.requests;
    },
    get total() {
      return total;
    },
  };
}

function hasRoom(taken: Taken, bytes: number, bound: HoldBound): boolean {
  return taken.requests < bound.requests && taken.bytes + bytes <= bound.bytes;
}
