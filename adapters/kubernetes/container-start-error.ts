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

/** Waits whether what keeps a pod from starting passes by itself. */
interface StartPatience {
  /**
   * Takes what a look at the pods showed; undefined: none says that it cannot start.
   * @throws what `failure` made of the fault, once each look for so long has shown one
   */
  check(fault: string | undefined): void;
}

/**
 * Starts to wait for pods that may say that they cannot start: believed is what they have said for {@link startErrorPatienceMs}
 * without a break. Which of them says it, and why, may change meanwhile.
 * @param failure the error when the patience is over; gets the last fault
 * @param now milliseconds, by a clock that is never set back
 */
export function createStartPatience(
  failure: (fault: string) => Error,
  now: () => number = () => performance.now(),
): StartPatience {
  let faultySince: number | undefined;
  return {
    check(fault) {
      if (fault === undefined) {
        faultySince = undefined;
        return;
      }
      faultySince ??= now();
      if (now() - faultySince > startErrorPatienceMs) throw failure(fault);
    },
  };
}

/** Which container of a pod cannot start, and why; undefined if none says so. */
export function containerStartError({ metadata, status }: V1Pod): string | undefined {
  const stuck = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])].find(
    ({ state }) => hopeless.has(state?.waiting?.reason ?? ''),
  );
  if (stuck === undefined) return undefined;
  const { reason, message = '' } = stuck.state?.waiting ?? {};
  return `container ${stuck.name} of pod ${metadata?.name}: ${reason} ${message}`.trim();
}
