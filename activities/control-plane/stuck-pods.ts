import { setTimeout as delay } from 'node:timers/promises';
import type { V1Pod, V1StatefulSet } from '@kubernetes/client-node';
import type { TenantHost } from '../../adapters/host-namespaces.ts';
import { callKubernetes, orUndefined, unlessConflict } from '../../adapters/kubernetes/failures.ts';
import { listControlPlanePods, listControlPlaneSets } from './control-plane-objects.ts';

/** Its controller sees a change within milliseconds, unless it is away. */
const seenWithinMs = 5_000;
const intervalMs = 200;

/**
 * Deletes pods of the control plane that are not ready and not of their StatefulSet's newest revision. Its controller keeps such a
 * pod for ever (kubernetes/kubernetes#67250), so that neither a rollback nor a mended update would ever run.
 * @returns whether every StatefulSet's newest revision is known
 * @throws PlatformError `cluster_unreachable`, `forbidden`
 */
export async function replaceStuckPods(host: TenantHost): Promise<boolean> {
  const { client, name: namespace } = host;
  const sets = await listControlPlaneSets(host);
  const seen = sets.filter(
    ({ metadata, status }) => (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0),
  );
  const stuck = (await listControlPlanePods(host)).filter((pod) => seen.some((set) => isStuck(pod, set)));
  await Promise.all(
    stuck.map(({ metadata: { name = '', uid } = {} }) => {
      const body = { preconditions: uid === undefined ? {} : { uid } };
      const deletion = orUndefined(client.core.deleteNamespacedPod({ namespace, name, body }));
      return callKubernetes(`deleting pod ${name}`, unlessConflict(deletion));
    }),
  );
  return seen.length === sets.length;
}

/** `replaceStuckPods` once the controllers have seen what was written just now. */
export async function replaceStuckPodsSoon(host: TenantHost, signal: AbortSignal | undefined): Promise<void> {
  const startedAt = performance.now();
  while (!(await replaceStuckPods(host)) && performance.now() - startedAt < seenWithinMs)
    await delay(intervalMs, undefined, signal === undefined ? {} : { signal });
}

function isStuck({ metadata, status }: V1Pod, set: V1StatefulSet): boolean {
  const isItsOwn = metadata?.ownerReferences?.some(({ uid }) => uid === set.metadata?.uid) === true;
  if (!isItsOwn || metadata?.deletionTimestamp !== undefined) return false;
  const isReady = status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True');
  const newest = set.status?.updateRevision;
  return (
    isReady !== true && newest !== undefined && metadata?.labels?.['controller-revision-hash'] !== newest
  );
}
