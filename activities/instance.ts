import type { TenantHost } from '../adapters/host-namespaces.ts';
import type { ManagementResources } from '../adapters/kubernetes/resources.ts';
import { refuse } from '../adapters/project-policy.ts';
import { PlatformError } from '../contracts/errors.ts';
import { cleanupFinalizer } from '../contracts/names.ts';
import type { Project } from '../contracts/resources/project.ts';
import type { VirtualClusterInstance } from '../contracts/resources/virtual-cluster-instance.ts';
import type { TenantRef, UnplacedTenant } from '../contracts/tenant-ref.ts';
import { placeTenantRow } from '../db/queries/tenants.ts';
import { deployedPlace } from '../domain/deployed-place.ts';
import { isProvisioned } from '../domain/desired-state.ts';
import { hostNamespaceOf } from '../domain/host-namespace.ts';
import { tenantBreach } from '../domain/project-policy.ts';
import { defaultTemplate, namesNoTemplate } from '../domain/template-choice.ts';
import { chooseCluster, readClusterChoices } from './cluster-choice.ts';
import type { TenantDeps } from './dependencies.ts';
import {
  changeInstance,
  currentHash,
  findInstance,
  managementCall,
  objectName,
  readInstance,
} from './instance-access.ts';
import { isAsleep } from './workloads.ts';

/** The tenant cluster's resource in the management API. All throw `management_unavailable` while it is away. */
export function createInstanceActivities(deps: TenantDeps) {
  const { resources, hosts } = deps;
  return {
    /**
     * Chooses the connected cluster and the namespace there, unless they are chosen. Writes the cluster to
     * `spec.clusterRef` with the finalizer and, if no template is named, the project's default one; the namespace is noted
     * once it is the tenant cluster's (`applyHostNamespace`). The phase becomes Pending. Idempotent: a choice stays.
     * @throws PlatformError `tenant_cluster_not_found`, `project_not_found`, `cluster_not_found`, `forbidden`,
     *   `conflict`, `cluster_unreachable` while no cluster is online
     */
    async placeTenant({
      tenant,
    }: {
      tenant: UnplacedTenant;
    }): Promise<{ tenant: TenantRef; targetHash: string; deployed: boolean }> {
      const placed = await changeInstance(resources, tenant, async (instance) => {
        if (!instance)
          throw new PlatformError(
            'tenant_cluster_not_found',
            `There is no tenant cluster ${tenant.name} in project ${tenant.project}`,
          );
        if (instance.metadata.deletionTimestamp !== undefined)
          throw new PlatformError('conflict', `Tenant cluster ${tenant.name} is being deleted`);
        const { place, template } = await choosePlace(resources, tenant, instance);
        const templateRef =
          template === undefined ? {} : { templateRef: { ...instance.spec?.templateRef, name: template } };
        const targetHash = await currentHash(resources, {
          ...instance,
          spec: { ...instance.spec, ...templateRef },
        });
        const { finalizers = [], resourceVersion } = instance.metadata;
        const isWritten =
          template === undefined &&
          instance.spec?.clusterRef?.cluster === place.cluster &&
          finalizers.includes(cleanupFinalizer);
        if (!isWritten) {
          await resources.virtualclusterinstances.patch(objectName(tenant), {
            metadata: { resourceVersion, finalizers: [...new Set([...finalizers, cleanupFinalizer])] },
            spec: { ...templateRef, clusterRef: { cluster: place.cluster } },
          });
        }
        return {
          tenant: { ...tenant, ...place },
          targetHash,
          deployed: isProvisioned(instance),
          phase: instance.status?.phase,
        };
      });
      if (!placed.deployed && placed.phase !== 'Pending') {
        await managementCall(
          `writing the status of ${tenant.name}`,
          resources.virtualclusterinstances.patchStatus(objectName(tenant), {
            phase: 'Pending',
            reason: null,
            message: null,
          }),
        );
      }
      return { tenant: placed.tenant, targetHash: placed.targetHash, deployed: placed.deployed };
    },

    /**
     * Where a deployed tenant cluster runs, what it asks for now, and whether its control plane is scaled to
     * zero. Changes nothing but our own note of the place.
     * @throws PlatformError `tenant_cluster_not_found`, `conflict` if it was never deployed, and what
     *   HostNamespaces.prove throws
     */
    async inspectTenant({
      tenant,
    }: {
      tenant: UnplacedTenant;
    }): Promise<{ tenant: TenantRef; targetHash: string; asleep: boolean; kubernetesVersion?: string }> {
      const instance = await readInstance(resources, tenant);
      const found = placeOf(tenant, instance);
      if (!found || !isProvisioned(instance))
        throw new PlatformError('conflict', `Tenant cluster ${tenant.name} is not deployed`);
      const host = await hosts.prove(found);
      const [targetHash, asleep] = await Promise.all([
        currentHash(resources, instance),
        isAsleep(host),
        notePlaceRow(deps, host),
      ]);
      const kubernetesVersion = instance.status?.kubernetesVersion;
      return {
        tenant: found,
        targetHash,
        asleep,
        ...(kubernetesVersion === undefined ? {} : { kubernetesVersion }),
      };
    },

    /**
     * Where something of the tenant cluster may be left, by its resource or, if that is gone, by our own note
     * `placed`; nothing if no connected cluster was chosen or it is not connected any more. Of one that never got its
     * namespace, the namespace that it would have got: a create that was killed may have made it. Changes nothing.
     */
    async findTenantRemains({
      tenant,
      placed,
    }: {
      tenant: UnplacedTenant;
      placed?: TenantRef;
    }): Promise<{ tenant?: TenantRef }> {
      const instance = await findInstance(resources, tenant);
      // What the worker wrote comes before what anybody may have asked for since.
      const written = instance && deployedPlace(instance) ? placeOf(tenant, instance) : placed;
      const asked =
        instance && !written
          ? (placeOf(tenant, instance) ?? (await wouldBePlace(resources, tenant, instance)))
          : undefined;
      const found = written ?? asked;
      if (!found) return {};
      const cluster = await managementCall(
        `reading cluster ${found.cluster}`,
        resources.clusters.get({ name: found.cluster }),
      );
      return cluster ? { tenant: found } : {};
    },

    /** Takes our finalizer off, so that the resource goes. Idempotent: one that is gone needs nothing. */
    async releaseInstance({ tenant }: { tenant: UnplacedTenant }): Promise<void> {
      await changeInstance(resources, tenant, async (instance) => {
        const { finalizers = [], resourceVersion } = instance?.metadata ?? {};
        if (!instance || !finalizers.includes(cleanupFinalizer)) return;
        await resources.virtualclusterinstances.patch(objectName(tenant), {
          metadata: { resourceVersion, finalizers: finalizers.filter((name) => name !== cleanupFinalizer) },
        });
      });
    },
  };
}

/**
 * Notes that the namespace is the tenant cluster's place: in `spec.clusterRef` and in our own database. Idempotent.
 * @throws PlatformError `management_unavailable`, `database_unavailable`
 */
export async function notePlace(deps: TenantDeps, host: TenantHost): Promise<void> {
  const { resources } = deps;
  const { owner: tenant, name: namespace } = host;
  await changeInstance(resources, tenant, async (instance) => {
    const { resourceVersion } = instance?.metadata ?? {};
    const { clusterRef } = instance?.spec ?? {};
    if (!instance || (clusterRef?.cluster === tenant.cluster && clusterRef.namespace === namespace)) return;
    await resources.virtualclusterinstances.patch(objectName(tenant), {
      metadata: { resourceVersion },
      spec: { clusterRef: { cluster: tenant.cluster, namespace } },
    });
  });
  await notePlaceRow(deps, host);
}

function notePlaceRow({ operations }: TenantDeps, { owner }: TenantHost): Promise<void> {
  return operations.database.query((db) => placeTenantRow(db, owner));
}

/** Where the worker deployed it, or before that, where the instance says that it shall be. */
function placeOf(tenant: UnplacedTenant, instance: VirtualClusterInstance): TenantRef | undefined {
  const { cluster, namespace } = deployedPlace(instance) ?? instance.spec?.clusterRef ?? {};
  const { project, name, uid } = tenant;
  return cluster && namespace ? { project, name, uid, cluster, hostNamespace: namespace } : undefined;
}

async function choosePlace(
  resources: ManagementResources,
  tenant: UnplacedTenant,
  instance: VirtualClusterInstance,
): Promise<{ place: { cluster: string; hostNamespace: string }; template: string | undefined }> {
  const choices = await readClusterChoices(resources, tenant.project);
  const { project } = choices;
  // The controllers give it the project's default one, unless it is placed before they have seen the project.
  const template = namesNoTemplate(instance) ? defaultTemplate(project) : undefined;
  if (template === undefined) refuse(tenantBreach(project, instance));
  const wanted = instance.spec?.clusterRef?.cluster || undefined;
  const cluster = await chooseCluster(choices, wanted, () =>
    managementCall('reading tenant clusters', resources.virtualclusterinstances.list()),
  );
  return { place: { cluster, hostNamespace: chooseNamespace(tenant, instance, project) }, template };
}

function chooseNamespace(tenant: UnplacedTenant, instance: VirtualClusterInstance, project: Project): string {
  return (
    deployedPlace(instance)?.namespace ??
    (instance.spec?.clusterRef?.namespace ||
      hostNamespaceOf(tenant, project.spec?.namespacePattern?.virtualCluster))
  );
}

/** Where the tenant cluster would be: no place yet, but where to look for one. */
async function wouldBePlace(
  resources: ManagementResources,
  tenant: UnplacedTenant,
  instance: VirtualClusterInstance,
): Promise<TenantRef | undefined> {
  const cluster = instance.spec?.clusterRef?.cluster;
  if (!cluster) return undefined;
  const project = await managementCall(
    `reading project ${tenant.project}`,
    resources.projects.get({ name: tenant.project }),
  );
  if (!project) return undefined;
  try {
    const { name, uid } = tenant;
    const hostNamespace = chooseNamespace(tenant, instance, project);
    return { project: tenant.project, name, uid, cluster, hostNamespace };
  } catch (error) {
    if (error instanceof PlatformError) return undefined; // no namespace could have such a name
    throw error;
  }
}
