import { setTimeout as delay } from 'node:timers/promises';
import type { V1Pod, V1PodStatus } from '@kubernetes/client-node';
import { isNotFound } from '../../../adapters/kubernetes/failures.ts';
import { decide, type Decision } from './container-decisions.ts';
import { adoptContainers, type ContainerStarter, createContainerStarter } from './container-starter.ts';
import { stopRun } from './containers/stop-run.ts';
import type { NodeContext } from './node-context.ts';
import { type PodContainer, podContainers, viewOf } from './pod-containers.ts';
import type { PodRecord } from './pod-records.ts';
import { podStatus } from './pod-status.ts';
import { createStatusWriter, type StatusWriter } from './status-writer.ts';

/** Runs one pod, from the moment it is bound until it is gone. */
export interface PodWorker {
  /** The pod as the API has it now; undefined: it is gone from the API. */
  update(pod: V1Pod | undefined): void;
  /** Looks again, because something that the pod depends on has changed. */
  recheck(): void;
  /** Stops all containers; the pod stays bound, and its containers start again with the node. */
  drain(): Promise<void>;
  /** Stops following the pod and leaves its containers alone. */
  detach(): void;
  /** Resolves when pod, containers and folders are gone. */
  readonly finished: Promise<void>;
}

interface WorkerState {
  pod: V1Pod;
  gone: boolean;
  draining: boolean;
  detached: boolean;
  failure: { reason: string; message: string } | undefined;
  record: PodRecord;
  readonly startedAt: number;
  readonly containers: PodContainer[];
  readonly starter: ContainerStarter;
  readonly writer: StatusWriter;
  status: V1PodStatus | undefined;
}

/**
 * Starts the one loop of a pod: it looks at the pod, its containers and the time, decides, acts, writes the status,
 * and sleeps until something happens. `record` says where the pod's last worker was, if it had one.
 */
export function createPodWorker(context: NodeContext, pod: V1Pod, record: PodRecord): PodWorker {
  let wake = Promise.withResolvers<void>();
  let timer: NodeJS.Timeout | undefined;
  const notify = () => wake.resolve();
  const containers = podContainers(pod);
  const state: WorkerState = {
    pod,
    gone: false,
    draining: false,
    detached: false,
    failure: undefined,
    record,
    startedAt: pod.status?.startTime === undefined ? Date.now() : new Date(pod.status.startTime).getTime(),
    containers,
    starter: createContainerStarter(context, () => state.pod, record, notify),
    writer: createStatusWriter(context.client, pod, context.logger),
    status: pod.status,
  };
  const drained = Promise.withResolvers<void>();
  const finished = run().catch((error: unknown) => {
    context.logger.error({ pod: podName(pod), err: error }, 'the pod is no longer looked after');
  });

  async function run(): Promise<void> {
    // A pod that has ended once never starts again, even if nothing is known of it here.
    const over = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
    await adoptContainers(context, pod, state.record, containers, state.starter);
    while (!state.detached) {
      const here = wake;
      const next = over ? await stepEnded(context, state) : await step(context, state, notify);
      if (next === 'finished') break;
      if (state.draining && containers.every((container) => container.run?.exit !== undefined || container.run === undefined)) break;
      if (next !== undefined) timer = setTimeout(notify, Math.max(1, next - Date.now()));
      await here.promise;
      clearTimeout(timer);
      wake = Promise.withResolvers<void>();
    }
    if (state.draining) await Promise.race([state.writer.flushed(), delay(1_000)]);
    state.writer.stop();
    drained.resolve();
  }

  return {
    finished,
    update(next) {
      if (next === undefined) state.gone = true;
      else state.pod = next;
      notify();
    },
    recheck: notify,
    async drain() {
      state.draining = true;
      context.records.write((state.record = { ...state.record, stopped: true }));
      notify();
      await drained.promise;
    },
    detach() {
      state.detached = true;
      for (const container of containers) {
        container.following?.abort();
        container.run?.detach();
      }
      notify();
    },
  };
}

/** One look and what follows from it. @returns when to look again at the latest, or that the pod is gone */
async function step(context: NodeContext, state: WorkerState, notify: () => void): Promise<number | 'finished' | undefined> {
  const { containers, starter, pod } = state;
  const deadline = deadlineOf(state);
  if (deadline !== undefined && deadline <= Date.now()) {
    state.failure = { reason: 'DeadlineExceeded', message: 'Pod was active on the node longer than the specified deadline' };
  }
  for (const container of containers) starter.settle(container);
  const decision = decide({
    restartPolicy: (pod.spec?.restartPolicy ?? 'Always') as 'Always' | 'OnFailure' | 'Never',
    containers: containers.map((container) => viewOf(container, state.record.sandbox)),
    ending: isEnding(state),
  });
  stopContainers(state, decision, notify);
  const refusal = decision.start.length === 0 ? undefined : context.refusalOf(pod);
  const due = containers.filter(({ spec }) => decision.start.includes(spec.name));
  if (refusal !== undefined) {
    for (const container of due) container.waiting = refusal;
    context.events.warn(pod, refusal.reason, refusal.message);
  } else {
    const now = Date.now();
    const startable = due.filter((container) => container.startAt <= now);
    await Promise.all(startable.map((container) => starter.start(container)));
  }
  publish(state, decision);
  if (decision.outcome !== undefined) return (await finish(context, state)) ? 'finished' : undefined;
  const startTimes = refusal === undefined ? due.filter(({ run }) => run === undefined || run.exit !== undefined).map(({ startAt }) => startAt) : [];
  const times = [...startTimes, ...(deadline === undefined || state.failure !== undefined ? [] : [deadline])];
  return times.length === 0 ? undefined : Math.min(...times);
}

/** A pod that had ended before this worker began: only its removal is left. */
async function stepEnded(context: NodeContext, state: WorkerState): Promise<'finished' | undefined> {
  return (await finish(context, state)) ? 'finished' : undefined;
}

function isEnding(state: WorkerState): boolean {
  return state.gone || state.draining || state.failure !== undefined || state.pod.metadata?.deletionTimestamp !== undefined;
}

function deadlineOf({ pod, startedAt }: WorkerState): number | undefined {
  const seconds = pod.spec?.activeDeadlineSeconds;
  return seconds === undefined ? undefined : startedAt + seconds * 1000;
}

function stopContainers(state: WorkerState, decision: Decision, notify: () => void): void {
  const graceMs = graceOf(state);
  for (const container of state.containers) {
    const { run } = container;
    if (run === undefined || run.exit !== undefined || !decision.stop.includes(container.spec.name)) continue;
    if (container.stopping === undefined) {
      container.stopping = new AbortController();
      void stopRun(run, state.starter.target(container), { graceMs, hasten: container.stopping.signal }).then(notify, notify);
    } else if (graceMs === 0) container.stopping.abort(); // the grace was shortened meanwhile
  }
}

/** How long containers may take from now on. */
function graceOf({ pod, gone }: WorkerState): number {
  const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata ?? {};
  const seconds = (gone ? undefined : deletionGracePeriodSeconds) ?? pod.spec?.terminationGracePeriodSeconds ?? 30;
  if (deletionTimestamp === undefined || gone) return seconds * 1000;
  // The time of the deletion already includes the grace; it is cut to seconds, hence one more.
  const left = new Date(deletionTimestamp).getTime() + 1000 - Date.now();
  return Math.max(0, Math.min(seconds * 1000, left));
}

function publish(state: WorkerState, decision: Decision): void {
  // While the node stops, the pod stays what it was: it goes on with the next start.
  const shown = state.draining ? { ...decision, outcome: undefined } : decision;
  const { outcome, ...rest } = shown;
  state.status = podStatus({
    pod: state.pod,
    containers: state.containers,
    decision: outcome === undefined ? rest : { ...rest, outcome },
    address: state.record.address,
    sandbox: state.record.sandbox,
    prepared: state.starter.prepared,
    failure: state.failure,
    startedAt: state.startedAt,
    now: Date.now(),
    previous: state.status,
  });
  if (!state.gone) state.writer.write(state.status);
}

/**
 * Nothing of the pod runs any more. Once it is to be removed: its folders first, then the object, so that nobody
 * sees the pod gone and something of it left.
 * @returns whether it is gone
 */
async function finish(context: NodeContext, state: WorkerState): Promise<boolean> {
  if (state.draining) return false;
  const { name = '', namespace = '', uid = '', deletionTimestamp } = state.pod.metadata ?? {};
  if (!state.gone && deletionTimestamp === undefined) return false;
  await state.writer.flushed();
  await context.records.remove(uid);
  context.addresses.free(state.record.address);
  for (let failures = 0; !state.gone; failures += 1) {
    try {
      await context.client.core.deleteNamespacedPod({ name, namespace, body: { gracePeriodSeconds: 0, preconditions: { uid } } });
      break;
    } catch (error) {
      if (isNotFound(error)) break;
      context.logger.warn({ pod: podName(state.pod), err: error }, 'the pod could not be removed');
      await delay(Math.min(100 * 2 ** failures, 5_000));
    }
  }
  return true;
}

function podName(pod: V1Pod): string {
  return `${pod.metadata?.namespace}/${pod.metadata?.name}`;
}
