import { asyncLocalStorage } from '@temporalio/activity';
import type { ClusterClient } from '../../adapters/kubernetes/client.ts';
import {
  callKubernetes,
  kubernetesFailure,
  orUndefined,
  statusOf,
} from '../../adapters/kubernetes/failures.ts';
import { requestJson } from '../../adapters/kubernetes/request.ts';
import type { ClusterRef, ClusterRemains, ClusterRemoval } from '../../contracts/cluster-ref.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { annotations, labels } from '../../contracts/names.ts';
import { pollUntil } from '../poll.ts';
import { withHeartbeat } from '../with-heartbeat.ts';
import { foreignObjects } from './foreign-objects.ts';
import { type ClusterDeps, connectToCluster } from './connect-to-cluster.ts';
import { anchorPath, findOwnObjects, type OwnedMeta, type OwnObject } from './own-objects.ts';

const deadlineMs = 3 * 60_000;
const intervalMs = 1_000;
/** An agent whose connection breaks tries again every 5 s, unless it is gone. */
const returnsWithinMs = 15_000;
const maxNamed = 10;

/** Everything of ours in a connected cluster. Idempotent by the Cluster; what they act on is named (own-objects.ts). */
export function createClusterObjectActivities(deps: ClusterDeps) {
  return {
    /**
     * What would be removed of a connected cluster, and what would stay. Reads only.
     * @throws PlatformError `conflict`: it is the platform's own; `forbidden`: it was connected by an earlier version;
     *   `cluster_not_found`, `cluster_offline`, `cluster_unreachable`
     */
    async findClusterRemains({ cluster }: { cluster: ClusterRef }): Promise<ClusterRemains> {
      const { client, namespace } = await connectToCluster(deps, cluster);
      return withHeartbeat(async () => {
        const { anchor, others } = await findOwnObjects(client, cluster.name, namespace);
        const verdict = await judgeNamespace(client, namespace, [anchor, ...others]);
        const kinds = [anchor, ...others, ...(verdict?.goes === true ? [{ kind: 'Namespace' }] : [])];
        const objects = Object.fromEntries(
          Object.entries(Object.groupBy(kinds, ({ kind }) => kind)).map(([kind, of = []]) => [
            kind,
            of.length,
          ]),
        );
        return { objects, kept: keptOf(namespace, verdict) };
      });
    },

    /**
     * Makes everything of ours there, its namespace too if it holds nothing else, belong to one object (owner references), and
     * says what stays. Nothing changes yet: it goes with that object. What belongs to it already is not written.
     * @throws PlatformError as `findClusterRemains`
     */
    async claimClusterObjects({ cluster }: { cluster: ClusterRef }): Promise<ClusterRemoval> {
      const { client, namespace } = await connectToCluster(deps, cluster);
      return withHeartbeat(async () => {
        const { anchor, others } = await findOwnObjects(client, cluster.name, namespace);
        await Promise.all(others.map((object) => claim(client, anchor, object)));
        const verdict = await judgeNamespace(client, namespace, [anchor, ...others]);
        if (verdict !== undefined) await settleNamespace(client, anchor, verdict);
        return { kept: [...keptOf(namespace, verdict), ...(await unclaimedNamespaces(client, namespace))] };
      });
    },

    /**
     * Deletes the object that everything of ours belongs to since `claimClusterObjects`, and waits until the platform has no way
     * into the cluster any more; with heartbeats. From the first request on, Kubernetes' garbage collector removes the rest
     * without us. Called again, it goes on waiting.
     * @throws PlatformError `conflict`: after 3 minutes the platform still has a way; `cluster_offline`: nothing was asked yet;
     *   `cluster_not_found`
     */
    async removeClusterObjects({ cluster }: { cluster: ClusterRef }): Promise<ClusterRemoval> {
      const { client, record } = await connectToCluster(deps, cluster);
      const hasAgent = record.spec.networkPeer === true;
      let isAsked = false;
      // An earlier attempt, or a request that broke off, may have asked.
      let mayBeAsked = (asyncLocalStorage.getStore()?.info.attempt ?? 1) > 1;
      let offlineSince: number | undefined;
      const onDeadline = (last: string) =>
        new PlatformError('conflict', `cluster ${cluster.name} is not disconnected after 3 minutes: ${last}`);

      return pollUntil({ intervalMs, deadlineMs, onDeadline }, async () => {
        const answer = await removeAnchor(client);
        if (!(answer instanceof PlatformError)) {
          isAsked = true;
          offlineSince = undefined;
          if (answer === 'unauthenticated' && !hasAgent) return { kept: [] };
          return hasAgent ? 'its agent is still connected' : 'the accounts of the platform are still there';
        }
        if (answer.code !== 'cluster_offline') {
          mayBeAsked = true;
          throw answer;
        }
        if (isAsked) return { kept: [] };
        if (!mayBeAsked) throw answer;
        offlineSince ??= performance.now();
        return performance.now() - offlineSince > returnsWithinMs
          ? { kept: ['whatever it still holds: its agent went away before it had confirmed the removal'] }
          : answer.message;
      });
    },
  };
}

/** What becomes of the platform's namespace. */
interface NamespaceVerdict {
  readonly metadata: OwnedMeta;
  readonly goes: boolean;
  /** What it holds besides; undefined: nothing, or it is one of Kubernetes' own, which stays anyway. */
  readonly foreign: string | undefined;
}

async function judgeNamespace(
  client: ClusterClient,
  name: string,
  ours: readonly OwnObject[],
): Promise<NamespaceVerdict | undefined> {
  const found = await callKubernetes(
    `reading namespace ${name}`,
    orUndefined(client.core.readNamespace({ name })),
  );
  if (found === undefined) return undefined;
  const metadata = found.metadata as unknown as OwnedMeta;
  if (name === 'default' || name.startsWith('kube-')) return { metadata, goes: false, foreign: undefined };
  const uids = new Set(ours.map((object) => object.metadata.uid ?? ''));
  const foreign = await foreignObjects(client, name, uids);
  return { metadata, goes: foreign === undefined, foreign };
}

function keptOf(namespace: string, verdict: NamespaceVerdict | undefined): string[] {
  return verdict?.foreign === undefined ? [] : [`namespace ${namespace}, which holds ${verdict.foreign}`];
}

/** @throws PlatformError `conflict`: another object has its name by now, or does not keep the owner */
async function claim(client: ClusterClient, anchor: OwnObject, object: OwnObject): Promise<void> {
  const { metadata, kind, path } = object;
  if (isOwned(metadata, anchor)) return;
  await patch(client, path, { ...ownedBy(anchor), uid: metadata.uid }, `${kind} ${metadata.name}`, anchor);
}

/** The namespace goes along, or does not say any more whose it is. */
async function settleNamespace(
  client: ClusterClient,
  anchor: OwnObject,
  { metadata, goes }: NamespaceVerdict,
): Promise<void> {
  const { name, uid } = metadata;
  const path = `/api/v1/namespaces/${name}`;
  // It may have been claimed before it was found to hold something else.
  const isSettled = isOwned(metadata, anchor) === goes;
  const isNamed = metadata.annotations?.[annotations.connectedAs] !== undefined;
  if (goes && !isSettled) await patch(client, path, { ...ownedBy(anchor), uid }, `Namespace ${name}`, anchor);
  if (!goes && (!isSettled || isNamed))
    await patch(
      client,
      path,
      {
        uid,
        annotations: { [annotations.connectedAs]: null },
        ...(isSettled ? {} : { ownerReferences: null }),
      },
      `Namespace ${name}`,
    );
}

function isOwned({ ownerReferences = [] }: OwnedMeta, anchor: OwnObject): boolean {
  return ownerReferences.length === 1 && ownerReferences[0]?.uid === anchor.metadata.uid;
}

/** The only owner: another one would keep it. */
function ownedBy({ kind, metadata: { name, uid } }: OwnObject) {
  return { ownerReferences: [{ apiVersion: 'rbac.authorization.k8s.io/v1', kind, name, uid }] };
}

/** @param owner whom it must belong to afterwards */
async function patch(
  { kubeConfig }: ClusterClient,
  path: string,
  metadata: object,
  what: string,
  owner?: OwnObject,
): Promise<void> {
  const request = {
    method: 'PATCH',
    path,
    contentType: 'application/merge-patch+json',
    body: { metadata },
  } as const;
  const answer = await callKubernetes(
    `changing the owner of ${what}`,
    orUndefined(requestJson(kubeConfig, request)),
  );
  if (answer === undefined || owner === undefined) return; // gone since it was read
  const after = (answer as { metadata: OwnedMeta }).metadata;
  if (!isOwned(after, owner))
    throw new PlatformError(
      'conflict',
      `${what} does not keep its owner: something in the cluster changes it back`,
    );
}

/** Namespaces that the platform made, for something that is not there any more. */
async function unclaimedNamespaces({ core }: ClusterClient, own: string): Promise<string[]> {
  const labelSelector = `${labels.managed}=true`;
  const { items } = await callKubernetes('listing namespaces', core.listNamespace({ labelSelector }));
  const names = items
    .filter(({ metadata }) => metadata?.deletionTimestamp === undefined && metadata?.name !== own)
    .map(({ metadata }) => metadata?.name ?? '');
  const named = names.slice(0, maxNamed).map((name) => `namespace ${name}, which no instance claims`);
  const more = names.length - maxNamed;
  return more > 0 ? [...named, `${more} more such namespaces`] : named;
}

/** What the API server says to the request to delete it; an error: it did not say anything. */
async function removeAnchor({
  kubeConfig,
}: ClusterClient): Promise<'going' | 'unauthenticated' | PlatformError> {
  const body = { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background' };
  try {
    await requestJson(kubeConfig, { method: 'DELETE', path: anchorPath, body });
    return 'going';
  } catch (error) {
    const status = statusOf(error);
    if (status === 404) return 'going';
    if (status === 401) return 'unauthenticated';
    const failure = kubernetesFailure('removing what the platform has there', error);
    // It had the right when it claimed: its roles are gone.
    return failure.code === 'forbidden' ? 'going' : failure;
  }
}
