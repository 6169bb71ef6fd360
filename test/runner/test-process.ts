import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileCacheDir } from '../../local/node-program.ts';
import type { Outcome } from './outcome-reporter.ts';

const root = join(import.meta.dirname, '..', '..');
const reporter = join(import.meta.dirname, 'outcome-reporter.ts');
const endGuard = join(import.meta.dirname, 'end-guard.ts');
/** As the platform's processes load it: half of the time that the imports of a suite take goes into its ES modules. */
const drizzle = join(root, 'local', 'commonjs-drizzle.ts');

/** A single test may take this long unless it says otherwise. */
const testLimitMs = 600_000;
/** A process of a few long suites is ended after this, unless it says otherwise. */
const processLimitMs = 1_500_000;

/** Test files that run in one process, one after the other. */
export interface TestProcess {
  readonly title: string;
  /** Paths from the root of the repository. */
  readonly files: readonly string[];
  /** In namespaces of its own (test/support/real-node/sandbox.ts); default: as the runner itself. */
  readonly sandbox?: boolean;
  /** Default: 25 minutes. */
  readonly limitMs?: number;
}

export interface EndedProcess extends Outcome {
  readonly ok: boolean;
  /** From its start to its end, in seconds. */
  readonly seconds: number;
  /** Processor time of it and of what it started and waited for, in seconds. */
  readonly cpuSeconds: number;
  /** All that it printed, unless that was printed at once. */
  readonly output: string;
  /** Why it was ended in the middle of its tests. */
  readonly ended?: string | undefined;
}

const running = new Set<() => void>();

/** Ends the processes that run, when the runner itself is told to end. */
export function endTestProcesses(): void {
  for (const end of running) end();
}

/**
 * Runs the tests of a process to their end, which may be a failure; never rejects for one.
 * @param options `live` prints what it says at once, instead of collecting it; `onOutcome` is called while it runs, with
 *   what it has come to
 */
export async function runTestProcess(
  { files, sandbox, limitMs = processLimitMs }: TestProcess,
  options: { live?: boolean; onOutcome?: (outcome: Outcome) => void } = {},
): Promise<EndedProcess> {
  const { live = false, onOutcome } = options;
  const dir = mkdtempSync(join(tmpdir(), 'vcp-outcome-'));
  const outcomeFile = join(dir, 'outcome.json');
  const startedAt = performance.now();
  const args = [
    ...(sandbox === true ? ['test/support/real-node/sandbox.ts'] : []),
    ...[
      '--import',
      drizzle,
      '--import',
      endGuard,
      '--test',
      '--test-isolation=none',
      `--test-timeout=${testLimitMs}`,
    ],
    ...['--test-reporter=spec', '--test-reporter-destination=stdout'],
    ...[`--test-reporter=${reporter}`, `--test-reporter-destination=${outcomeFile}`],
    ...files,
  ];
  const child = spawn(process.execPath, args, {
    cwd: root,
    // Of the programs that tests start too; those of a platform have it already.
    env: { ...process.env, NODE_COMPILE_CACHE: compileCacheDir() },
    stdio: live ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const end = () => void child.kill('SIGTERM');
  running.add(end);
  let ended: string | undefined;
  const limit = setTimeout(() => {
    ended = `ended after ${limitMs / 60_000} minutes`;
    end();
  }, limitMs);
  const look = onOutcome && setInterval(() => onOutcome(readOutcome(outcomeFile)), 500);
  let cpuSeconds = 0;
  child.once('exit', () => (cpuSeconds = cpuOfEnded()));
  const { promise, resolve } = Promise.withResolvers<boolean>();
  child.once('close', (code) => resolve(code === 0));
  const exitedWell = await promise;
  clearTimeout(limit);
  clearInterval(look);
  running.delete(end);
  const seconds = (performance.now() - startedAt) / 1000;
  const outcome = readOutcome(outcomeFile);
  rmSync(dir, { recursive: true });
  // Node exits with 0 although a hook outside of all suites failed.
  const ok = exitedWell && outcome.failed === 0;
  const failed = exitedWell ? outcome.failed : Math.max(outcome.failed, 1);
  return { ...outcome, failed, ok, seconds, cpuSeconds, output, ended };
}

let cpuBefore = 0;

/** Processor time of the child that has just ended, in seconds; 0 where there is no /proc. */
function cpuOfEnded(): number {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // cutime and cstime (fields 16 and 17 of proc(5)), in hundredths of a second: children count once they have ended.
    const now = (Number(fields[13]) + Number(fields[14])) / 100;
    const spent = now - cpuBefore;
    cpuBefore = now;
    return spent;
  } catch {
    return 0;
  }
}

/** The last that the reporter wrote; nothing, of a process that ended before its tests. */
function readOutcome(file: string): Outcome {
  try {
    // What follows the last line's end was cut off with the process.
    const whole = readFileSync(file, 'utf8').split('\n').slice(0, -1);
    return JSON.parse(whole.at(-1) ?? '') as Outcome;
  } catch {
    return { passed: 0, failed: 0, skipped: 0, times: {}, failures: [], running: [] };
  }
}
