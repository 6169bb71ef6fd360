import type { V1Namespace } from '@kubernetes/client-node';
import type { ConnectedClusters } from '../adapters/connected-clusters.ts';
import type { ClusterClient } from '../adapters/kubernetes/client.ts';
import { isConflict, kubernetesFailure, orUndefined } from '../adapters/kubernetes/failures.ts';
import { PlatformError } from '../contracts/errors.ts';
import { pollUntil } from './poll.ts';

/** Which instance a namespace belongs to: what is not ours is never deleted. */
const uidLabel = 'vcluster-platform.io/instance-uid';
const deadlineMs = 10 * 60_000;

/** A namespace of a connected cluster, and the uid of the instance it belongs to. */
interface OwnedNamespace {
  readonly cluster: string;
  readonly hostNamespace: string;
  readonly uid: string;
}

/** Namespaces that belong to one instance each. All calls are idempotent and throw `cluster_unreachable`. */
export function ownedNamespaces(clusters: Pick<ConnectedClusters, 'client'>) {
  return {
    /** Creates the namespace. @throws PlatformError `conflict` if there is one that belongs to something else */
    async apply(owned: OwnedNamespace, labels: Record<string, string>): Promise<void> {
      const client = await clusters.client(owned.cluster);
      if (await createNamespace(client, owned, labels)) return;
      const present = await readNamespace(client, owned);
      if (present && !isOurs(present, owned)) {
        throw new PlatformError(
          'conflict',
          `Namespace ${owned.hostNamespace} of cluster ${owned.cluster} belongs to something else; choose another name or namespacePattern`,
        );
      }
      if (present?.metadata?.deletionTimestamp !== undefined || !present) {
        throw new PlatformError(
          'internal',
          `Namespace ${owned.hostNamespace} is still being deleted; it is tried again`,
        );
      }
    },

    /** Starts the deletion of the namespace; one that is gone or not ours is left alone. */
    async delete(owned: OwnedNamespace): Promise<void> {
      const client = await clusters.client(owned.cluster);
      const present = await readNamespace(client, owned);
      if (!present || !isOurs(present, owned) || present.metadata?.deletionTimestamp !== undefined) return;
      const uid = present.metadata?.uid;
      await hostCall(
        `deleting namespace ${owned.hostNamespace}`,
        orUndefined(
          client.core.deleteNamespace({
            name: owned.hostNamespace,
            body: { preconditions: { ...(uid === undefined ? {} : { uid }) } },
          }),
        ),
      );
    },

    /** Waits until the namespace and the volumes of its claims are gone, with heartbeats. No effects. */
    async waitUntilDeleted(owned: OwnedNamespace): Promise<void> {
      const client = await clusters.client(owned.cluster);
      const onDeadline = (last: string) =>
        new PlatformError('internal', `The host namespace does not go: ${last}`);
      await pollUntil({ intervalMs: 100, deadlineMs, onDeadline }, async () => {
        const present = await readNamespace(client, owned);
        if (present && isOurs(present, owned)) return whyPresent(present);
        const left = await volumesLeft(client, owned);
        return left.length === 0 ? {} : `volumes are left: ${left.join(', ')}`;
      });
    },
  };
}

async function createNamespace(
  client: ClusterClient,
  { hostNamespace, uid }: OwnedNamespace,
  labels: Record<string, string>,
): Promise<boolean> {
  const body: V1Namespace = { metadata: { name: hostNamespace, labels: { ...labels, [uidLabel]: uid } } };
  try {
    await client.core.createNamespace({ body });
    return true;
  } catch (error) {
    if (isConflict(error)) return false;
    throw kubernetesFailure(`creating namespace ${hostNamespace}`, error);
  }
}

function readNamespace(
  client: ClusterClient,
  { hostNamespace }: OwnedNamespace,
): Promise<V1Namespace | undefined> {
  return hostCall(
    `reading namespace ${hostNamespace}`,
    orUndefined(client.core.readNamespace({ name: hostNamespace })),
  );
}

function isOurs(namespace: V1Namespace, { uid }: OwnedNamespace): boolean {
  return namespace.metadata?.labels?.[uidLabel] === uid;
}

function whyPresent({ metadata, status }: V1Namespace): string {
  const reasons = (status?.conditions ?? [])
    .filter((condition) => condition.status === 'True')
    .map(({ message }) => message ?? '');
  return `namespace ${metadata?.name} is ${status?.phase ?? 'there'}${reasons.length > 0 ? `: ${reasons.join('; ')}` : ''}`;
}

/** Volumes that go with their claims (reclaim policy Delete) and have not gone. */
async function volumesLeft(client: ClusterClient, owned: OwnedNamespace): Promise<string[]> {
  const volumes = await hostCall('reading persistent volumes', client.core.listPersistentVolume());
  return volumes.items
    .filter(
      ({ spec }) =>
        spec?.claimRef?.namespace === owned.hostNamespace && spec.persistentVolumeReclaimPolicy !== 'Retain',
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
