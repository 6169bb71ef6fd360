import { LruMap } from 'toad-cache';
import { PlatformError } from '../../contracts/errors.ts';
import { createRateLimiter, type RateLimiter } from '../http/rate-limiter.ts';

/** How often each agent may open a tunnel at this gateway. */
export interface OpeningLimits {
  /** @throws PlatformError `too_many_attempts` */
  check(clusterUid: string): void;
  /** Notes that an agent broke HTTP/2, which none of ours does: one that goes on with it waits. */
  broke(clusterUid: string): void;
}

/** An agent whose connections are cut all the time comes back less often. */
const openings = { burst: 20, perSecond: 1 };
const breaches = { burst: 3, perSecond: 1 / 30 };
const waitMs = 30_000;
const agentsAtOnce = 2_000;

interface Agent {
  readonly openings: RateLimiter;
  readonly breaches: RateLimiter;
  waitsUntil: number;
}

export function createOpeningLimits(): OpeningLimits {
  const agents = new LruMap<Agent>(agentsAtOnce);
  const of = (clusterUid: string): Agent => {
    const known = agents.get(clusterUid);
    if (known !== undefined) return known;
    const agent = {
      openings: createRateLimiter(openings),
      breaches: createRateLimiter(breaches),
      waitsUntil: 0,
    };
    agents.set(clusterUid, agent);
    return agent;
  };
  return {
    check(clusterUid) {
      const agent = of(clusterUid);
      if (performance.now() < agent.waitsUntil)
        throw new PlatformError('too_many_attempts', 'the agent breaks HTTP/2; try again in half a minute');
      if (!agent.openings.take())
        throw new PlatformError('too_many_attempts', 'the agent opens tunnels too often; try again');
    },
    broke(clusterUid) {
      const agent = of(clusterUid);
      if (!agent.breaches.take()) agent.waitsUntil = performance.now() + waitMs;
    },
  };
}
