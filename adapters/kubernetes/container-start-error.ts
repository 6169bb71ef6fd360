import type { V1Pod } from '@kubernetes/client-node';

/** Waiting reasons that do not pass by themselves. */
const hopeless = new Set([
  'ErrImageNeverPull',
  'InvalidImageName',
  'ErrImagePull',
  'ImagePullBackOff',
  'CreateContainerConfigError',
  'CrashLoopBackOff',
]);

/** How long a pod may say that it cannot start before that is believed. */
export const startErrorPatienceMs = 15_000;

/** Which container of a pod cannot start, and why; undefined if none says so. */
export function containerStartError({ metadata, status }: V1Pod): string | undefined {
  const stuck = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])].find(
    ({ state }) => hopeless.has(state?.waiting?.reason ?? ''),
  );
  if (stuck === undefined) return undefined;
  const { reason, message = '' } = stuck.state?.waiting ?? {};
  return `container ${stuck.name} of pod ${metadata?.name}: ${reason} ${message}`.trim();
}
