import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { takeLock } from '../adapters/processes/exclusive-lock.ts';
import { runCommand } from '../adapters/processes/run-command.ts';
import { cacheDir } from '../toolchain/cache.ts';
import type { OnProgress } from '../toolchain/toolchain.ts';
import { waitUntil } from './wait-until.ts';

const repository = join(import.meta.dirname, '..');
/** What the console is made of. */
const sources = ['web', 'contracts', 'domain', 'package-lock.json'];
/** Builds that stay: of other checkouts, and those that running platforms serve. */
const keptBuilds = 5;
const buildMs = 180_000;

/**
 * The folder of the web console as built from these sources; builds it if it is not there (7 s), once for all platforms of this machine.
 * @throws PlatformError `internal` with the end of the log if it does not build
 */
export async function buildConsole(
  logsDir: string,
  onProgress: OnProgress,
  signal?: AbortSignal,
): Promise<string> {
  const builds = cacheDir('console');
  const dir = join(builds, hashOfSources());
  if (existsSync(dir)) return dir;
  mkdirSync(builds, { recursive: true });
  const release = await lockBuild(dir, onProgress, signal);
  try {
    if (existsSync(dir)) return dir;
    onProgress('console: building');
    const startedAt = performance.now();
    const unfinished = `${dir}.unfinished`;
    const vite = join(repository, 'web/node_modules/vite/bin/vite.js');
    const args = [vite, 'build', join(repository, 'web'), '--outDir', unfinished, '--emptyOutDir'];
    mkdirSync(logsDir, { recursive: true });
    const program = { binary: process.execPath, args, env: { NODE_ENV: 'production' }, stopGraceMs: 1_000 };
    await runCommand('console build', program, join(logsDir, 'console-build.log'), buildMs);
    renameSync(unfinished, dir);
    onProgress(`console: built in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
    removeOldBuilds(builds);
    return dir;
  } finally {
    release();
  }
}

async function lockBuild(dir: string, onProgress: OnProgress, signal?: AbortSignal): Promise<() => void> {
  let release = await takeLock(`console ${dir}`);
  if (release === undefined) onProgress('console: another process builds it');
  const options = { timeoutMs: buildMs, intervalMs: 200, ...(signal === undefined ? {} : { signal }) };
  await waitUntil(
    'the build of the console',
    async () => {
      release ??= await takeLock(`console ${dir}`);
      return release !== undefined;
    },
    options,
  );
  return release ?? (() => undefined);
}

/** Of all files that the console is built from, by path and content. */
function hashOfSources(): string {
  const hash = createHash('sha256');
  for (const file of sources.flatMap(filesOf))
    hash.update(`${file}\0`).update(readFileSync(join(repository, file)));
  return hash.digest('hex').slice(0, 16);
}

function filesOf(source: string): string[] {
  const path = join(repository, source);
  if (statSync(path).isFile()) return [source];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(repository, join(entry.parentPath, entry.name)))
    .filter((file) => !/\/(node_modules|dist)\//.test(file))
    .toSorted();
}

function removeOldBuilds(builds: string): void {
  const byAge = readdirSync(builds)
    .map((name) => join(builds, name))
    .toSorted((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  for (const old of byAge.slice(keptBuilds)) rmSync(old, { recursive: true, force: true });
}
