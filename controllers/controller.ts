import type { ConnectedClusters } from '../adapters/connected-clusters.ts';
import type { HostNamespaces } from '../adapters/host-namespaces.ts';
import type { ClusterClient } from '../adapters/kubernetes/client.ts';
import type { ManagementResources } from '../adapters/kubernetes/resources.ts';
import type { Requeue } from '../adapters/kubernetes/work-queue.ts';
import type { Logger } from '../adapters/logging.ts';
import type { PlatformAccount } from '../contracts/agents.ts';
import type { PutBackPauses } from '../domain/drift/put-back-pauses.ts';
import type { RetryPauses } from '../domain/lifecycle/attempts.ts';
import type { OperationsDeps } from '../operations/dependencies.ts';
import type { Caches } from './caches.ts';
import type { AgentClient } from './clusters/agent-client.ts';
import type { ClusterChecks } from './clusters/checked-cluster.ts';
import type { AgentRecords } from './clusters/agent-records.ts';
import type { ControllerMetrics } from './controller-metrics.ts';
import type { PutBacks } from './drift/put-backs.ts';
import type { OwnedRbac } from './rbac/owned-rbac.ts';

/** What every controller works with. */
export interface ControllerContext {
  readonly client: ClusterClient;
  readonly resources: ManagementResources;
  readonly caches: Caches;
  readonly rbac: OwnedRbac;
  /** Connected clusters under the controllers' own few rights there. */
  readonly clusters: Pick<ConnectedClusters, 'client'>;
  /** The same with patience: a watch says nothing for a minute. */
  readonly watchedClusters: Pick<ConnectedClusters, 'client'>;
  /** The same with the credentials of gateway and worker, to try these. */
  readonly otherAccounts?: Readonly<Partial<Record<PlatformAccount, Pick<ConnectedClusters, 'client'>>>>;
  /** Under the worker's rights, which may list and watch what it makes there, with the same patience. */
  readonly followedClusters: Pick<ConnectedClusters, 'client'>;
  /** What was put back of what others changed in connected clusters. */
  readonly putBacks: PutBacks;
  /** Absent: nothing is counted. */
  readonly metrics?: Pick<ControllerMetrics, 'putBack'> | undefined;
  /** Namespaces of spaces under the same rights, and those of tenant clusters under the worker's. */
  readonly spaces: Pick<HostNamespaces, 'find'>;
  readonly tenants: Pick<HostNamespaces, 'prove'>;
  readonly operations: OperationsDeps;
  /** The agents of connected clusters. */
  readonly agents: AgentRecords;
  /** The way to connected clusters with an agent, through a gateway; absent: there is none. */
  readonly connect?: { readonly proxyUrl: string; readonly client: AgentClient } | undefined;
  /** How they are doing. */
  readonly checks: ClusterChecks;
  readonly logger: Logger;
  /** How often RBAC inside tenant clusters is compared, in milliseconds; default 30 s. */
  readonly tenantRepairMs?: number | undefined;
  /** Access keys that a user or team may have; default 100. */
  readonly accessKeysPerOwner?: number | undefined;
  /** Between two times that something is put back which does not stay so; default: a minute to an hour. */
  readonly putBackPauses?: PutBackPauses | undefined;
  /** Before an operation that failed is tried again. */
  readonly retryPauses?: RetryPauses | undefined;
  /** How often what the sleep policies ask for now is compared with all instances, in milliseconds; default 30 s. */
  readonly sweepMs?: number | undefined;
  /** How long before a deletion for want of use is announced; default by domain/sleep/deletion-due.ts. */
  readonly deletionWarningSeconds?: number | undefined;
}

/** Reconciles one thing with the resources. */
export interface Controller {
  readonly name: string;
  /** Keys that are reconciled at the same time. Default 4. */
  readonly concurrency?: number;
  /** Keys of a group fail together (adapters/kubernetes/work-queue.ts), and leave room for the others. */
  groupOf?(key: string): string;
  /** Reconciles one key. Called again, with growing pauses, as long as it fails. */
  reconcile(key: string): Promise<Requeue | undefined>;
  /** Registers `add` with everything whose change concerns a key. */
  watch(add: (key: string) => void): void;
  /** Ends what it watches besides the caches. */
  stop?(): Promise<void>;
}

/** Even without an event, everything is looked at again after so long. */
export const resync: Requeue = { requeueAfterMs: 10 * 60_000 };

/** While an operation runs: its end, if it could not write the status, is not an event. */
export const underWay: Requeue = { requeueAfterMs: 60_000 };
