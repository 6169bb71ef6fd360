import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { V1Container, V1HTTPGetAction, V1Probe, V1TCPSocketAction } from '@kubernetes/client-node';

/** What probes and hooks reach of a container. */
export interface ProbeTarget {
  readonly container: V1Container;
  readonly podAddress: string;
  /** Runs a command beside the container. */
  exec(command: readonly string[], signal: AbortSignal): Promise<{ code: number; output: string }>;
}

/** One check: `undefined` if it succeeded, else what was wrong. */
export type CheckResult = string | undefined;

export interface ProbeListener {
  /** The startup probe succeeded. */
  started(): void;
  ready(ready: boolean): void;
  /** The startup or liveness probe failed too often: the container must be restarted. */
  unhealthy(probe: 'Startup' | 'Liveness', message: string): void;
  /** A single failure after the container had been well. */
  failed(probe: 'Readiness' | 'Liveness', message: string): void;
}

/** How long between two tries of a network probe that has not succeeded yet, whatever its period… */
const eagerIntervalMs = 100;
/** …during its first minute; what takes longer is asked once per period. */
const eagerForMs = 60_000;

/**
 * Runs a container's probes until `signal` aborts. Tries that wait for the first success of a network probe come
 * every 100 ms, so that readiness is seen at once; only one per period counts as a failure.
 * @param known what is known already of a container that was adopted
 */
export function followProbes(
  target: ProbeTarget,
  known: { started: boolean; ready: boolean },
  listener: ProbeListener,
  signal: AbortSignal,
): void {
  const { startupProbe, livenessProbe, readinessProbe } = target.container;
  const run = async () => {
    if (!known.started && startupProbe !== undefined) {
      const failure = await untilThreshold(startupProbe, target, signal, true);
      if (signal.aborted) return;
      if (failure !== undefined) return listener.unhealthy('Startup', failure);
    }
    listener.started();
    if (readinessProbe === undefined) listener.ready(true);
    else void followReadiness(readinessProbe, target, known.ready, listener, signal);
    if (livenessProbe !== undefined) void followLiveness(livenessProbe, target, listener, signal);
  };
  void run();
}

async function followReadiness(
  probe: V1Probe,
  target: ProbeTarget,
  wasReady: boolean,
  listener: ProbeListener,
  signal: AbortSignal,
) {
  let ready = wasReady;
  let first = true;
  if (!wasReady) await pause((probe.initialDelaySeconds ?? 0) * 1000, signal);
  while (!signal.aborted) {
    if (!ready) await untilSuccess(probe, target, signal, first);
    first = false;
    if (signal.aborted) return;
    if (!ready) listener.ready((ready = true));
    const failure = await untilThreshold(probe, target, signal, false);
    if (signal.aborted || failure === undefined) return;
    listener.ready((ready = false));
    listener.failed('Readiness', failure);
  }
}

async function followLiveness(
  probe: V1Probe,
  target: ProbeTarget,
  listener: ProbeListener,
  signal: AbortSignal,
) {
  await pause((probe.initialDelaySeconds ?? 0) * 1000, signal);
  const failure = await untilThreshold(probe, target, signal, false);
  if (!signal.aborted && failure !== undefined) listener.unhealthy('Liveness', failure);
}

/** Waits for `successThreshold` successes in a row. */
async function untilSuccess(
  probe: V1Probe,
  target: ProbeTarget,
  signal: AbortSignal,
  eager: boolean,
): Promise<void> {
  let successes = 0;
  const eagerUntil = performance.now() + (eager ? eagerForMs : 0);
  while (!signal.aborted) {
    successes = (await check(probe, target, signal)) === undefined ? successes + 1 : 0;
    if (successes >= (probe.successThreshold ?? 1)) return;
    await pause(intervalMs(probe, successes === 0 && performance.now() < eagerUntil), signal);
  }
}

/**
 * The last failure once `failureThreshold` of them came in a row, one counted per period; undefined on abort and,
 * with `untilFirstSuccess`, at the first success.
 */
async function untilThreshold(
  probe: V1Probe,
  target: ProbeTarget,
  signal: AbortSignal,
  untilFirstSuccess: boolean,
): Promise<CheckResult> {
  if (untilFirstSuccess) await pause((probe.initialDelaySeconds ?? 0) * 1000, signal);
  let failures = 0;
  const eagerUntil = performance.now() + (untilFirstSuccess ? eagerForMs : 0);
  let countFrom = performance.now();
  while (!signal.aborted) {
    const failure = await check(probe, target, signal);
    if (failure === undefined && untilFirstSuccess) return undefined;
    if (failure === undefined) failures = 0;
    else if (performance.now() >= countFrom) {
      failures += 1;
      countFrom += periodMs(probe);
      if (failures >= (probe.failureThreshold ?? 3)) return failure;
    }
    await pause(intervalMs(probe, performance.now() < eagerUntil), signal);
  }
  return undefined;
}

function periodMs(probe: V1Probe): number {
  return (probe.periodSeconds ?? 10) * 1000;
}

function intervalMs(probe: V1Probe, eager: boolean): number {
  return eager && probe.exec === undefined ? Math.min(eagerIntervalMs, periodMs(probe)) : periodMs(probe);
}

async function check(probe: V1Probe, target: ProbeTarget, stopped: AbortSignal): Promise<CheckResult> {
  const signal = AbortSignal.any([stopped, AbortSignal.timeout((probe.timeoutSeconds ?? 1) * 1000)]);
  try {
    if (probe.httpGet !== undefined) return await checkHttp(probe.httpGet, target, signal);
    if (probe.tcpSocket !== undefined) return await checkTcp(probe.tcpSocket, target, signal);
    const { code, output } = await target.exec(probe.exec?.command ?? [], signal);
    return code === 0 ? undefined : `the command exited with ${code}: ${output}`;
  } catch (error) {
    if (signal.aborted) return `no answer within ${probe.timeoutSeconds ?? 1} s`;
    return error instanceof Error ? error.message : String(error);
  }
}

/** GET without verification of the certificate; any status from 200 to 399 is a success. */
export function checkHttp(
  action: V1HTTPGetAction,
  target: ProbeTarget,
  signal: AbortSignal,
): Promise<CheckResult> {
  const { promise, resolve, reject } = Promise.withResolvers<CheckResult>();
  const headers = Object.fromEntries((action.httpHeaders ?? []).map(({ name, value }) => [name, value]));
  const options = {
    host: action.host ?? target.podAddress,
    port: portOf(action.port, target.container),
    path: action.path ?? '/',
    headers: { 'User-Agent': 'kube-probe/process-node', Accept: '*/*', ...headers },
    agent: false as const,
    signal,
  };
  const request =
    action.scheme === 'HTTPS'
      ? httpsRequest({ ...options, rejectUnauthorized: false })
      : httpRequest(options);
  request.once('response', (response) => {
    const status = response.statusCode ?? 0;
    resolve(status >= 200 && status < 400 ? undefined : `HTTP probe failed with status ${status}`);
    response.destroy();
  });
  request.once('error', reject);
  request.end();
  return promise;
}

function checkTcp(action: V1TCPSocketAction, target: ProbeTarget, signal: AbortSignal): Promise<CheckResult> {
  const { promise, resolve, reject } = Promise.withResolvers<CheckResult>();
  const socket = connect({
    host: action.host ?? target.podAddress,
    port: portOf(action.port, target.container),
    signal,
  });
  socket.once('connect', () => {
    socket.destroy();
    resolve(undefined);
  });
  socket.once('error', reject);
  return promise;
}

function portOf(port: unknown, container: V1Container): number {
  if (typeof port === 'number') return port;
  const named = (container.ports ?? []).find((candidate) => candidate.name === port);
  if (named === undefined) throw new Error(`the container does not have a port named ${String(port)}`);
  return named.containerPort;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
