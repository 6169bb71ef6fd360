import { callManagement } from '../../adapters/kubernetes/failures.ts';
import { instanceResources, type ManagementResources } from '../../adapters/kubernetes/resources.ts';
import type { ClusterRef } from '../../contracts/cluster-ref.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { managedKinds, namedKind } from '../../contracts/kinds.ts';
import { projectNamespace } from '../../contracts/names.ts';
import type { UnplacedRef } from '../../contracts/instance-ref.ts';
import type { OperationParameters } from '../../contracts/verbs.ts';
import {
  type ClusterTenant,
  disconnectFault,
  namesOf,
  tenantsOf,
} from '../../domain/placement/cluster-tenants.ts';
import { submitOperation } from '../../operations/submit.ts';
import type { TenantDeps } from '../dependencies.ts';
import { removeFinalizer } from '../instances/instance-place.ts';
import { pollUntil } from '../poll.ts';
import { withHeartbeat } from '../with-heartbeat.ts';
import { readCluster } from './cluster-resource.ts';

/** Between two looks. Whole lists are read: a look takes a sixth of the time at most, unless the longest pause is too short for that. */
const shortestPauseMs = 1_000;
const longestPauseMs = 10_000;
const pausePerLook = 5;
const tellAfterMs = 500;

interface TenantsInput extends Pick<OperationParameters, 'deleteTenants'> {
  readonly cluster: ClusterRef;
  /** Who asked for it. */
  readonly actor: string;
}

/**
 * The tenant clusters and spaces of a connected cluster that is disconnected. All are idempotent by cluster, and throw
 * `cluster_not_found`, `management_unavailable`, and `conflict` if the cluster cannot be disconnected
 * (domain/placement/cluster-tenants.ts).
 */
export function createClusterTenantActivities(deps: Pick<TenantDeps, 'resources' | 'operations'>) {
  const { resources } = deps;

  /** Those that are there, none of which forbids that the cluster is disconnected. */
  async function removable({ cluster, deleteTenants }: TenantsInput): Promise<ClusterTenant[]> {
    const resource = await readCluster(resources, cluster);
    const tenants = await listTenants(resources, cluster.name);
    const staying = tenants.filter(({ instance }) => instance.metadata.deletionTimestamp === undefined);
    const fault = disconnectFault(resource, staying, { deleteTenants: deleteTenants === true });
    if (fault !== undefined) throw new PlatformError('conflict', fault);
    return tenants;
  }

  return {
    /** How many there are. Changes nothing. */
    findClusterTenants: (input: TenantsInput): Promise<{ tenants: number }> =>
      withHeartbeat(async () => ({ tenants: (await removable(input)).length })),

    /**
     * Deletes their resources, which operations of their own follow, and waits until none is left; the step says how many are.
     * Heartbeats. Deletes nothing without `deleteTenants`.
     */
    async deleteClusterTenants(input: TenantsInput): Promise<void> {
      const onDeadline = (last: string) => new PlatformError('internal', last);
      let tookMs = 0;
      const intervalMs = () => pauseAfterLook(tookMs);
      await pollUntil(
        { intervalMs, deadlineMs: Number.POSITIVE_INFINITY, onDeadline, tellAfterMs },
        async () => {
          const startedAt = performance.now();
          const tenants = await removable(input);
          tookMs = performance.now() - startedAt;
          if (tenants.length === 0) return {};
          await deleteAll(deps, tenants, input.actor);
          return `Waiting for ${tenants.length} to be deleted: ${namesOf(tenants)}`;
        },
      );
    },

    /**
     * Deletes their resources and takes our finalizer off, without anything in the cluster, which cannot be reached. Deletes nothing
     * without `deleteTenants`. Heartbeats.
     * @returns `left`: names of what may still run there
     */
    releaseClusterTenants: (input: TenantsInput): Promise<{ left?: string }> =>
      withHeartbeat(async () => {
        const tenants = await removable(input);
        if (tenants.length === 0) return {};
        await deleteAll(deps, tenants, input.actor);
        for (const { kind, project, name, instance } of tenants) {
          const target = { ...namedKind(kind), project, name, uid: instance.metadata.uid ?? '' };
          await removeFinalizer(deps, target as UnplacedRef);
        }
        return { left: namesOf(tenants) };
      }),
  };
}

/** How long to wait after a look that took so long, in milliseconds. */
export function pauseAfterLook(tookMs: number): number {
  return Math.min(longestPauseMs, Math.max(shortestPauseMs, tookMs * pausePerLook));
}

async function listTenants(resources: ManagementResources, cluster: string): Promise<ClusterTenant[]> {
  const lists = await callManagement(
    'reading tenant clusters and spaces',
    Promise.all(managedKinds.map((kind) => instanceResources(resources, kind).list())),
  );
  return managedKinds.flatMap((kind, index) => tenantsOf(cluster, kind, lists[index] ?? []));
}

/** Deletes those that are not being deleted yet. The operation that follows is the actor's: the resource does not say whose. */
async function deleteAll(
  { resources, operations }: Pick<TenantDeps, 'resources' | 'operations'>,
  tenants: readonly ClusterTenant[],
  actor: string,
): Promise<void> {
  const present = tenants.filter(({ instance }) => instance.metadata.deletionTimestamp === undefined);
  if (present.length === 0) return;
  const projects = await callManagement('reading projects', resources.projects.list());
  for (const { kind, project, name, instance } of present) {
    const { uid = '' } = instance.metadata;
    const object = { namespace: projectNamespace(project), name };
    await callManagement(`deleting ${namesOf([{ kind, project, name }])}`, () =>
      instanceResources(resources, kind).delete(object, uid),
    );
    await submitOperation(operations, {
      ...{ type: 'delete', kind, project, name, uid, actor },
      projectUid: projects.find(({ metadata }) => metadata.name === project)?.metadata.uid,
      idempotencyKey: `disconnect:${uid}`,
    });
  }
}
