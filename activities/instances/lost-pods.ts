import { asyncLocalStorage } from '@temporalio/activity';
import { recordEvent } from '../../adapters/kubernetes/events.ts';
import { kindNames, kindOf } from '../../contracts/kinds.ts';
import type { InstanceRef } from '../../contracts/instance-ref.ts';
import { type LostPods, lostPodsText } from '../../contracts/lost-pods.ts';
import { managementApiVersion, projectNamespace, writers } from '../../contracts/names.ts';
import { resourceKinds } from '../../contracts/resources/resource-kinds.ts';
import { contentHash } from '../../domain/content-hash.ts';
import { isBarePod, lostPods, type PodOwnership } from '../../domain/lifecycle/lost-pods.ts';
import type { TenantDeps } from '../dependencies.ts';

/** A pod that is about to be deleted. */
export interface EndingPod extends PodOwnership {
  readonly uid: string;
}

/**
 * Names, before they are deleted, those of `pods` that nothing makes again: in an Event of the instance, once for the same pods,
 * and to its caller. An Event that cannot be written ends nothing.
 */
export async function nameLostPods(
  { management }: Pick<TenantDeps, 'management'>,
  instance: InstanceRef,
  pods: readonly EndingPod[],
): Promise<LostPods | undefined> {
  const lost = lostPods(pods);
  if (lost === undefined) return undefined;
  const { name, project, uid } = instance;
  const { kind } = resourceKinds[kindNames[kindOf(instance)].plural];
  const regarding = {
    apiVersion: managementApiVersion,
    kind,
    metadata: { name, namespace: projectNamespace(project), uid },
  };
  const uids = pods.filter(isBarePod).map((pod) => pod.uid);
  await recordEvent(management, writers.worker, regarding, {
    key: `lost-pods-${contentHash(uids.toSorted())}`,
    type: 'Warning',
    reason: 'PodsLost',
    action: 'Sleep',
    message: `Sleep loses ${lostPodsText(lost)}`,
  }).catch((error: unknown) =>
    asyncLocalStorage.getStore()?.log.warn('failed to record an event', { error }),
  );
  return lost;
}
