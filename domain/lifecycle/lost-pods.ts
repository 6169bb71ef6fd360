import { type LostPods, mostNamedPods } from '../../contracts/lost-pods.ts';

/** Field selector: what has ended stays, or is of no use any more. */
export const notEnded = 'status.phase!=Succeeded,status.phase!=Failed';

/** What tells a pod that nothing makes again from the others. */
export interface PodOwnership {
  readonly namespace: string;
  readonly name: string;
  /** It ends already. */
  readonly deletionTimestamp?: unknown;
  readonly ownerReferences?: readonly { readonly controller?: boolean }[] | null | undefined;
}

/** Whether the pod runs on and nothing makes it again once it is deleted. */
export function isBarePod({ deletionTimestamp, ownerReferences }: PodOwnership): boolean {
  return deletionTimestamp === undefined && !ownerReferences?.some(({ controller }) => controller === true);
}

/** Those of `pods` that are lost once all are deleted; undefined if none is. */
export function lostPods(pods: readonly PodOwnership[]): LostPods | undefined {
  const names = pods.filter(isBarePod).map(({ namespace, name }) => `${namespace}/${name}`);
  if (names.length === 0) return undefined;
  return { pods: names.toSorted().slice(0, mostNamedPods), count: names.length };
}
