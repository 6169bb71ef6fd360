import { isConflict, kubernetesFailure } from '../adapters/kubernetes/failures.ts';
import type { ManagementResources, Stored } from '../adapters/kubernetes/resources.ts';
import { PlatformError } from '../contracts/errors.ts';
import { projectNamespace } from '../contracts/names.ts';
import type { VirtualClusterInstance } from '../contracts/resources/virtual-cluster-instance.ts';
import type { UnplacedTenant } from '../contracts/tenant-ref.ts';
import { virtualCluster } from '../domain/kinds/virtual-cluster.ts';

export type StoredInstance = Stored<VirtualClusterInstance>;

/** `call`, with failures as PlatformErrors (`management_unavailable` if the API cannot be reached). */
export async function managementCall<T>(what: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw kubernetesFailure(what, error, 'management_unavailable');
  }
}

/** The tenant cluster's resource; undefined if it is gone or another of the same name has taken its place. */
export async function findInstance(
  resources: ManagementResources,
  tenant: UnplacedTenant,
): Promise<StoredInstance | undefined> {
  const instance = await managementCall(
    `reading tenant cluster ${tenant.name}`,
    resources.virtualclusterinstances.get(objectName(tenant)),
  );
  return instance?.metadata.uid === tenant.uid ? instance : undefined;
}

/** @throws PlatformError `tenant_cluster_not_found`, `management_unavailable` */
export async function readInstance(
  resources: ManagementResources,
  tenant: UnplacedTenant,
): Promise<StoredInstance> {
  const instance = await findInstance(resources, tenant);
  if (instance) return instance;
  throw new PlatformError(
    'tenant_cluster_not_found',
    `There is no tenant cluster ${tenant.name} in project ${tenant.project}`,
  );
}

/** Hash of what the instance asks for now. */
export async function currentHash(
  resources: ManagementResources,
  instance: VirtualClusterInstance,
): Promise<string> {
  const name = instance.spec?.templateRef?.name || undefined;
  const template =
    name === undefined
      ? undefined
      : await managementCall(`reading template ${name}`, resources.virtualclustertemplates.get({ name }));
  return virtualCluster.desiredHash(instance, template);
}

/**
 * Reads the instance, has `change` write it with its resourceVersion, and begins again if somebody else wrote
 * meanwhile. `change` gets undefined if the instance is gone.
 * @param known the instance as it was a moment ago, which spares reading it
 */
export async function changeInstance<T>(
  resources: ManagementResources,
  tenant: UnplacedTenant,
  change: (instance: StoredInstance | undefined) => Promise<T>,
  known?: StoredInstance,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const instance = (attempt === 1 ? known : undefined) ?? (await findInstance(resources, tenant));
    try {
      return await change(instance);
    } catch (error) {
      if (attempt >= 10 || !isConflict(error))
        throw kubernetesFailure(`writing tenant cluster ${tenant.name}`, error, 'management_unavailable');
    }
  }
}

export function objectName(tenant: UnplacedTenant): { namespace: string; name: string } {
  return { namespace: projectNamespace(tenant.project), name: tenant.name };
}
