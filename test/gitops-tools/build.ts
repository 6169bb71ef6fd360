import { buildTestProgram } from '../support/build-test-program.ts';

/** Path of the program of this folder, built once for each state of its sources. */
export function buildGitopsTools(): Promise<string> {
  return buildTestProgram(import.meta.dirname, 'gitops-tools');
}

if (import.meta.main) console.log(await buildGitopsTools());
