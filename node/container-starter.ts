import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { V1Container, V1Pod } from '@kubernetes/client-node';
import { backoffMs } from '../adapters/backoff.ts';
import { apiMessage } from '../adapters/kubernetes/failures.ts';
import { nextRestart } from './container-decisions.ts';
import { runCommand } from './containers/command.ts';
import {
  adoptRun,
  type ContainerRun,
  scratchDir,
  startRun,
  terminationMessageFile,
} from './containers/container-run.ts';
import { runHook, stopRun } from './containers/stop-run.ts';
import type { NamespaceData } from './environment.ts';
import { ContainerRefusal } from './images.ts';
import { loadNamespaceData } from './namespace-data.ts';
import type { NodeContext } from './node-context.ts';
import type { PodContainer } from './pod-containers.ts';
import type { PodRecord } from './pod-records.ts';
import { followProbes, type ProbeTarget } from './probes.ts';
import { planProcess, type ProcessPlan } from './process-plan.ts';
import { VolumeNotReady } from './volumes/volume-not-ready.ts';
import { prepareVolumes } from './volumes/volumes.ts';

/** Starts the containers of one pod and follows them; knows nothing of when. */
export interface ContainerStarter {
  /** Whether the pod's volumes are there. */
  readonly prepared: boolean;
  /** Starts a new run, or notes on the container why it cannot run and when to try again. */
  start(container: PodContainer): Promise<void>;
  /** Follows a run that goes on from before. */
  follow(container: PodContainer, known: { started: boolean; ready: boolean }): void;
  /** Notes the end of a run, once: probes stop, and the next start is not before its delay. */
  settle(container: PodContainer): void;
  target(container: PodContainer): ProbeTarget;
}

interface Prepared {
  readonly volumes: ReadonlyMap<string, string>;
  readonly data: NamespaceData;
}

const maxRetryMs = 10_000;

export function createContainerStarter(
  context: NodeContext,
  currentPod: () => V1Pod,
  record: PodRecord,
  notify: () => void,
): ContainerStarter {
  const folders = context.records.folders(record.uid);
  let preparing: Promise<Prepared> | undefined;
  let prepared = false;
  const podName = () => `${currentPod().metadata?.namespace}/${currentPod().metadata?.name}`;

  /** Volumes and environment sources; read again for containers that start again. */
  function prepare(): Promise<Prepared> {
    preparing ??= prepareOnce().then(
      (result) => {
        prepared = true;
        return result;
      },
      (error: unknown) => {
        preparing = undefined;
        throw error;
      },
    );
    return preparing;
  }

  async function prepareOnce(): Promise<Prepared> {
    const { config, client } = context;
    const pod = currentPod();
    const data = await loadNamespaceData(client, pod);
    const { storageDir, hostPathPrefixes } = config;
    const volumes = await prepareVolumes({
      client,
      pod,
      podAddress: record.address,
      data,
      folders,
      storageDir,
      hostPathPrefixes,
    });
    return { volumes, data };
  }

  async function plan(spec: V1Container, runDir: string): Promise<ProcessPlan> {
    const { volumes, data } = await prepare();
    const { images, apiServer } = context;
    return planProcess({
      pod: currentPod(),
      container: spec,
      images,
      data,
      volumes,
      terminationMessageFile: terminationMessageFile(runDir),
      podAddress: record.address,
      apiServer,
      scratchDir: scratchDir(runDir),
    });
  }

  async function startNext(container: PodContainer): Promise<void> {
    const { spec, run: last } = container;
    const home = folders.container(spec.name);
    const number = Math.max(-1, ...runNumbers(home)) + 1;
    const runDir = join(home, String(number));
    const { argv, environment, workingDirectory, subPaths } = await plan(spec, runDir);
    for (const path of subPaths) if (!existsSync(path)) mkdirSync(path, { recursive: true, mode: 0o700 });
    const quickRestarts = last?.exit === undefined ? 0 : restartOf(last).quickRestarts;
    const restarts = last === undefined ? 0 : last.start.restarts + 1;
    const start = { number, restarts, sandbox: record.sandbox, startedAt: Date.now(), quickRestarts };
    const run = await startRun(start, {
      runDir,
      logFile: `${runDir}.log`,
      argv,
      environment,
      workingDirectory,
    });
    if (container.previous !== undefined) void removeRun(container.previous);
    container.previous = last;
    container.run = run;
    context.logger.info({ pod: podName(), container: spec.name, run: number }, 'container started');
    follow(container, { started: false, ready: false });
  }

  function follow(container: PodContainer, known: { started: boolean; ready: boolean }): void {
    const { run, spec } = container;
    if (run === undefined) return;
    Object.assign(container, { waiting: undefined, failedStarts: 0, stopping: undefined, ...known });
    const following = (container.following = new AbortController());
    void run.ended.then(notify);
    const probe = () => followProbes(target(container), known, listener(container, run), following.signal);
    const postStart = spec.lifecycle?.postStart;
    if (postStart === undefined || known.started) return probe();
    runHook(postStart, target(container), following.signal).then(probe, (error: Error) => {
      if (!following.signal.aborted) restart(container, run, 'FailedPostStartHook', error.message);
    });
  }

  function listener(container: PodContainer, run: ContainerRun) {
    const { name } = container.spec;
    return {
      started() {
        container.started = true;
        notify();
      },
      ready(ready: boolean) {
        container.ready = ready;
        notify();
      },
      failed: (probe: string, message: string) =>
        context.events.warn(currentPod(), 'Unhealthy', `${name}: ${probe} probe failed: ${message}`),
      unhealthy: (probe: string, message: string) =>
        restart(container, run, 'Unhealthy', `${probe} probe failed: ${message}`),
    };
  }

  /** Ends a run that is not well; what follows its end is decided like after any other end. */
  function restart(container: PodContainer, run: ContainerRun, reason: string, message: string): void {
    const { spec } = container;
    context.events.warn(currentPod(), reason, `${spec.name}: ${message}; the container is stopped`);
    if (container.stopping !== undefined) return;
    const hasten = new AbortController();
    const seconds =
      spec.livenessProbe?.terminationGracePeriodSeconds ??
      currentPod().spec?.terminationGracePeriodSeconds ??
      30;
    container.stopping = { hasten, killAt: Date.now() + seconds * 1000 };
    const options = { graceMs: seconds * 1000, hasten: hasten.signal };
    void stopRun(run, target(container), options).then(notify, notify);
  }

  function target(container: PodContainer): ProbeTarget {
    const { spec } = container;
    return {
      container: spec,
      podAddress: record.address,
      async exec(command, signal) {
        const runDir = container.run?.dir ?? '';
        const { environment, workingDirectory, command: resolve } = await plan(spec, runDir);
        return runCommand({ argv: resolve(command), environment, workingDirectory, runDir, signal });
      },
    };
  }

  return {
    get prepared() {
      return prepared;
    },
    follow,
    target,
    settle(container) {
      const { run } = container;
      if (run?.exit === undefined || container.following === undefined) return;
      container.following.abort();
      context.logger.info(
        { pod: podName(), container: container.spec.name, run: run.start.number, exitCode: run.exit.code },
        'container ended',
      );
      Object.assign(container, { following: undefined, stopping: undefined, started: false, ready: false });
      if (container.kind === 'init' && run.exit.code === 0) return;
      preparing = undefined;
      container.startAt = run.start.sandbox < record.sandbox ? 0 : restartOf(run).at;
      const seconds = Math.round((container.startAt - run.exit.finishedAt) / 1000);
      if (seconds > 0) {
        container.waiting = {
          reason: 'CrashLoopBackOff',
          message: `back-off ${seconds}s restarting failed container=${container.spec.name}`,
        };
      }
    },
    async start(container) {
      try {
        await startNext(container);
      } catch (error) {
        container.failedStarts += 1;
        container.startAt = Date.now() + backoffMs(container.failedStarts, 50, maxRetryMs);
        container.waiting = waitingFor(error);
        preparing = undefined;
        context.logger.info(
          { pod: podName(), container: container.spec.name, reason: container.waiting.message },
          'container not started',
        );
        context.events.warn(
          currentPod(),
          error instanceof VolumeNotReady ? 'FailedMount' : 'Failed',
          container.waiting.message,
        );
      }
    },
  };
}

/** Finds what earlier workers of the pod started, and follows what still runs. */
export async function adoptContainers(
  context: NodeContext,
  pod: V1Pod,
  record: PodRecord,
  containers: readonly PodContainer[],
  starter: ContainerStarter,
): Promise<void> {
  const known = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
  for (const container of containers) {
    const home = context.records.folders(record.uid).container(container.spec.name);
    for (const number of runNumbers(home)) {
      const run = await adoptRun(join(home, String(number)), join(home, `${number}.log`));
      if (run !== undefined) [container.previous, container.run] = [container.run, run];
    }
    const status = known.find((candidate) => candidate.name === container.spec.name);
    if (container.run === undefined) continue;
    if (container.run.exit === undefined)
      starter.follow(container, { started: status?.started ?? false, ready: status?.ready ?? false });
    else container.following = new AbortController(); // its end is still to be settled
  }
}

function waitingFor(error: unknown): { reason: string; message: string } {
  if (error instanceof ContainerRefusal) return { reason: error.reason, message: error.message };
  if (error instanceof VolumeNotReady) return { reason: 'ContainerCreating', message: error.message };
  return { reason: 'CreateContainerError', message: apiMessage(error) };
}

function restartOf(run: ContainerRun): { at: number; quickRestarts: number } {
  const { startedAt, quickRestarts } = run.start;
  return nextRestart({ startedAt, finishedAt: run.exit?.finishedAt ?? Date.now(), quickRestarts });
}

/** Numbers of the runs of a container, in their order. The folder of a run that was forbidden is never used again. */
function runNumbers(home: string): number[] {
  if (!existsSync(home)) return [];
  const folders = readdirSync(home, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.map((entry) => Number(entry.name)).toSorted((a, b) => a - b);
}

async function removeRun(run: ContainerRun): Promise<void> {
  await rm(run.dir, { recursive: true, force: true });
  for (const file of [run.logFile, `${run.logFile}.1`]) await rm(file, { force: true });
}
