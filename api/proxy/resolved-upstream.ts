import type { ErrorCode } from '../../contracts/errors.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import type { Upstream } from '../upstreams/upstream.ts';

/** The upstream of a request: gives its connections, and learns when it rejected the gateway's credential. */
export interface ResolvedUpstream {
  upstream(): Promise<Upstream>;
  /** Drops a credential that the upstream refused, so that the next `upstream()` reads it again. */
  refused(): void;
  /** The caller's error when the upstream is unreachable. */
  readonly unreachable: {
    readonly code: ErrorCode;
    readonly message: string;
    readonly details?: Record<string, unknown>;
  };
  /** The tenant cluster or space that it is. */
  readonly instance?: ManagedInstance;
  /** The same, if it is asleep. The upstream of a tenant cluster is there once it is awake, that of a space meanwhile too. */
  readonly sleeper?: ManagedInstance;
}
