import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { PlatformError } from '../contracts/errors.ts';
import { partDir } from './cache.ts';
import {
  type Part,
  parts,
  realNodeParts,
  stockParts,
  type ToolchainProgram,
  upstreamParts,
} from './parts.ts';

/**
 * Path of a program that is on this machine already: installed in the pinned version, or built into the cache.
 * @throws PlatformError `toolchain_unavailable`
 */
export function findProgram(name: ToolchainProgram['name']): string {
  const { part, program } = definitionOf(name);
  const found = presentProgram(part, program);
  if (found !== undefined) return found;
  throw new PlatformError(
    'toolchain_unavailable',
    `${name} ${part.version} is neither installed nor built: "node scripts/run.mjs toolchain/main.ts${setOf(part)}" builds what is missing`,
  );
}

function setOf(part: Part): string {
  if (realNodeParts.includes(part)) return ' real-node';
  if (stockParts.includes(part)) return ' stock';
  return upstreamParts.includes(part) ? ' upstream' : '';
}

function definitionOf(name: ToolchainProgram['name']): { part: Part; program: ToolchainProgram } {
  for (const part of [...parts, ...realNodeParts, ...upstreamParts]) {
    const program = part.programs.find((candidate) => candidate.name === name);
    if (program !== undefined) return { part, program };
  }
  throw new Error(`parts.ts does not list the program ${name}`);
}

/** Path of a program that needs no building, if there is one. */
export function presentProgram(part: Part, program: ToolchainProgram): string | undefined {
  const built = join(partDir(part), program.file);
  return installedProgram(program, part.version) ?? (existsSync(built) ? built : undefined);
}

/** Path in KUBEBUILDER_ASSETS or on PATH of a program that reports the pinned version: any other is skipped. */
function installedProgram(program: ToolchainProgram, version: string): string | undefined {
  const folders = [process.env['KUBEBUILDER_ASSETS'] ?? '', ...(process.env['PATH'] ?? '').split(delimiter)];
  const paths = folders
    .filter((folder) => folder !== '')
    .flatMap((folder) => program.installedAs.map((file) => join(folder, file)));
  return paths.find((path) => existsSync(path) && hasVersion(path, program, version));
}

/** Some kubectls ask a cluster even for their own version: the user's must not be it. */
const noKubeconfig = { KUBECONFIG: '/dev/null', HOME: '/nonexistent' };

/** What installed programs reported, by path and state of the file: a program that is run a thousand times is asked once. */
const reported = new Map<string, boolean>();

function hasVersion(path: string, program: ToolchainProgram, version: string): boolean {
  const { ino, size, mtimeMs } = statSync(path);
  const key = [path, ino, size, mtimeMs, program.name, version].join(' ');
  const known = reported.get(key) ?? reportsVersion(path, program, version);
  reported.set(key, known);
  return known;
}

/** Whether the program's own word holds the version as a whole: `3.7.3` is neither in `3.7.30` nor in `13.7.3`. */
function reportsVersion(path: string, program: ToolchainProgram, version: string): boolean {
  let output: string;
  try {
    output = execFileSync(path, program.versionArgs, {
      encoding: 'utf8',
      timeout: 10_000,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], ...noKubeconfig },
    });
  } catch {
    return false; // no program of this kind, or none for this machine
  }
  const number = version.replace(/^v/, '').replaceAll('.', '\\.');
  return new RegExp(`(^|[^0-9.])${number}($|[^0-9.])`, 'm').test(output);
}
