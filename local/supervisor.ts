import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { trimLog } from '../adapters/processes/log-file.ts';
import type { Program } from '../adapters/processes/program.ts';
import { type RunningProcess, startProcess } from '../adapters/processes/start-process.ts';
import { PlatformError } from '../contracts/errors.ts';
import { type ProcessRecords, toRecord } from './process-records.ts';

/** One process to keep running. */
export interface Service {
  readonly name: string;
  /** Called before every start, so that it can look at what the last one left. */
  program(): Program | Promise<Program>;
  /** Resolves when it can be used; waits on `process` and gives up when that ends. */
  ready(process: RunningProcess): Promise<void>;
}

export interface Supervisor {
  /**
   * Starts the service and keeps it running until it is stopped; resolves when it is ready the first time.
   * @throws what `ready` throws, when it has failed three times in a row, or at once when it is the configuration that is
   *   not valid; the service is stopped then
   */
  start(service: Service): Promise<void>;
  /** Stops one service for good; nothing happens if it was never started. */
  stop(name: string): Promise<void>;
  /**
   * Stops everything, group after group, whatever is still starting too; nothing can be started any more.
   * @param order names; those that were never started are passed over
   */
  stopAll(order: readonly (readonly string[])[]): Promise<void>;
}

export interface SupervisorOptions {
  logsDir: string;
  records: ProcessRecords;
  /** One line about a process that ended by itself or was started again. */
  onEvent: (line: string) => void;
  /** Names of services that `start` passes over. */
  omit?: readonly string[];
}

interface Supervised {
  readonly service: Service;
  process: RunningProcess | undefined;
  stopping: boolean;
  /** Ends a wait before the next start. */
  readonly wake: AbortController;
  /** Resolves when the loop that keeps it running has ended. */
  loop: Promise<void>;
}

/** The first restart comes at once, later ones after a pause that doubles; a minute without an end resets it. */
const backOff = { firstMs: 50, factor: 2, longestMs: 10_000, resetAfterMs: 60_000 };
const startAttempts = 3;
const logCheckMs = 30_000;

/** Keeps processes running: whatever ends without having been stopped is started again. */
export function createSupervisor(options: SupervisorOptions): Supervisor {
  const services = new Map<string, Supervised>();
  const logs = new Set<string>();
  setInterval(() => logs.forEach((file) => trimLog(file)), logCheckMs).unref();

  /** Starts the process and waits until it is ready. */
  async function launch(supervised: Supervised): Promise<RunningProcess> {
    const { service } = supervised;
    const program = await service.program();
    const logFile = join(options.logsDir, `${service.name}.log`);
    logs.add(logFile);
    const process = await startProcess(service.name, program, logFile);
    supervised.process = process;
    options.records.set(service.name, toRecord(process.identity, program));
    if (supervised.stopping) await process.stop(); // stop came while it was being started
    await service.ready(process);
    return process;
  }

  /** The first start, tried a few times: a server may still wait for what a killed one before it left. */
  async function firstStart(supervised: Supervised): Promise<RunningProcess> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await launch(supervised);
      } catch (error) {
        await supervised.process?.stop();
        const again = !(error instanceof PlatformError && error.code === 'invalid_request');
        if (attempt === startAttempts || supervised.stopping || !again) throw error;
        await pause(supervised, 500 * attempt);
      }
    }
  }

  async function keepRunning(supervised: Supervised, first: RunningProcess): Promise<void> {
    let current: RunningProcess | undefined = first;
    let pauseMs = backOff.firstMs;
    while (!supervised.stopping) {
      const startedAt = Date.now();
      const how = current === undefined ? 'it failed to start' : await current.exited;
      if (supervised.stopping) return;
      if (Date.now() - startedAt > backOff.resetAfterMs) pauseMs = backOff.firstMs;
      options.onEvent(`${supervised.service.name} ended (${how}); starting it again in ${pauseMs} ms`);
      await pause(supervised, pauseMs);
      pauseMs = Math.min(pauseMs * backOff.factor, backOff.longestMs);
      if (supervised.stopping) return;
      current = await restart(supervised);
    }
  }

  async function restart(supervised: Supervised): Promise<RunningProcess | undefined> {
    try {
      return await launch(supervised);
    } catch (error) {
      if (!supervised.stopping)
        options.onEvent(
          `${supervised.service.name}: ${error instanceof Error ? error.message : String(error)}`,
        );
      await supervised.process?.stop();
      return undefined;
    }
  }

  async function stop(name: string): Promise<void> {
    const supervised = services.get(name);
    if (supervised === undefined) return;
    supervised.stopping = true;
    supervised.wake.abort();
    await supervised.process?.stop();
    await supervised.loop;
    options.records.delete(name);
  }

  let stopped = false;
  return {
    async start(service) {
      if (options.omit?.includes(service.name) === true) return;
      if (stopped) throw new Error(`${service.name} is not started: the platform is stopping`);
      const supervised: Supervised = {
        service,
        process: undefined,
        stopping: false,
        wake: new AbortController(),
        loop: Promise.resolve(),
      };
      services.set(service.name, supervised);
      const starting = firstStart(supervised);
      supervised.loop = starting.then(
        () => undefined,
        () => undefined, // reported to the caller that started it
      );
      supervised.loop = keepRunning(supervised, await starting);
    },
    stop,
    async stopAll(order) {
      stopped = true;
      for (const group of order) await Promise.all(group.map(stop));
    },
  };
}

async function pause({ wake }: Supervised, milliseconds: number): Promise<void> {
  try {
    await delay(milliseconds, undefined, { signal: wake.signal });
  } catch (error) {
    if (!wake.signal.aborted) throw error; // stopped meanwhile: the caller looks
  }
}
