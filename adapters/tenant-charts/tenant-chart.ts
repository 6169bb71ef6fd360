import type { KubernetesObject, V1PolicyRule } from '@kubernetes/client-node';
import type { TenantPki } from '../certificates/tenant-pki.ts';
import type { TenantHost } from '../host-namespaces.ts';
import type { TenantWorkload } from '../snapshots/tenant-workload.ts';

/** What the platform must know of a chart that makes control planes, and what differs from one to the other. */
export interface TenantChart {
  readonly name: string;
  /** Kinds that it may make without an administrator's template, as kubectl writes them: `StatefulSet.apps`. */
  readonly ordinaryKinds: readonly string[];
  /** What Roles that it makes may give without an administrator's template. */
  readonly ordinaryRules: readonly V1PolicyRule[];
  /** What rendered objects of it set that only an administrator's template may; names as in its values. */
  extraordinarySettings(objects: readonly KubernetesObject[], release: string): string[];
  /**
   * Name of the Secret in the host namespace that its control plane takes its keys from: the authority (`ca.crt`,
   * `ca.key`) and the service accounts' keys (`sa.key`, `sa.pub`) under these names.
   */
  keysSecret(release: string): string;
  /** New keys for that Secret. Every call makes different ones. */
  createKeys(tenant: { name: string; hostNamespace: string }): Promise<TenantPki>;
  /**
   * What a snapshot or restore Job takes over from its control plane.
   * @throws PlatformError `tenant_cluster_not_found`; `invalid_request` if its data cannot be saved; `cluster_unreachable`
   */
  readWorkload(host: TenantHost): Promise<TenantWorkload>;
  /** Values that an upgrade of a sleeping tenant cluster needs to leave it asleep; none if the chart renders no replicas. */
  readonly asleepValues?: Record<string, unknown>;
}
