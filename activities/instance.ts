import type { ManagementResources } from '../adapters/kubernetes/resources.ts';
import { PlatformError } from '../contracts/errors.ts';
import { cleanupFinalizer } from '../contracts/names.ts';
import type { VirtualClusterInstance } from '../contracts/resources/virtual-cluster-instance.ts';
import type { TenantRef, UnplacedTenant } from '../contracts/tenant-ref.ts';
import { placeTenantRow } from '../db/queries/tenants.ts';
import { isDeployed } from '../domain/desired-state.ts';
import { hostNamespaceOf } from '../domain/host-namespace.ts';
import { isTemplateAllowed } from '../domain/template-choice.ts';
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
  const { resources, clusters, operations } = deps;
  return {
    /**
     * Chooses the connected cluster unless one is chosen, and writes it to `spec.clusterRef` with the finalizer;
     * the phase becomes Pending. Idempotent: a choice stays.
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
        const [place, targetHash] = await Promise.all([
          choosePlace(resources, tenant, instance),
          currentHash(resources, instance),
        ]);
        const { finalizers = [], resourceVersion } = instance.metadata;
        const { clusterRef } = instance.spec ?? {};
        const isWritten =
          clusterRef?.cluster === place.cluster &&
          clusterRef.namespace === place.hostNamespace &&
          finalizers.includes(cleanupFinalizer);
        if (!isWritten) {
          await resources.virtualclusterinstances.patch(objectName(tenant), {
            metadata: { resourceVersion, finalizers: [...new Set([...finalizers, cleanupFinalizer])] },
            spec: { clusterRef: { cluster: place.cluster, namespace: place.hostNamespace } },
          });
        }
        return {
          tenant: { ...tenant, ...place },
          targetHash,
          deployed: isDeployed(instance),
          phase: instance.status?.phase,
        };
      });
      await Promise.all([
        operations.database.query((db) => placeTenantRow(db, placed.tenant)),
        placed.deployed || placed.phase === 'Pending'
          ? undefined
          : managementCall(
              `writing the status of ${tenant.name}`,
              resources.virtualclusterinstances.patchStatus(objectName(tenant), {
                phase: 'Pending',
                reason: null,
                message: null,
              }),
            ),
      ]);
      return { tenant: placed.tenant, targetHash: placed.targetHash, deployed: placed.deployed };
    },

    /**
     * Where a deployed tenant cluster runs, what it asks for now, and whether its control plane is scaled to
     * zero. Changes nothing but our own note of the place.
     * @throws PlatformError `tenant_cluster_not_found`, `conflict` if it was never deployed, `cluster_unreachable`
     */
    async inspectTenant({
      tenant,
    }: {
      tenant: UnplacedTenant;
    }): Promise<{ tenant: TenantRef; targetHash: string; asleep: boolean; kubernetesVersion?: string }> {
      const instance = await readInstance(resources, tenant);
      const found = placeOf(tenant, instance);
      if (!found || !isDeployed(instance))
        throw new PlatformError('conflict', `Tenant cluster ${tenant.name} is not deployed`);
      const [targetHash, asleep] = await Promise.all([
        currentHash(resources, instance),
        clusters.client(found.cluster).then((client) => isAsleep(client, found)),
        operations.database.query((db) => placeTenantRow(db, found)),
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
     * `placed`; nothing if it was never placed or its connected cluster is not connected any more. Changes nothing.
     */
    async findTenantRemains({
      tenant,
      placed,
    }: {
      tenant: UnplacedTenant;
      placed?: TenantRef;
    }): Promise<{ tenant?: TenantRef }> {
      const instance = await findInstance(resources, tenant);
      const found = (instance && placeOf(tenant, instance)) ?? placed;
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

/** Where the instance says that it runs. */
export function placeOf(tenant: UnplacedTenant, instance: VirtualClusterInstance): TenantRef | undefined {
  const { cluster, namespace } = instance.spec?.clusterRef ?? {};
  const { project, name, uid } = tenant;
  return cluster && namespace ? { project, name, uid, cluster, hostNamespace: namespace } : undefined;
}

async function choosePlace(
  resources: ManagementResources,
  tenant: UnplacedTenant,
  instance: VirtualClusterInstance,
): Promise<{ cluster: string; hostNamespace: string }> {
  const choices = await readClusterChoices(resources, tenant.project);
  const { project } = choices;
  const template = instance.spec?.templateRef?.name;
  if (template && !isTemplateAllowed(project, template)) {
    throw new PlatformError(
      'forbidden',
      `Project ${tenant.project} does not allow template ${template} (spec.allowedTemplates)`,
    );
  }
  const wanted = instance.spec?.clusterRef?.cluster || undefined;
  const cluster = await chooseCluster(choices, wanted, () =>
    managementCall('reading tenant clusters', resources.virtualclusterinstances.list()),
  );
  const hostNamespace =
    instance.spec?.clusterRef?.namespace ||
    hostNamespaceOf(tenant, project.spec?.namespacePattern?.virtualCluster);
  return { cluster, hostNamespace };
}
