import { buildTestProgram } from '../support/build-test-program.ts';

/**
 * Path of the program of this folder, built once for each state of its sources. Its go.mod has the versions of
 * toolchain/vcluster, so that after the stock CLI little is left to compile.
 */
export function buildGoTypes(): Promise<string> {
  return buildTestProgram(import.meta.dirname, 'go-types');
}

if (import.meta.main) console.log(await buildGoTypes());
