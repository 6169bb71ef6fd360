import type { TestProcess } from './test-process.ts';

/** What a process of tests needs: `parts` a few servers, `platform` a whole platform, `node` a real node. */
type Need = 'parts' | 'platform' | 'node';

export interface PlannedProcess extends TestProcess {
  readonly need: Need;
}

/** How many may run at once: in all, and of each kind. */
export interface Limits {
  readonly all: number;
  readonly platform: number;
  readonly node: number;
}

const e2e = (name: string) => `test/e2e/${name}.test.ts`;

/** Seconds that a file is taken to last before it ever ran here. */
const guesses: Record<Need, number> = { parts: 20, platform: 120, node: 120 };

const needs = (file: string): Need => {
  if (file.startsWith('test/real-node/')) return 'node';
  const platforms = ['test/e2e/', 'test/local/platform.test.ts', 'test/isolation/isolation.test.ts'];
  return platforms.some((prefix) => file.startsWith(prefix)) ? 'platform' : 'parts';
};

/**
 * Files that run in one process, on one platform or node (test/support/shared-platform.ts). In a process files run by
 * name: a suite that leaves a tenant cluster running comes after those that look for leftovers.
 */
const together: Readonly<Record<string, readonly string[]>> = {
  'one platform: what users get wrong, kubectl': ['bad-input', 'kubectl-commands'].map(e2e),
  'one platform: operations': ['conflicts', 'gitops', 'lifecycle', 'secrets', 'spaces'].map(e2e),
  'one real node': ['gateway-streams', 'lifecycle', 'streams', 'upstream-vcluster'].map(
    (name) => `test/real-node/${name}.test.ts`,
  ),
};

/** A process for each file but those that run together, the longest first, so that none of them runs alone at the end. */
export function planProcesses(
  files: readonly string[],
  pastTimes: Readonly<Record<string, number>>,
): PlannedProcess[] {
  const seconds = ({ files, need }: PlannedProcess) =>
    files.reduce((sum, file) => sum + (pastTimes[file] ?? guesses[need]), 0);
  const titleOf = (file: string) =>
    Object.entries(together).find(([, group]) => group.includes(file))?.[0] ?? file;
  return [...Map.groupBy(files, titleOf)]
    .map(([title, group]): PlannedProcess => ({ title, files: group, need: needs(group[0] ?? '') }))
    .toSorted((a, b) => seconds(b) - seconds(a));
}

/** Runs all of them, in their order as far as the limits let it. */
export async function runWithin(
  limits: Limits,
  planned: readonly PlannedProcess[],
  runOne: (process: PlannedProcess) => Promise<void>,
): Promise<void> {
  const waiting = [...planned];
  const running = new Map<PlannedProcess, Promise<unknown>>();
  const mayStart = ({ need }: PlannedProcess) =>
    need === 'parts' || [...running.keys()].filter((other) => other.need === need).length < limits[need];
  while (waiting.length + running.size > 0) {
    const next = running.size < limits.all ? waiting.findIndex(mayStart) : -1;
    const [process] = next === -1 ? [] : waiting.splice(next, 1);
    if (process === undefined) await Promise.race(running.values());
    else
      running.set(
        process,
        runOne(process).finally(() => running.delete(process)),
      );
  }
}
