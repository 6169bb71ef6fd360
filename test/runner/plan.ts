import type { TestProcess } from './test-process.ts';

/** What a process of tests needs: `parts` a few servers, `platform` a whole platform, `node` a real node. */
type Need = 'parts' | 'platform' | 'node';

export interface PlannedProcess extends TestProcess {
  readonly need: Need;
  /** Its first files if they need the machine for themselves: others begin when these have ended. */
  readonly alone: readonly string[];
  /** Whether it loads the whole machine, which a real node does not bear beside it. */
  readonly isLoud: boolean;
}

const e2e = (name: string) => `test/e2e/${name}.test.ts`;
const onNode = (name: string) => `test/real-node/${name}.test.ts`;

/** Seconds that a file is taken to last before it ever ran here. */
const guesses: Record<Need, number> = { parts: 20, platform: 120, node: 120 };

const needs = (file: string): Need => {
  if (file.startsWith('test/real-node/')) return 'node';
  const platforms = [
    'test/e2e/',
    'test/web/console',
    'test/local/platform.test.ts',
    'test/isolation/isolation.test.ts',
  ];
  return platforms.some((prefix) => file.startsWith(prefix)) ? 'platform' : 'parts';
};

/**
 * Files that run in one process, on one platform or node (test/support/shared-platform.ts). In a process files run by
 * name: a suite that leaves a tenant cluster running comes after those that look for leftovers.
 */
const together: Readonly<Record<string, readonly string[]>> = {
  'one platform: what users get wrong, kubectl': [
    'bad-input',
    'documented-examples',
    'fuzz',
    'kubectl-commands',
  ].map(e2e),
  'one platform: operations': [
    ...['conflicts', 'drift', 'gitops', 'gitops-tools', 'lifecycle', 'secrets', 'spaces', 'stock-cli'],
  ].map(e2e),
  // Not with others, whose tenant clusters would be placed in clusters that go offline.
  'one platform: connected clusters': ['add-cluster', 'connected-clusters'].map(e2e),
  'one real node': ['gateway-streams', 'streams', 'tenant-lifecycle', 'tunnel', 'upstream-vcluster'].map(
    onNode,
  ),
};

/** The kubelet's streams break off on a machine that others load. */
const alone: readonly string[] = ['gateway-streams', 'streams'].map(onNode);
/** It runs a thousand commands, several at once. */
const loud = e2e('kubectl-commands');

/**
 * A process for each file but those that run together: first what needs the machine for itself, then the longest, so that
 * none of them runs alone at the end.
 */
export function planProcesses(
  files: readonly string[],
  pastTimes: Readonly<Record<string, number>>,
): PlannedProcess[] {
  const seconds = ({ files, need }: PlannedProcess) =>
    files.reduce((sum, file) => sum + (pastTimes[file] ?? guesses[need]), 0);
  const titleOf = (file: string) =>
    Object.entries(together).find(([, group]) => group.includes(file))?.[0] ?? file;
  return [...Map.groupBy(files, titleOf)]
    .map(
      ([title, group]): PlannedProcess => ({
        title,
        files: group,
        need: needs(group[0] ?? ''),
        alone: group.filter((file) => alone.includes(file)),
        isLoud: group.includes(loud),
      }),
    )
    .toSorted((a, b) => b.alone.length - a.alone.length || seconds(b) - seconds(a));
}
