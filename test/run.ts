/**
 * `npm test`: checks the sources, then runs every suite on real servers. `npm test -- <path part> …` runs only
 * test files whose path contains one of the parts, without the checks.
 */
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import {
  machineRefusal,
  missingPackages,
  namespaceRefusal,
} from './support/real-node/real-node-available.ts';

const root = join(import.meta.dirname, '..');
const only = process.argv.slice(2);

/** Suites on containerd and kubelet, each file in namespaces of its own (test/support/real-node/sandbox.ts). */
const realNode = 'test/real-node/';

/** Suites that start a whole platform: one at a time. */
const heavy = ['test/e2e/', 'test/local/platform.test.ts', 'test/isolation/isolation.test.ts'];

function testFiles(): string[] {
  return readdirSync(join(root, 'test'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((file) => only.length === 0 || only.some((part) => file.includes(part)))
    .toSorted();
}

function run(title: string, args: readonly string[]): Promise<boolean> {
  console.log(`\n== ${title}`);
  const startedAt = performance.now();
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  child.on('close', (code) => {
    console.log(
      `== ${title}: ${code === 0 ? 'ok' : 'FAILED'} (${Math.round((performance.now() - startedAt) / 1000)} s)`,
    );
    resolve(code === 0);
  });
  return promise;
}

const nodeTest = (concurrency: number) => [
  '--test',
  '--test-timeout=600000',
  `--test-concurrency=${concurrency}`,
  '--test-reporter=spec',
];

/** Where no real node can run, the files themselves say so and count as skipped. */
function realNodeSuites(onRealNode: readonly string[]): typeof suites {
  let refusal = machineRefusal();
  if (refusal === undefined) {
    installPackages();
    refusal = namespaceRefusal();
  }
  if (refusal !== undefined) {
    console.log(`suites on a real node are skipped: ${refusal}`);
    return [['tests on a real node', [...nodeTest(1), ...onRealNode]]];
  }
  return [
    ['toolchain of a real node', ['toolchain/main.ts', 'real-node']],
    ...upstreamToolchain(onRealNode),
    ...onRealNode.map((file): (typeof suites)[number] => [
      `test on a real node: ${file}`,
      ['test/support/real-node/sandbox.ts', ...nodeTest(1), file],
    ]),
  ];
}

/** Only where its suite runs: vCluster is large, and Kine's SQLite needs a C compiler. */
function upstreamToolchain(onRealNode: readonly string[]): typeof suites {
  if (!onRealNode.some((file) => file.includes('upstream-'))) return [];
  if (spawnSync(process.env['CC'] ?? 'gcc', ['--version']).status === 0)
    return [['toolchain of vCluster', ['toolchain/main.ts', 'upstream']]];
  console.log(
    'there is no C compiler, which Kine for vCluster needs: its suite is skipped unless it is built',
  );
  return [];
}

/** Debian's runc and the like; what cannot be installed is told by the suites that are skipped for it. */
function installPackages(): void {
  const packages = missingPackages();
  if (packages.length === 0) return;
  console.log(`suites on a real node need ${packages.join(', ')}: installing them with apt-get`);
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', ...packages]])
    spawnSync('apt-get', args, { stdio: ['ignore', 'ignore', 'inherit'] });
}

const files = testFiles();
const isOnRealNode = (file: string) => file.startsWith(realNode);
const isHeavy = (file: string) => heavy.some((prefix) => file.startsWith(prefix));
const suites: Array<[title: string, args: string[]]> = [];
if (only.length === 0) {
  suites.push(['check', ['scripts/check.ts']]);
  suites.push(['toolchain', ['toolchain/main.ts']]);
}
const light = files.filter((file) => !isHeavy(file) && !isOnRealNode(file));
const whole = files.filter(isHeavy);
if (light.length > 0) suites.push(['tests of the parts', [...nodeTest(2), ...light]]);
if (whole.length > 0) suites.push(['tests of the whole platform', [...nodeTest(1), ...whole]]);
const onRealNode = files.filter(isOnRealNode);
if (onRealNode.length > 0) suites.push(...realNodeSuites(onRealNode));
if (suites.length === 0) {
  console.error(`no test file's path contains ${only.join(' or ')}`);
  process.exit(2);
}

const failed: string[] = [];
for (const [title, args] of suites) if (!(await run(title, args))) failed.push(title);
console.log(failed.length === 0 ? '\nall suites passed' : `\nFAILED: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
