import { backoffMs } from '../adapters/backoff.ts';

/** What one container of a pod is and does, as far as decisions need it. */
export interface ContainerView {
  readonly name: string;
  /** `sidecar`: an init container with restartPolicy Always. */
  readonly kind: 'init' | 'sidecar' | 'main';
  readonly state: 'none' | 'running' | 'exited';
  /** Of an exited one. */
  readonly exitCode: number;
  /** Of a running one: its startup probe has succeeded, or it has none. */
  readonly started: boolean;
  /** Its latest run belongs to the present sandbox (none since a reboot or full stop otherwise). */
  readonly current: boolean;
}

export interface PodView {
  readonly restartPolicy: 'Always' | 'OnFailure' | 'Never';
  /** In the order of the spec: init containers, then main ones. */
  readonly containers: readonly ContainerView[];
  /** The pod must end: it is being deleted, or has failed as a whole. */
  readonly ending: boolean;
}

export interface Decision {
  /** Containers that should run now and do not. */
  readonly start: readonly string[];
  /** Containers that should stop now. */
  readonly stop: readonly string[];
  /** Nothing runs any more and nothing will. */
  readonly outcome?: 'Succeeded' | 'Failed';
  /** All init containers have done their part. */
  readonly initialized: boolean;
}

/**
 * What to start and stop next in a pod, as kubelet does it: init containers one after the other, sidecars before
 * what follows them and restarted whatever the policy, main containers together; when these have ended, or the pod
 * must end, sidecars stop in reverse order after the main ones. Delays before a restart are the caller's.
 */
export function decide(pod: PodView): Decision {
  const main = pod.containers.filter((container) => container.kind === 'main');
  const preparing = pod.containers.filter((container) => container.kind !== 'main');
  const initialized = main.some((container) => container.current) || preparing.every(hasPrepared);
  const failedInit =
    pod.restartPolicy === 'Never' &&
    preparing.some((container) => container.kind === 'init' && container.current && hasFailed(container));
  if (pod.ending || failedInit || main.every((container) => hasEnded(container, pod.restartPolicy))) {
    return windDown(pod, initialized, failedInit);
  }
  if (!initialized) return { ...nextInit(preparing), stop: [], initialized };
  const idle = pod.containers.filter(
    (container) => container.kind !== 'init' && container.state !== 'running',
  );
  const start = idle.filter(
    (container) => container.kind === 'sidecar' || !hasEnded(container, pod.restartPolicy),
  );
  return { start: start.map((container) => container.name), stop: [], initialized };
}

function windDown(pod: PodView, initialized: boolean, failedInit: boolean): Decision {
  const running = pod.containers.filter((container) => container.state === 'running');
  const first = running.filter((container) => container.kind !== 'sidecar');
  const stop = first.length > 0 ? first : running.slice(-1);
  if (stop.length > 0) return { start: [], stop: stop.map((container) => container.name), initialized };
  const main = pod.containers.filter((container) => container.kind === 'main');
  const succeeded =
    !failedInit && main.every((container) => container.state === 'exited' && container.exitCode === 0);
  return { start: [], stop: [], outcome: succeeded ? 'Succeeded' : 'Failed', initialized };
}

/** Starts what has to come up before the first container that is not done yet, and that one. */
function nextInit(preparing: readonly ContainerView[]): { start: string[] } {
  const start: string[] = [];
  for (const container of preparing) {
    if (container.state !== 'running' && !hasPrepared(container)) start.push(container.name);
    if (!hasPrepared(container)) break;
  }
  return { start };
}

function hasPrepared(container: ContainerView): boolean {
  if (!container.current) return false;
  if (container.kind === 'sidecar') return container.state === 'running' && container.started;
  return container.state === 'exited' && container.exitCode === 0;
}

function hasFailed(container: ContainerView): boolean {
  return container.state === 'exited' && container.exitCode !== 0;
}

function hasEnded(container: ContainerView, policy: PodView['restartPolicy']): boolean {
  if (container.state !== 'exited' || policy === 'Always') return false;
  return policy === 'Never' || container.exitCode === 0;
}

const first = 10_000;
const longest = 5 * 60_000;
/** A run at least this long clears the record. */
const healthy = 10 * 60_000;

/**
 * When a container that ended may start again, as kubelet: at once the first time, then 10 s after its end,
 * doubling up to 5 min; a run of 10 min starts over. Times in milliseconds.
 */
export function nextRestart(run: { startedAt: number; finishedAt: number; quickRestarts: number }): {
  at: number;
  quickRestarts: number;
} {
  const quick = run.finishedAt - run.startedAt >= healthy ? 0 : run.quickRestarts;
  const delay = quick === 0 ? 0 : backoffMs(quick - 1, first, longest);
  return { at: run.finishedAt + delay, quickRestarts: quick + 1 };
}
