import type { V1Pod } from '@kubernetes/client-node';
import type { ContainerStarter } from './container-starter.ts';
import { stopRun } from './containers/stop-run.ts';
import type { PodContainer } from './pod-containers.ts';

/** What sidecars get at least, as kubelet gives it: main containers may have used up the grace. */
const sidecarGraceMs = 2_000;

/** Begins to stop the named containers; those that stop already are hastened if the grace was shortened meanwhile. */
export function stopContainers(
  state: {
    readonly pod: V1Pod;
    /** The pod is gone from the API. */
    readonly gone: boolean;
    readonly containers: readonly PodContainer[];
    readonly starter: ContainerStarter;
  },
  names: readonly string[],
  notify: () => void,
): void {
  for (const container of state.containers) {
    const { run } = container;
    if (run === undefined || run.exit !== undefined || !names.includes(container.spec.name)) continue;
    const graceMs = graceOf(state, container.kind);
    const { stopping } = container;
    if (stopping === undefined) {
      const hasten = new AbortController();
      container.stopping = { hasten, killAt: Date.now() + graceMs };
      void stopRun(run, state.starter.target(container), { graceMs, hasten: hasten.signal }).then(
        notify,
        notify,
      );
    } else if (Date.now() + graceMs < stopping.killAt - 500) {
      stopping.killAt = Date.now() + graceMs;
      setTimeout(() => stopping.hasten.abort(), graceMs);
    }
  }
}

/** How long a container may take from now on. */
function graceOf({ pod, gone }: { pod: V1Pod; gone: boolean }, kind: PodContainer['kind']): number {
  const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata ?? {};
  const asked = gone ? undefined : deletionGracePeriodSeconds;
  const fullMs = (asked ?? pod.spec?.terminationGracePeriodSeconds ?? 30) * 1000;
  if (deletionTimestamp === undefined || gone) return fullMs;
  // The time of the deletion already includes the grace; it is cut to seconds, hence one more.
  const leftMs = Math.min(fullMs, new Date(deletionTimestamp).getTime() + 1000 - Date.now());
  return Math.max(0, leftMs, kind === 'sidecar' ? Math.min(fullMs, sidecarGraceMs) : 0);
}
