import type { V1Deployment, V1Pod, V1StatefulSet } from '@kubernetes/client-node';
import type { TenantHost } from '../../adapters/host-namespaces.ts';
import { callKubernetes, orUndefined } from '../../adapters/kubernetes/failures.ts';
import { labels } from '../../contracts/names.ts';

// What the control plane of a tenant is made of in its host namespace, as it is stored. All throw PlatformError
// `cluster_unreachable`, `forbidden`.

/** @returns those of all revisions, ending ones too */
export async function listControlPlanePods(host: TenantHost): Promise<V1Pod[]> {
  const { client, owner: tenant } = host;
  const list = client.core.listNamespacedPod(queryOf(host));
  return (await callKubernetes(`reading the pods of ${tenant.name}`, list)).items;
}

export async function listControlPlaneSets(host: TenantHost): Promise<V1StatefulSet[]> {
  const { client, owner: tenant, name: namespace } = host;
  return callKubernetes(`reading the control plane of ${tenant.name}`, async () => {
    const { items } = await client.apps.listNamespacedStatefulSet(queryOf(host));
    if (items.length > 0) return items;
    // Somebody may have taken a label off it: it is there all the same, with its data.
    const set = await orUndefined(client.apps.readNamespacedStatefulSet({ namespace, name: tenant.name }));
    return set === undefined || labels.synced in (set.metadata?.labels ?? {}) ? [] : [set];
  });
}

/** A chart may run part of it, or all, as Deployments. */
export async function listControlPlane(
  host: TenantHost,
): Promise<{ sets: V1StatefulSet[]; deployments: V1Deployment[] }> {
  const { client, owner: tenant } = host;
  const list = client.apps.listNamespacedDeployment(queryOf(host));
  const [sets, { items: deployments }] = await Promise.all([
    listControlPlaneSets(host),
    callKubernetes(`reading the control plane of ${tenant.name}`, list),
  ]);
  return { sets, deployments };
}

/** What the chart contract labels so, and nothing that a tenant's administrator gave these labels inside. */
function queryOf({ owner, name: namespace }: TenantHost): { namespace: string; labelSelector: string } {
  return { namespace, labelSelector: `app=vcluster,release=${owner.name},!${labels.synced}` };
}
