import type { UsingRequest } from '../activity/use.ts';
import type { ResolvedUpstream } from '../proxy/resolved-upstream.ts';
import type { Recheck } from '../streams/stream-registry.ts';

/** A request that can be held: nothing of its body was read. */
export interface HoldableRequest extends UsingRequest {
  readonly id: string;
  /** Memory that it may take while it is held. */
  readonly bytes: number;
  readonly recheck: () => Recheck;
  /** Calls `listener` once the client has gone away. */
  readonly onGone: (listener: () => void) => void;
}

/** Requests to what sleeps: they wake it, and are held until it answers. */
export interface HeldRequests {
  /**
   * The upstream of a request whose upstream was found asleep, once it is awake; as it was found if the request leaves it
   * asleep. Undefined: its client has gone away.
   * @throws PlatformError as `resolveUpstream`, and `sleeping`, `waking`, `wake_failed`, `database_unavailable`
   */
  awake(found: ResolvedUpstream, request: HoldableRequest): Promise<ResolvedUpstream | undefined>;
}
