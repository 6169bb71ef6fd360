import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { PlatformError } from '../../contracts/errors.ts';
import { withSpan } from '../tracing/spans.ts';

export interface HelmRun {
  /** Path of the program. */
  readonly binary: string;
  /** Never holds values: argv is public. */
  readonly args: readonly string[];
  /** Private folder for Helm's caches; made if absent. */
  readonly homeDir: string;
  /** After this it is killed. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Bounds for untrusted input. */
  readonly limits?: { readonly memoryMiB: number; readonly cpuSeconds: number };
}

export interface HelmOutput {
  readonly exitCode: number | null;
  readonly stdout: string;
  /** May quote values: redact it before anybody sees it. */
  readonly stderr: string;
  readonly timedOut: boolean;
}

const maxStdoutBytes = 16 * 1024 * 1024;
const maxStderrBytes = 64 * 1024;
/** In which a run against a cluster may mark its release as failed. */
const graceMs = 2_000;

/**
 * Runs Helm in a session of its own, with an empty environment. Helm dies with this process, however this one
 * ends: the shell beside it holds the other end of a pipe (fd 3) and kills the whole group when it closes.
 */
const wrapper = `
set -u
[ "$1" = - ] || { ulimit -d "$1" && ulimit -t "$2" && ulimit -c 0; } || exit 126
shift 2
"$@" 3<&- </dev/null &
helm=$!
{ read -r _ <&3; kill -KILL 0; } >/dev/null 2>&1 &
watcher=$!
trap 'kill -TERM $helm' TERM
wait $helm; status=$?
while kill -0 $helm 2>/dev/null; do wait $helm; status=$?; done
kill -KILL $watcher 2>/dev/null
exit $status
`;

/**
 * The output of one run of Helm, whatever its exit code. On `signal` Helm gets SIGTERM (it then marks its
 * release as failed) and SIGKILL 2 s later.
 * @throws the signal's reason if it was aborted; PlatformError `toolchain_unavailable` if the program does not exist
 */
export function runHelm(run: HelmRun): Promise<HelmOutput> {
  return withSpan({ name: `helm ${run.args[0] ?? ''}` }, async (span) => {
    const output = await execute(run);
    span?.set({ 'process.exit.code': output.exitCode ?? undefined });
    return output;
  });
}

async function execute(run: HelmRun): Promise<HelmOutput> {
  run.signal?.throwIfAborted();
  await mkdir(run.homeDir, { recursive: true, mode: 0o700 });
  const { limits } = run;
  const bounds =
    limits === undefined ? ['-', '-'] : [String(limits.memoryMiB * 1024), String(limits.cpuSeconds)];
  const child = spawn('/bin/sh', ['-c', wrapper, 'helm', ...bounds, run.binary, ...run.args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    cwd: run.homeDir,
    env: helmEnvironment(run.homeDir, limits?.memoryMiB),
  });
  let timedOut = false;
  const abort = (): void => stopGroup(child, limits === undefined ? graceMs : 0);
  const timer = setTimeout(() => {
    timedOut = true;
    abort();
  }, run.timeoutMs);
  run.signal?.addEventListener('abort', abort, { once: true });
  try {
    const [stdout, stderr, exitCode] = await Promise.all([
      collect(child, 'stdout', maxStdoutBytes),
      collect(child, 'stderr', maxStderrBytes),
      exitOf(child),
    ]);
    run.signal?.throwIfAborted();
    if (exitCode === 127) throw new PlatformError('toolchain_unavailable', `Helm not found at ${run.binary}`);
    return { exitCode, stdout, stderr, timedOut };
  } finally {
    clearTimeout(timer);
    run.signal?.removeEventListener('abort', abort);
  }
}

function helmEnvironment(homeDir: string, memoryMiB: number | undefined): Record<string, string> {
  return {
    HOME: homeDir,
    HELM_CACHE_HOME: `${homeDir}/cache`,
    HELM_CONFIG_HOME: `${homeDir}/config`,
    HELM_DATA_HOME: `${homeDir}/data`,
    // Collect garbage in earnest before the limit stops the process.
    ...(memoryMiB === undefined ? {} : { GOMEMLIMIT: `${Math.floor(memoryMiB * 0.75)}MiB` }),
  };
}

/** SIGTERM, and SIGKILL to what is left after `graceMs`. */
function stopGroup(child: ChildProcess, graceMs: number): void {
  const { pid } = child;
  if (pid === undefined || child.exitCode !== null) return;
  process.kill(pid, 'SIGTERM');
  setTimeout(() => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-pid, 'SIGKILL');
  }, graceMs).unref();
}

/** What the child writes, up to `maxBytes`; the rest is read and dropped, so that the child never blocks. */
async function collect(child: ChildProcess, name: 'stdout' | 'stderr', maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of child[name] ?? []) {
    const kept = (chunk as Buffer).subarray(0, Math.max(0, maxBytes - size));
    size += kept.length;
    chunks.push(kept);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code));
  });
}
