import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { PlatformError } from '../../contracts/errors.ts';
import type { Part, ToolchainProgram } from './parts.ts';

export interface BuildOptions {
  part: Part;
  /** Which of its programs. */
  programs: readonly ToolchainProgram[];
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
  const { part, programs, outputDir } = options;
  const go = goCompiler();
  if (go === undefined) {
    throw new PlatformError(
      'toolchain_unavailable',
      `${programs.map(({ name }) => name).join(', ')} ${part.version} must be built, and there is no Go compiler: install Go 1.26 or newer and put "go" on PATH, or put these programs in that version on PATH or into KUBEBUILDER_ASSETS`,
    );
  }
  mkdirSync(outputDir, { recursive: true });
  removeUnfinished(outputDir);
  const temporary = mkdtempSync(join(outputDir, unfinishedPrefix));
  try {
    const code = await runGo(go, buildArguments(options, temporary), options);
    options.signal?.throwIfAborted();
    if (code !== 0) throw failedBuild(options, code);
    for (const { file } of programs) renameSync(join(temporary, file), join(outputDir, file));
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function buildArguments({ part, programs }: BuildOptions, output: string): string[] {
  const linkerFlags = ['-s', '-w', part.linkerFlags ?? ''].join(' ').trim();
  return [
    'build',
    '-trimpath',
    '-buildvcs=false',
    '-ldflags',
    linkerFlags,
    '-o',
    `${output}/`,
    ...programs.map(({ goPackage }) => goPackage),
  ];
}

function goCompiler(): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/go/bin'];
  return folders
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, 'go'))
    .find((path) => existsSync(path));
}

const unfinishedPrefix = '.building-';

/** What a build that was killed left; the caller holds the lock, so nobody else is building. */
function removeUnfinished(outputDir: string): void {
  for (const name of readdirSync(outputDir)) {
    if (name.startsWith(unfinishedPrefix)) rmSync(join(outputDir, name), { recursive: true, force: true });
  }
}

/** Exit code; -1 if it could not be started or was killed. */
function runGo(go: string, args: string[], { logFile, moduleDir, signal }: BuildOptions): Promise<number> {
  const log = openSync(logFile, 'w');
  // GOFLAGS and GOWORK of the shell would change what is built; GOPROXY and the like say how modules are reached.
  const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' };
  const child = spawn(go, args, { cwd: moduleDir, env, stdio: ['ignore', log, log], signal });
  closeSync(log);
  return new Promise((resolve) => {
    child.once('error', () => resolve(-1));
    child.once('exit', (code) => resolve(code ?? -1));
  });
}

function failedBuild({ part, logFile }: BuildOptions, code: number): PlatformError {
  const last = readFileSync(logFile, 'utf8').trim().split('\n').at(-1) ?? '';
  return new PlatformError(
    'toolchain_unavailable',
    `building ${part.name} ${part.version} failed (go ended with ${code}${last === '' ? '' : `: ${last.slice(0, 200)}`}); the whole log is ${logFile}`,
  );
}
