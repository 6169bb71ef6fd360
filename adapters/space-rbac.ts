import { fieldManagers, labels } from '../contracts/names.ts';
import type { SpaceHost } from './host-namespaces.ts';
import { callKubernetes } from './kubernetes/failures.ts';
import { grantBindings } from './kubernetes/grant-bindings.ts';
import { syncRbac } from './kubernetes/sync-rbac.ts';

const label = [labels.madeBy, 'space-access'] as const;
/** Selects the bindings that {@link syncSpaceRbac} makes. */
export const spaceBindingsSelector = label.join('=');
/** Whole and parted ones. */
const prefix = 'vcluster-platform:access';

/**
 * Makes exactly these roles be bound in the namespace of a space, among the bindings that are ours: what else its
 * users bind there, within their own rights, is theirs. One read if nothing changed. Idempotent.
 * @param grants groups that hold each ClusterRole
 * @returns whether anything had to be written
 * @throws PlatformError `cluster_unreachable`, `forbidden`
 */
export async function syncSpaceRbac(
  { client: { kubeConfig }, name: namespace }: SpaceHost,
  grants: ReadonlyMap<string, readonly string[]>,
): Promise<boolean> {
  const desired = grantBindings('RoleBinding', grants, namespace);
  const realm = {
    kinds: ['RoleBinding'],
    namespace,
    label,
    prefix,
    fieldManager: fieldManagers.worker,
  } as const;
  const sync = syncRbac(kubeConfig, realm, desired);
  return (await callKubernetes(`reconciling RBAC in namespace ${namespace}`, sync)) === undefined;
}
