import type { V1Namespace } from '@kubernetes/client-node';
import type { ClusterClient } from '../adapters/kubernetes/client.ts';
import { isConflict, kubernetesFailure, orUndefined } from '../adapters/kubernetes/failures.ts';
import { PlatformError } from '../contracts/errors.ts';
import { labels } from '../contracts/names.ts';
import type { TenantRef } from '../contracts/tenant-ref.ts';
import type { TenantDeps } from './dependencies.ts';
import { pollUntil } from './poll.ts';

/** Which instance a host namespace belongs to: what is not ours is never deleted. */
const uidLabel = 'vcluster-platform.io/instance-uid';
const deadlineMs = 10 * 60_000;

/** The tenant cluster's namespace in its connected cluster. All are idempotent by tenant and throw `cluster_unreachable`. */
export function createHostNamespaceActivities({ clusters }: Pick<TenantDeps, 'clusters'>) {
  return {
    /** Creates the namespace. @throws PlatformError `conflict` if there is one that belongs to something else */
    async applyHostNamespace({ tenant }: { tenant: TenantRef }): Promise<void> {
      const client = await clusters.client(tenant.cluster);
      if (await createNamespace(client, tenant)) return;
      const present = await readNamespace(client, tenant);
      if (present && !isOurs(present, tenant)) {
        throw new PlatformError(
          'conflict',
          `Namespace ${tenant.hostNamespace} of cluster ${tenant.cluster} belongs to something else; choose another name or namespacePattern`,
        );
      }
      if (present?.metadata?.deletionTimestamp !== undefined || !present) {
        throw new PlatformError(
          'internal',
          `Namespace ${tenant.hostNamespace} is still being deleted; it is tried again`,
        );
      }
    },

    /** Starts the deletion of the namespace; one that is gone or not ours is left alone. */
    async deleteHostNamespace({ tenant }: { tenant: TenantRef }): Promise<void> {
      const client = await clusters.client(tenant.cluster);
      const present = await readNamespace(client, tenant);
      if (!present || !isOurs(present, tenant) || present.metadata?.deletionTimestamp !== undefined) return;
      const uid = present.metadata?.uid;
      await hostCall(
        `deleting namespace ${tenant.hostNamespace}`,
        orUndefined(
          client.core.deleteNamespace({
            name: tenant.hostNamespace,
            body: { preconditions: { ...(uid === undefined ? {} : { uid }) } },
          }),
        ),
      );
    },

    /** Waits until the namespace and the volumes of its claims are gone, with heartbeats. No effects. */
    async waitForHostNamespaceDeleted({ tenant }: { tenant: TenantRef }): Promise<void> {
      const client = await clusters.client(tenant.cluster);
      const onDeadline = (last: string) =>
        new PlatformError('internal', `The host namespace does not go: ${last}`);
      await pollUntil({ intervalMs: 100, deadlineMs, onDeadline }, async () => {
        const present = await readNamespace(client, tenant);
        if (present && isOurs(present, tenant)) return whyPresent(present);
        const left = await volumesLeft(client, tenant);
        return left.length === 0 ? {} : `volumes are left: ${left.join(', ')}`;
      });
    },
  };
}

async function createNamespace(client: ClusterClient, tenant: TenantRef): Promise<boolean> {
  const body: V1Namespace = {
    metadata: {
      name: tenant.hostNamespace,
      labels: {
        [labels.managed]: 'true',
        [labels.project]: tenant.project,
        [labels.tenantCluster]: tenant.name,
        [uidLabel]: tenant.uid,
      },
    },
  };
  try {
    await client.core.createNamespace({ body });
    return true;
  } catch (error) {
    if (isConflict(error)) return false;
    throw kubernetesFailure(`creating namespace ${tenant.hostNamespace}`, error);
  }
}

function readNamespace(client: ClusterClient, tenant: TenantRef): Promise<V1Namespace | undefined> {
  return hostCall(
    `reading namespace ${tenant.hostNamespace}`,
    orUndefined(client.core.readNamespace({ name: tenant.hostNamespace })),
  );
}

function isOurs(namespace: V1Namespace, tenant: TenantRef): boolean {
  return namespace.metadata?.labels?.[uidLabel] === tenant.uid;
}

function whyPresent({ metadata, status }: V1Namespace): string {
  const reasons = (status?.conditions ?? [])
    .filter((condition) => condition.status === 'True')
    .map(({ message }) => message ?? '');
  return `namespace ${metadata?.name} is ${status?.phase ?? 'there'}${reasons.length > 0 ? `: ${reasons.join('; ')}` : ''}`;
}

/** Volumes that go with their claims (reclaim policy Delete) and have not gone. */
async function volumesLeft(client: ClusterClient, tenant: TenantRef): Promise<string[]> {
  const volumes = await hostCall('reading persistent volumes', client.core.listPersistentVolume());
  return volumes.items
    .filter(
      ({ spec }) =>
        spec?.claimRef?.namespace === tenant.hostNamespace && spec.persistentVolumeReclaimPolicy !== 'Retain',
    )
    .map(({ metadata }) => metadata?.name ?? '');
}

async function hostCall<T>(what: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw kubernetesFailure(what, error);
  }
}
