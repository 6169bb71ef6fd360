import { spawn } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { PlatformError } from '../contracts/errors.ts';
import { findGoCompiler, goEnvironment } from './go-compiler.ts';
import type { Part, ToolchainProgram } from './parts.ts';

export interface BuildOptions {
  part: Omit<Part, 'programs'>;
  /** Which of its programs. */
  programs: readonly (Pick<ToolchainProgram, 'goPackage' | 'file'> & { name: string })[];
  /** Folder with the go.mod. */
  moduleDir: string;
  /** Receives the programs, each complete when it appears. */
  outputDir: string;
  logFile: string;
  /** Aborting it ends the compiler. */
  signal?: AbortSignal | undefined;
}

/**
 * Builds programs of one part with the Go compiler of this machine (static, without debug information).
 * @throws PlatformError `toolchain_unavailable`: no compiler, or it failed
 */
export async function buildPart(options: BuildOptions): Promise<void> {
  const { part, programs, outputDir, moduleDir } = options;
  const names = programs.map(({ name }) => name).join(', ');
  options.signal?.throwIfAborted();
  const go = await findGoCompiler(moduleDir, `${part.name} ${part.version} (${names})`);
  mkdirSync(outputDir, { recursive: true });
  removeUnfinished(outputDir);
  const temporary = mkdtempSync(join(outputDir, unfinishedPrefix));
  try {
    const work = join(temporary, 'work');
    mkdirSync(work);
    const code = await runGo(go, buildArguments(options, temporary), work, options);
    options.signal?.throwIfAborted();
    if (code !== 0) throw failedBuild(options, code);
    for (const { file } of programs) renameSync(join(temporary, file), join(outputDir, file));
  } finally {
    // Tried again: a compiler that was killed may end a moment after "go" did.
    rmSync(temporary, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

function buildArguments({ part, programs }: BuildOptions, output: string): string[] {
  const linkerFlags = ['-s', '-w', part.linkerFlags ?? ''].join(' ').trim();
  return [
    'build',
    '-trimpath',
    '-buildvcs=false',
    ...(part.tags === undefined ? [] : ['-tags', part.tags]),
    '-ldflags',
    linkerFlags,
    '-o',
    `${output}/`,
    ...programs.map(({ goPackage }) => goPackage),
  ];
}

const unfinishedPrefix = '.building-';

/** What a build that was killed left; the caller holds the lock, so no other process is building. */
function removeUnfinished(outputDir: string): void {
  for (const name of readdirSync(outputDir)) {
    if (name.startsWith(unfinishedPrefix)) rmSync(join(outputDir, name), { recursive: true, force: true });
  }
}

/** Exit code; -1 if it could not be started or was killed. The compilers it starts never outlive it. */
function runGo(
  go: string,
  args: string[],
  work: string,
  { part, logFile, moduleDir, signal }: BuildOptions,
): Promise<number> {
  const log = openSync(logFile, 'w');
  // A process group of its own: killed alone, "go" would leave compilers and linkers behind.
  const child = spawn(go, args, {
    cwd: moduleDir,
    // Killed, it leaves gigabytes in its temporary folder: they lie where the next build would remove them.
    env: { ...goEnvironment(), ...(part.cgo ? { CGO_ENABLED: '1' } : {}), GOTMPDIR: work },
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  const kill = (): void => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
  };
  signal?.addEventListener('abort', kill, { once: true });
  process.once('exit', kill);
  return new Promise((resolve) => {
    const end = (code: number): void => {
      signal?.removeEventListener('abort', kill);
      process.removeListener('exit', kill);
      resolve(code);
    };
    child.once('error', () => end(-1));
    child.once('exit', (code) => end(code ?? -1));
  });
}

function failedBuild({ part, logFile }: BuildOptions, code: number): PlatformError {
  const last = readFileSync(logFile, 'utf8').trim().split('\n').at(-1) ?? '';
  return new PlatformError(
    'toolchain_unavailable',
    `building ${part.name} ${part.version} failed (go ended with ${code}${last === '' ? '' : `: ${last.slice(0, 200)}`}); the whole log is ${logFile}; what was built stays, so run the same command again once the cause is fixed`,
  );
}
