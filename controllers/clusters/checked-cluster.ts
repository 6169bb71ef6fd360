import type { ClusterHealth } from '../../domain/status/cluster-health.ts';

/** How one way of asking a cluster went. */
export interface Answers {
  readonly lastSeen: Date | undefined;
  /** That failed since then. */
  readonly failures: number;
  /** Why the last one did, for people. */
  readonly fault?: string | undefined;
}

/** Of which a cluster is said to be silent, or not to say how it is. */
export const failuresToTell = 2;

/** What the last checks of a cluster showed. */
export interface Checked {
  /** As it was measured last. */
  readonly health: ClusterHealth;
  /** Of its API server, to the platform's own requests. */
  readonly platform: Answers | undefined;
  /** Of its agent, on how the cluster is doing. */
  readonly agent: Answers | undefined;
  /** Whether other credentials may help: the API server refused one, or cannot be used with them (another certificate, say). */
  readonly needsCredentials: boolean;
}

/** Checks all connected clusters again and again. */
export interface ClusterChecks {
  get(cluster: string): Checked | undefined;
  /** Calls `handler` with the name of each cluster that was checked. */
  onChecked(handler: (cluster: string) => void): void;
  stop(): Promise<void>;
}
