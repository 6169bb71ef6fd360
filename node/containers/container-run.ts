import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, watch, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isErrno, isRunning, type ProcessIdentity, sendSignal } from '../../adapters/processes/identity.ts';
import { runMarker, type ShimOptions, startShim } from './shim.ts';

/** What is known of a run before its process exists; written to `start.json` in its folder. */
export interface RunStart {
  /** Counts the runs of this container; also the name of the folder. */
  readonly number: number;
  /** How often the container was restarted before. */
  readonly restarts: number;
  /** The pod's sandbox: a higher one begins after a reboot or a full stop of the node. */
  readonly sandbox: number;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** How many restarts in a row came too soon; decides the next delay. */
  readonly quickRestarts: number;
}

interface RunExit {
  /** 137 when it is unknown. */
  readonly code: number;
  readonly known: boolean;
  /** Milliseconds since 1970. */
  readonly finishedAt: number;
}

/** One run of a container, live or ended. Its folder holds `start.json`, `process`, `exit`, `termination-message`. */
export interface ContainerRun {
  readonly dir: string;
  readonly logFile: string;
  readonly start: RunStart;
  /** Undefined while it runs. */
  readonly exit: RunExit | undefined;
  /** Resolves when it has ended and its exit is recorded. */
  readonly ended: Promise<void>;
  /** Sends a signal to its process group; no effect once it has ended. */
  signal(signal: NodeJS.Signals): void;
  /** Stops watching, leaves the process alone. */
  detach(): void;
}

/** Private folder of a run's process. */
export function scratchDir(runDir: string): string {
  return join(runDir, 'scratch');
}

export function terminationMessageFile(runDir: string): string {
  return join(runDir, 'termination-message');
}

/**
 * Makes the folder of a run, then starts it.
 * @throws Error if the machine cannot start a process; then the run is forbidden for good
 */
export async function startRun(start: RunStart, options: ShimOptions): Promise<ContainerRun> {
  mkdirSync(dirname(options.runDir), { recursive: true, mode: 0o700 });
  mkdirSync(options.runDir, { mode: 0o700 });
  mkdirSync(scratchDir(options.runDir), { mode: 0o700 });
  writeFileSync(terminationMessageFile(options.runDir), '', { mode: 0o666 });
  writeFileSync(options.logFile, '', { mode: 0o600 });
  writeWhole(join(options.runDir, 'start.json'), JSON.stringify(start));
  try {
    await startShim(options);
  } catch (error) {
    forbid(options.runDir);
    throw error;
  }
  return followRun(options.runDir, options.logFile, start);
}

/**
 * The run in `runDir`, as it is now after the node was away: still running, ended, or unknown how (137). A run
 * that was about to start and has no process yet is forbidden for good and given as undefined.
 */
export async function adoptRun(runDir: string, logFile: string): Promise<ContainerRun | undefined> {
  const start = readStart(runDir);
  if (start === undefined || forbid(runDir)) return undefined;
  if ((await recordedProcess(runDir)) === undefined) return undefined;
  return followRun(runDir, logFile, start);
}

function followRun(runDir: string, logFile: string, start: RunStart): ContainerRun {
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  let exit = readExit(runDir);
  let lost = 0;
  let watcher: { close(): void } | undefined;
  const finish = () => {
    clearInterval(backstop);
    watcher?.close();
    killStrays(runDir);
    resolve();
  };
  const look = () => {
    if (exit !== undefined) return;
    exit = readExit(runDir);
    if (exit !== undefined) finish();
  };
  // The shim records the end. Only if it was killed itself, or the machine was restarted, is it unknown.
  const lookForLoss = () => {
    look();
    const owner = readProcess(runDir);
    if (exit !== undefined || owner === undefined || isRunning(owner)) return;
    lost += 1;
    if (lost > 1 || processesOfRun(runDir).length === 0) recordUnknownExit(runDir);
    look();
  };
  const backstop = setInterval(lookForLoss, 2_000);
  backstop.unref();
  if (exit === undefined) {
    watcher = watchFolder(runDir, look);
    lookForLoss();
  } else {
    finish();
  }
  return {
    dir: runDir,
    logFile,
    start,
    get exit() {
      return exit;
    },
    ended,
    signal(signal) {
      if (exit !== undefined) return;
      // Asked to stop before it recorded itself: then it never will run.
      if (forbid(runDir)) return recordUnknownExit(runDir);
      const owner = readProcess(runDir);
      if (owner !== undefined) sendSignal(owner, signal, 'group');
    },
    detach() {
      clearInterval(backstop);
      watcher?.close();
    },
  };
}

/** Calls `look` when something changes in the folder; by looking often where the kernel has no watches left. */
function watchFolder(folder: string, look: () => void): { close(): void } {
  try {
    const watcher = watch(folder, look);
    watcher.on('error', () => undefined); // the backstop goes on
    return watcher;
  } catch {
    const timer = setInterval(look, 100);
    return { close: () => clearInterval(timer) };
  }
}

/** Takes the run's claim in place of a container's process; false if a process holds it. */
function forbid(runDir: string): boolean {
  try {
    writeFileSync(join(runDir, 'process'), 'none\n', { flag: 'wx' });
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return readText(join(runDir, 'process')) === 'none\n';
    throw error;
  }
}

/** Waits out the instant between making the file and writing to it. */
async function recordedProcess(runDir: string): Promise<ProcessIdentity | undefined> {
  for (;;) {
    const owner = readProcess(runDir);
    if (owner !== undefined || processesOfRun(runDir).length === 0) return owner;
    await delay(20);
  }
}

function readProcess(runDir: string): ProcessIdentity | undefined {
  const match = /^(\d+) (\d+) (\S+)\n$/.exec(readText(join(runDir, 'process')));
  return match === null
    ? undefined
    : { pid: Number(match[1]), startTime: match[2] ?? '', bootId: match[3] ?? '' };
}

function readExit(runDir: string): RunExit | undefined {
  const file = join(runDir, 'exit');
  const text = readText(file);
  if (!text.endsWith('\n')) return undefined; // absent, or being written
  const code = Number.parseInt(text, 10);
  const finishedAt = statSync(file).mtimeMs;
  return Number.isNaN(code) ? { code: 137, known: false, finishedAt } : { code, known: true, finishedAt };
}

function recordUnknownExit(runDir: string): void {
  try {
    writeFileSync(join(runDir, 'exit'), 'unknown\n', { flag: 'wx' });
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error; // the shim was quicker
  }
}

function readStart(runDir: string): RunStart | undefined {
  const text = readText(join(runDir, 'start.json'));
  return text === '' ? undefined : (JSON.parse(text) as RunStart);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return '';
    throw error;
  }
}

/** Writes a file atomically. */
export function writeWhole(file: string, content: string): void {
  writeFileSync(`${file}.new`, content, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/**
 * Kills every process that carries the marker of a container run, whatever group or session it moved to: what
 * the end of a pid namespace does to a real container. The shim carries it too, so call this when the run ended.
 */
function killStrays(runDir: string): void {
  for (const pid of processesOfRun(runDir)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if (!isErrno(error, 'ESRCH')) throw error;
    }
  }
}

/** Pids whose environment carries the marker of the run in `runDir`. */
function processesOfRun(runDir: string): number[] {
  const marker = `${runMarker}=${runDir}`;
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => environmentOf(pid).includes(marker))
    .map(Number);
}

function environmentOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
  } catch {
    return []; // it ended meanwhile, or belongs to another user and so not to us
  }
}
