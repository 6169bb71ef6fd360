import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Outcome } from './outcome-reporter.ts';

const root = join(import.meta.dirname, '..', '..');
const reporter = join(import.meta.dirname, 'outcome-reporter.ts');
const endGuard = join(import.meta.dirname, 'end-guard.ts');

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
 * @param live prints what it says at once, instead of collecting it
 */
export async function runTestProcess(
  { files, sandbox, limitMs = processLimitMs }: TestProcess,
  live: boolean,
): Promise<EndedProcess> {
  const dir = mkdtempSync(join(tmpdir(), 'vcp-outcome-'));
  const outcomeFile = join(dir, 'outcome.json');
  const startedAt = performance.now();
  const args = [
    ...(sandbox === true ? ['test/support/real-node/sandbox.ts'] : []),
    ...['--import', endGuard, '--test', '--test-isolation=none', `--test-timeout=${testLimitMs}`],
    ...['--test-reporter=spec', '--test-reporter-destination=stdout'],
    ...[`--test-reporter=${reporter}`, `--test-reporter-destination=${outcomeFile}`],
    ...files,
  ];
  const child = spawn(process.execPath, args, {
    cwd: root,
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
  const { promise, resolve } = Promise.withResolvers<boolean>();
  child.once('close', (code) => resolve(code === 0));
  const ok = await promise;
  clearTimeout(limit);
  running.delete(end);
  const seconds = (performance.now() - startedAt) / 1000;
  const outcome = readOutcome(outcomeFile);
  rmSync(dir, { recursive: true });
  const failed = ok ? outcome.failed : Math.max(outcome.failed, 1);
  return { ...outcome, failed, ok, seconds, output, ended };
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
