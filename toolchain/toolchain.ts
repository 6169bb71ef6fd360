import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { takeLock } from '../adapters/processes/exclusive-lock.ts';
import { buildPart } from './build-part.ts';
import { partDir, toolchainCacheDir } from './cache.ts';
import { findProgram, presentProgram } from './find-program.ts';
import { type Part, parts, type ProgramName } from './parts.ts';

export type Toolchain = Record<ProgramName, string>;

/** Called with one line per event: what is built, seconds so far, part i of n. */
export type OnProgress = (line: string) => void;

/**
 * Paths of all programs; what is missing is built first, part after part, never two at a time.
 * @throws PlatformError `toolchain_unavailable`: no compiler, or a build failed
 */
export async function resolveToolchain(
  onProgress: OnProgress = () => undefined,
  signal?: AbortSignal,
): Promise<Toolchain> {
  return (await resolveParts(parts, onProgress, signal)) as Toolchain;
}

/** As `resolveToolchain`, for these parts alone. @throws PlatformError `toolchain_unavailable` */
export async function resolveParts(
  wanted: readonly Part[],
  onProgress: OnProgress,
  signal?: AbortSignal,
): Promise<Record<string, string>> {
  const missing = wanted.filter((part) => missingPrograms(part).length > 0);
  for (const [index, part] of missing.entries()) {
    await buildOnce(part, { onProgress, signal, position: `${index + 1} of ${missing.length}` });
  }
  return Object.fromEntries(
    wanted.flatMap(({ programs }) => programs.map(({ name }) => [name, findProgram(name)])),
  );
}

function missingPrograms(part: Part): Part['programs'] {
  return part.programs.filter((program) => presentProgram(part, program) === undefined);
}

/** Builds what of a part is missing while no other process of this machine does; then there may be nothing left. */
async function buildOnce(
  part: Part,
  options: { onProgress: OnProgress; position: string; signal: AbortSignal | undefined },
): Promise<void> {
  const { onProgress, position, signal } = options;
  const release = await waitForLock(part, onProgress, signal);
  try {
    const programs = missingPrograms(part);
    if (programs.length === 0) return;
    const what = `toolchain ${position}: ${part.name} ${part.version} (${programs.map(({ name }) => name).join(', ')})`;
    const logDir = join(toolchainCacheDir(), 'logs');
    mkdirSync(logDir, { recursive: true });
    const startedAt = Date.now();
    const seconds = (): number => Math.round((Date.now() - startedAt) / 1000);
    onProgress(`${what}: building from its Go module`);
    const ticker = setInterval(() => onProgress(`${what}: building, ${seconds()} s`), 10_000);
    try {
      const logFile = join(logDir, `${part.name}-${part.version}.log`);
      await buildPart({
        part,
        programs,
        moduleDir: join(import.meta.dirname, part.module ?? part.name),
        outputDir: partDir(part),
        logFile,
        signal,
      });
    } finally {
      clearInterval(ticker);
    }
    onProgress(`${what}: built in ${seconds()} s`);
  } finally {
    release();
  }
}

async function waitForLock(
  part: Part,
  onProgress: OnProgress,
  signal: AbortSignal | undefined,
): Promise<() => void> {
  for (let round = 0; ; round += 1) {
    const release = await takeLock(`toolchain ${partDir(part)}`);
    if (release !== undefined) return release;
    if (round % 20 === 0)
      onProgress(`toolchain: another process builds ${part.name} ${part.version}; waiting for it`);
    await delay(500, undefined, signal === undefined ? {} : { signal });
  }
}
