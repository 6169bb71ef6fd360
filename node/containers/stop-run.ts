import { setTimeout as delay } from 'node:timers/promises';
import type { V1LifecycleHandler } from '@kubernetes/client-node';
import { checkHttp, type ProbeTarget } from '../probes.ts';
import type { ContainerRun } from './container-run.ts';

/**
 * Ends a run: preStop hook, SIGTERM to its process group, and SIGKILL when the grace is over or `hasten` aborts.
 * Resolves when its end is recorded.
 */
export async function stopRun(
  run: ContainerRun,
  target: ProbeTarget,
  options: { graceMs: number; hasten: AbortSignal },
): Promise<void> {
  const over = AbortSignal.any([options.hasten, AbortSignal.timeout(options.graceMs)]);
  const preStop = target.container.lifecycle?.preStop;
  if (preStop !== undefined && options.graceMs > 0) {
    // A failed hook does not keep the container from stopping.
    await Promise.race([runHook(preStop, target, over).catch(() => undefined), run.ended]);
  }
  if (options.graceMs > 0) run.signal('SIGTERM');
  await Promise.race([run.ended, aborted(over)]);
  while (run.exit === undefined) {
    run.signal('SIGKILL');
    await Promise.race([run.ended, delay(500)]);
  }
}

/** Runs a postStart or preStop hook. @throws Error if it fails */
export async function runHook(
  hook: V1LifecycleHandler,
  target: ProbeTarget,
  signal: AbortSignal,
): Promise<void> {
  if (hook.sleep !== undefined) return delay(hook.sleep.seconds * 1000, undefined, { signal });
  if (hook.httpGet !== undefined) {
    const failure = await checkHttp(hook.httpGet, target, signal);
    if (failure !== undefined) throw new Error(failure);
    return;
  }
  const { code, output } = await target.exec(hook.exec?.command ?? [], signal);
  if (code !== 0) throw new Error(`the command exited with ${code}: ${output}`);
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => resolve(), { once: true });
  await promise;
}
