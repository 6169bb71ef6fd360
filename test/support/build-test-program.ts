import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildPart } from '../../toolchain/build-part.ts';
import { cacheDir } from '../../toolchain/cache.ts';

/**
 * Path of the Go program in a folder, built once for each state of its sources.
 * @throws PlatformError `toolchain_unavailable`
 */
export async function buildTestProgram(moduleDir: string, name: string): Promise<string> {
  const state = createHash('sha256');
  const isSource = (file: string) => /\.go$|^go\.(mod|sum)$/.test(file);
  for (const file of readdirSync(moduleDir).filter(isSource).toSorted())
    state.update(`${file}\0`).update(readFileSync(join(moduleDir, file)));
  const version = state.digest('hex').slice(0, 12);
  const outputDir = cacheDir(`${name}/${version}`);
  const path = join(outputDir, name);
  if (existsSync(path)) return path;
  mkdirSync(outputDir, { recursive: true });
  const logFile = join(outputDir, 'build.log');
  const programs = [{ name, goPackage: '.', file: name }];
  await buildPart({ part: { name, version }, programs, moduleDir, outputDir, logFile });
  return path;
}
