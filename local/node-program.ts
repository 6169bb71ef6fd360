import { join } from 'node:path';
import { cacheDir } from '../toolchain/cache.ts';
import type { Program } from '../adapters/processes/program.ts';

/** Folder of V8's compiled code, which a start with it reads in place of compiling again. */
export function compileCacheDir(): string {
  return cacheDir('node-compile-cache');
}

/**
 * A TypeScript program under our own Node, started quickly and with little memory: compiled code is cached,
 * small semi-spaces keep the garbage of the start from staying.
 */
export function nodeProgram(args: readonly string[]): Program {
  const loader = join(import.meta.dirname, 'commonjs-drizzle.ts');
  return {
    binary: process.execPath,
    args: ['--max-semi-space-size=4', '--import', loader, ...args],
    env: { NODE_COMPILE_CACHE: compileCacheDir() },
    stopGraceMs: 20_000,
  };
}
