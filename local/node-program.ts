import { join } from 'node:path';
import { cacheDir } from '../toolchain/cache.ts';
import type { Program } from '../adapters/processes/program.ts';

/** Folder of V8's compiled code, which a start with it reads in place of compiling again. */
export function compileCacheDir(): string {
  return cacheDir('node-compile-cache');
}

/**
 * Half of V8's space for new objects, MiB. Small for what answers few: the garbage of the start does not stay. In the gateway it
 * decides how often everything stops for a collection (docs/adr/0031-requests-of-the-gateway.md), and is that large from the
 * beginning: V8 lets it grow by what survives, which in a gateway is next to nothing.
 */
export interface NewSpace {
  readonly semiSpaceMiB: number;
  readonly isFixed?: boolean;
}

const smallSpace: NewSpace = { semiSpaceMiB: 4 };
/**
 * What passes on bytes makes buffers and hardly an object: their memory comes back with a collection of new objects, which fill so small a
 * space often enough. With 4 MiB a byte costs half as much again.
 */
export const agentSpace: NewSpace = { semiSpaceMiB: 1 };
export const gatewaySpace: NewSpace = { semiSpaceMiB: 16, isFixed: true };

/** A TypeScript program under our own Node, started quickly: compiled code is cached. */
export function nodeProgram(
  args: readonly string[],
  { semiSpaceMiB, isFixed = false }: NewSpace = smallSpace,
): Program {
  const loader = join(import.meta.dirname, 'commonjs-drizzle.ts');
  return {
    binary: process.execPath,
    args: [
      `--max-semi-space-size=${semiSpaceMiB}`,
      ...(isFixed ? [`--min-semi-space-size=${semiSpaceMiB}`] : []),
      '--import',
      loader,
      ...args,
    ],
    env: { NODE_COMPILE_CACHE: compileCacheDir() },
    stopGraceMs: 20_000,
  };
}
