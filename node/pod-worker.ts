import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { V1Pod, V1PodStatus } from '@kubernetes/client-node';
import { isConflict, isNotFound } from '../adapters/kubernetes/failures.ts';
import { decide, type Decision } from './container-decisions.ts';
import { adoptContainers, type ContainerStarter, createContainerStarter } from './container-starter.ts';
import type { NodeContext } from './node-context.ts';
import { type PodContainer, podContainers, viewOf } from './pod-containers.ts';
import type { PodRecord } from './pod-records.ts';
import { stopContainers } from './pod-ending.ts';
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
}

interface WorkerState {
  pod: V1Pod;
  gone: boolean;
  draining: boolean;
  detached: boolean;
  /** Its folders are gone. */
  removed: boolean;
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
    removed: false,
    failure: undefined,
    record,
    startedAt: pod.status?.startTime === undefined ? Date.now() : new Date(pod.status.startTime).getTime(),
    containers,
    starter: createContainerStarter(context, () => state.pod, record, notify),
    writer: createStatusWriter(context.client, pod, context.logger),
    status: pod.status,
  };
  // A pod that has ended once never starts again, even if nothing is known of it here.
  const hadEnded = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
  const over = Promise.withResolvers<void>();
  void run();

  async function run(): Promise<void> {
    await adoptContainers(context, pod, state.record, containers, state.starter);
    while (!state.detached) {
      const here = wake;
      const next = await look();
      if (next === 'finished' || (state.draining && !containers.some(isRunning))) break;
      if (next !== undefined) timer = setTimeout(notify, Math.max(1, next - Date.now()));
      await here.promise;
      clearTimeout(timer);
      wake = Promise.withResolvers<void>();
    }
    if (state.draining) {
      // As after a restart of the machine: what was kept in memory is gone.
      await rm(context.records.folders(record.uid).memory, { recursive: true, force: true });
      await Promise.race([state.writer.flushed(), delay(1_000)]);
    }
    state.writer.stop();
    over.resolve();
  }

  async function look(): Promise<number | 'finished' | undefined> {
    try {
      return hadEnded ? await finish(context, state) : await step(context, state, notify);
    } catch (err) {
      // A full disk, say: the pod must not be forgotten for it.
      context.logger.error({ pod: podName(pod), err }, 'pod sync failed; will retry');
      return Date.now() + 1_000;
    }
  }

  return {
    update(next) {
      if (next === undefined) state.gone = true;
      else state.pod = next;
      notify();
    },
    recheck: notify,
    async drain() {
      if (state.removed) return;
      state.draining = true;
      context.records.write((state.record = { ...state.record, stopped: true }));
      notify();
      await over.promise;
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
async function step(
  context: NodeContext,
  state: WorkerState,
  notify: () => void,
): Promise<number | 'finished' | undefined> {
  const { containers, starter, pod } = state;
  const deadline = deadlineOf(state);
  if (deadline !== undefined && deadline <= Date.now()) {
    state.failure = {
      reason: 'DeadlineExceeded',
      message: 'Pod was active on the node longer than the specified deadline',
    };
  }
  for (const container of containers) starter.settle(container);
  const decision = decide({
    restartPolicy: (pod.spec?.restartPolicy ?? 'Always') as 'Always' | 'OnFailure' | 'Never',
    containers: containers.map((container) => viewOf(container, state.record.sandbox)),
    ending: isEnding(state),
  });
  stopContainers(state, decision.stop, notify);
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
  if (decision.outcome !== undefined) return finish(context, state);
  const startTimes =
    refusal === undefined
      ? due.filter(({ run }) => run === undefined || run.exit !== undefined).map(({ startAt }) => startAt)
      : [];
  const times = [...startTimes, ...(deadline === undefined || state.failure !== undefined ? [] : [deadline])];
  return times.length === 0 ? undefined : Math.min(...times);
}

function isEnding(state: WorkerState): boolean {
  return (
    state.gone ||
    state.draining ||
    state.failure !== undefined ||
    state.pod.metadata?.deletionTimestamp !== undefined
  );
}

function deadlineOf({ pod, startedAt }: WorkerState): number | undefined {
  const seconds = pod.spec?.activeDeadlineSeconds;
  return seconds === undefined ? undefined : startedAt + seconds * 1000;
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
  if (!state.gone) state.writer.write(state.status, state.pod);
}

/**
 * Nothing of the pod runs any more. Once it is to be removed: its folders first, then the object, so that nobody
 * sees the pod gone and something of it left.
 */
async function finish(context: NodeContext, state: WorkerState): Promise<number | 'finished' | undefined> {
  const { name = '', namespace = '', uid = '', deletionTimestamp } = state.pod.metadata ?? {};
  if (state.draining || (!state.gone && deletionTimestamp === undefined)) return undefined;
  if (!state.gone) await Promise.race([state.writer.flushed(), delay(1_000)]);
  state.removed = true;
  await context.records.remove(uid);
  context.addresses.free(state.record.address);
  if (state.gone) return 'finished';
  try {
    const body = { gracePeriodSeconds: 0, preconditions: { uid } };
    await context.client.core.deleteNamespacedPod({ name, namespace, body });
  } catch (err) {
    if (!isNotFound(err) && !isConflict(err)) {
      context.logger.warn({ pod: podName(state.pod), err }, 'failed to remove the pod; will retry');
      return Date.now() + 1_000;
    }
  }
  return 'finished';
}

function isRunning({ run }: PodContainer): boolean {
  return run !== undefined && run.exit === undefined;
}

function podName(pod: V1Pod): string {
  return `${pod.metadata?.namespace}/${pod.metadata?.name}`;
}
