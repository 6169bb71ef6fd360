import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type {
  V1Container,
  V1ContainerState,
  V1ContainerStatus,
  V1Pod,
  V1PodCondition,
  V1PodStatus,
} from '@kubernetes/client-node';
import { isErrno } from '../adapters/processes/identity.ts';
import type { Decision } from './container-decisions.ts';
import { type ContainerRun, terminationMessageFile } from './containers/container-run.ts';
import type { PodContainer } from './pod-containers.ts';

export interface PodStatusInput {
  readonly pod: V1Pod;
  readonly containers: readonly PodContainer[];
  readonly decision: Decision;
  readonly address: string;
  readonly sandbox: number;
  /** The volumes are there. */
  readonly prepared: boolean;
  /** Why the pod failed as a whole. */
  readonly failure: { readonly reason: string; readonly message: string } | undefined;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly now: number;
  readonly previous: V1PodStatus | undefined;
}

/** The status of a pod as the API wants it, times as RFC 3339 strings. Conditions keep their transition times. */
export function podStatus(input: PodStatusInput): V1PodStatus {
  const { containers, decision, failure } = input;
  const statuses = containers.map((container) => ({
    kind: container.kind,
    status: containerStatus(container, input),
  }));
  const generation = input.pod.metadata?.generation;
  return {
    phase: phaseOf(input),
    // null removes what an earlier patch wrote
    reason: failure?.reason ?? null,
    message: failure?.message ?? null,
    hostIP: '127.0.0.1',
    hostIPs: [{ ip: '127.0.0.1' }],
    podIP: input.address,
    podIPs: [{ ip: input.address }],
    startTime: time(input.startedAt),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    conditions: conditions(input, decision),
    initContainerStatuses: statuses.filter(({ kind }) => kind !== 'main').map(({ status }) => status),
    containerStatuses: statuses.filter(({ kind }) => kind === 'main').map(({ status }) => status),
  } as unknown as V1PodStatus;
}

function phaseOf({ containers, decision, failure }: PodStatusInput): string {
  if (decision.outcome !== undefined) return failure === undefined ? decision.outcome : 'Failed';
  const main = containers.filter((container) => container.kind === 'main');
  return main.every((container) => container.run !== undefined) ? 'Running' : 'Pending';
}

function conditions(input: PodStatusInput, decision: Decision): V1PodCondition[] {
  const { containers, pod } = input;
  const notReady = containers
    .filter((container) => container.kind !== 'init' && !container.ready)
    .map(({ spec }) => spec.name);
  const gates = (pod.spec?.readinessGates ?? []).map((gate) => gate.conditionType);
  const held = gates.filter(
    (type) =>
      !pod.status?.conditions?.some((condition) => condition.type === type && condition.status === 'True'),
  );
  const completed = decision.outcome !== undefined;
  const reasons = completed
    ? { reason: 'PodCompleted' }
    : { reason: 'ContainersNotReady', message: `containers with unready status: [${notReady.join(' ')}]` };
  const containersReady = notReady.length === 0 && !completed;
  const wanted: Condition[] = [
    condition('PodReadyToStartContainers', input.prepared && !completed),
    condition(
      'Initialized',
      decision.initialized,
      completed ? { reason: 'PodCompleted' } : { reason: 'ContainersNotInitialized' },
    ),
    condition('ContainersReady', containersReady, reasons),
    condition(
      'Ready',
      containersReady && held.length === 0,
      containersReady ? { reason: 'ReadinessGatesNotReady' } : reasons,
    ),
    condition('PodScheduled', true),
  ];
  if (wasDisrupted(input)) {
    wanted.push({
      ...condition('DisruptionTarget', true),
      reason: 'TerminationByKubelet',
      message: 'the node was stopped',
    });
  }
  return wanted.map((next) => withTransition(next, input));
}

interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly reason?: string;
  readonly message?: string;
}

function condition(
  type: string,
  holds: boolean,
  otherwise: { reason?: string; message?: string } = {},
): Condition {
  return { type, status: holds ? 'True' : 'False', ...(holds ? {} : otherwise) };
}

function withTransition(next: Condition, { previous, now }: PodStatusInput): V1PodCondition {
  const before = previous?.conditions?.find((candidate) => candidate.type === next.type);
  const since = before?.status === next.status ? before.lastTransitionTime : undefined;
  // null removes what an earlier patch wrote
  return {
    reason: null,
    message: null,
    ...next,
    lastTransitionTime: since ?? time(now),
  } as unknown as V1PodCondition;
}

/** A pod that is never restarted failed because the node was stopped or the machine restarted. */
function wasDisrupted({ pod, containers, decision, sandbox }: PodStatusInput): boolean {
  if (decision.outcome !== 'Failed' || pod.spec?.restartPolicy !== 'Never') return false;
  return containers.some(
    ({ run }) => run !== undefined && run.start.sandbox < sandbox && run.exit?.code !== 0,
  );
}

function containerStatus(container: PodContainer, input: PodStatusInput): V1ContainerStatus {
  const { spec, run } = container;
  const state = stateOf(container, input);
  const running = state.running !== undefined;
  return {
    name: spec.name,
    image: spec.image ?? '',
    imageID: `process://${spec.image ?? ''}`,
    ...(run === undefined ? {} : { containerID: containerId(input, container, run) }),
    restartCount: run?.start.restarts ?? 0,
    ready: container.kind === 'init' ? run?.exit?.code === 0 : running && container.ready,
    started: running && container.started,
    state,
    lastState: lastStateOf(container, input, state),
  };
}

function lastStateOf(
  container: PodContainer,
  input: PodStatusInput,
  state: V1ContainerState,
): V1ContainerState {
  const { run, previous } = container;
  const last = state.waiting !== undefined && run?.exit !== undefined ? run : previous;
  return last?.exit === undefined ? {} : { terminated: terminated(input, container, last) };
}

function stateOf(container: PodContainer, input: PodStatusInput): V1ContainerState {
  const { run, waiting } = container;
  if (run !== undefined && run.exit === undefined)
    return { running: { startedAt: time(run.start.startedAt) } };
  const ended = input.decision.outcome !== undefined;
  if (waiting !== undefined && !ended) return { waiting: { ...waiting } };
  const outdated = run !== undefined && run.start.sandbox < input.sandbox && !ended;
  if (run !== undefined && !outdated) return { terminated: terminated(input, container, run) };
  const created =
    container.kind === 'main' && !input.decision.initialized ? 'PodInitializing' : 'ContainerCreating';
  return { waiting: { reason: created } };
}

function terminated(
  input: PodStatusInput,
  container: PodContainer,
  run: ContainerRun,
): NonNullable<V1ContainerState['terminated']> {
  const exit = run.exit ?? { code: 137, known: false, finishedAt: input.now };
  const message = exit.known
    ? terminationMessage(run, container.spec)
    : 'the exit code of the process is unknown';
  return {
    exitCode: exit.code,
    reason: exit.known ? (exit.code === 0 ? 'Completed' : 'Error') : 'ContainerStatusUnknown',
    ...(message === '' ? {} : { message }),
    startedAt: time(run.start.startedAt),
    finishedAt: time(exit.finishedAt),
    containerID: containerId(input, container, run),
  };
}

function containerId({ pod }: PodStatusInput, { spec }: PodContainer, run: ContainerRun): string {
  return `process://${pod.metadata?.uid ?? ''}/${spec.name}/${run.start.number}`;
}

/** client-node types times as Date; as strings they are what the API server would send. */
function time(milliseconds: number): Date {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z` as unknown as Date;
}

const messageBytes = 4096;
const logBytes = 2048;

/**
 * What a container left in its termination message file (4 KiB at most) or, with FallbackToLogsOnError and a
 * failure, the end of its log (2 KiB).
 */
function terminationMessage(run: ContainerRun, container: V1Container): string {
  const message = readPart(terminationMessageFile(run.dir), messageBytes, 'start');
  if (message !== '' || container.terminationMessagePolicy !== 'FallbackToLogsOnError') return message;
  return run.exit?.code === 0 ? '' : readPart(run.logFile, logBytes, 'end');
}

function readPart(file: string, bytes: number, from: 'start' | 'end'): string {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return '';
    throw error;
  }
  try {
    const { size } = fstatSync(descriptor);
    const length = Math.min(size, bytes);
    const buffer = Buffer.alloc(length);
    readSync(descriptor, buffer, 0, length, from === 'start' ? 0 : size - length);
    return buffer.toString('utf8');
  } finally {
    closeSync(descriptor);
  }
}
