import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildPart } from '../../toolchain/build-part.ts';
import { cacheDir } from '../../toolchain/cache.ts';

const program = { name: 'go-types', goPackage: '.', file: 'go-types' };

/**
 * Path of the program of this folder, built once for each state of its sources. Its go.mod has the versions of
 * toolchain/vcluster, so that after the stock CLI little is left to compile.
 * @throws PlatformError `toolchain_unavailable`
 */
export async function buildGoTypes(): Promise<string> {
  const moduleDir = import.meta.dirname;
  const state = createHash('sha256');
  for (const file of ['main.go', 'go.mod', 'go.sum']) state.update(readFileSync(join(moduleDir, file)));
  const version = state.digest('hex').slice(0, 12);
  const outputDir = cacheDir(`go-types/${version}`);
  const path = join(outputDir, program.file);
  if (existsSync(path)) return path;
  mkdirSync(outputDir, { recursive: true });
  const part = { name: program.file, version };
  await buildPart({ part, programs: [program], moduleDir, outputDir, logFile: join(outputDir, 'build.log') });
  return path;
}

if (import.meta.main) console.log(await buildGoTypes());
