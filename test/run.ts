/**
 * `npm test`: checks the sources, then runs every suite on real servers. `npm test -- <path part> …` runs only
 * test files whose path contains one of the parts, without the checks.
 */
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { type FailedProcess, failureReport } from './runner/failures.ts';
import type { Outcome } from './runner/outcome-reporter.ts';
import { readPastTimes, writePastTimes } from './runner/past-times.ts';
import { type PlannedProcess, planProcesses } from './runner/plan.ts';
import { type Limits, runWithin } from './runner/run-within.ts';
import { endTestProcesses, runTestProcess } from './runner/test-process.ts';
import { browserRefusal } from './support/browser.ts';
import {
  machineRefusal,
  missingPackages,
  namespaceRefusal,
} from './support/real-node/real-node-available.ts';

const root = join(import.meta.dirname, '..');
const only = process.argv.slice(2);
/** One more than there are processors, as each waits a part of its time; more only while processors idle. */
const limits: Limits = {
  all: availableParallelism() + 1,
  whileIdle: availableParallelism(),
};

const failed: FailedProcess[] = [];
const times: Record<string, number> = {};
const counts = { passed: 0, failed: 0, skipped: 0 };

function testFiles(): string[] {
  return readdirSync(join(root, 'test'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((file) => only.length === 0 || only.some((part) => file.includes(part)))
    .toSorted();
}

/** Runs a program of ours before the tests, and says how long it took. */
async function prepare(title: string, ...args: string[]): Promise<void> {
  console.log(`\n== ${title}`);
  const startedAt = performance.now();
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      process.stdout.write(chunk);
      output += chunk.toString();
    });
  const { promise, resolve } = Promise.withResolvers<boolean>();
  child.once('close', (code) => resolve(code === 0));
  const ok = await promise;
  if (!ok) failed.push({ title, output, failures: [], running: [] });
  printEnd(title, ok, (performance.now() - startedAt) / 1000);
}

/** Whether suites on a real node can run here; where they cannot, they say so themselves and count as skipped. */
async function prepareRealNode(onRealNode: readonly string[]): Promise<boolean> {
  let refusal = machineRefusal();
  if (refusal === undefined) {
    installPackages('suites on a real node', missingPackages());
    refusal = namespaceRefusal();
  }
  if (refusal !== undefined) {
    console.log(`suites on a real node are skipped: ${refusal}`);
    return false;
  }
  await prepare('toolchain of a real node', 'toolchain/main.ts', 'real-node');
  // Only where its suite runs: vCluster is large, and Kine's SQLite needs a C compiler.
  if (!onRealNode.some((file) => file.includes('upstream-'))) return true;
  if (spawnSync(process.env['CC'] ?? 'gcc', ['--version']).status === 0)
    await prepare('toolchain of vCluster', 'toolchain/main.ts', 'upstream');
  else
    console.log(
      'there is no C compiler, which Kine for vCluster needs: its suite is skipped unless it is built',
    );
  return true;
}

/** What cannot be installed is told by the suites that are skipped for it. */
function installPackages(suites: string, packages: readonly string[]): void {
  if (packages.length === 0 || process.getuid?.() !== 0) return;
  console.log(`${suites} need ${packages.join(', ')}: installing them with apt-get`);
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', ...packages]])
    spawnSync('apt-get', args, { stdio: ['ignore', 'ignore', 'inherit'] });
}

async function runTests(tests: PlannedProcess, live: boolean, share: () => void): Promise<void> {
  const onOutcome = (outcome: Outcome) => {
    if (tests.alone.every((file) => outcome.times[join(root, file)] !== undefined)) share();
  };
  const ended = await runTestProcess(tests, { live, ...(tests.alone.length === 0 ? {} : { onOutcome }) });
  if (!ended.ok) failed.push({ ...ended, title: tests.title });
  for (const kind of ['passed', 'failed', 'skipped'] as const) counts[kind] += ended[kind];
  for (const file of tests.files)
    times[file] = tests.files.length === 1 ? ended.seconds : (ended.times[join(root, file)] ?? 0) / 1000;
  if (!live) console.log(`\n== ${tests.title}\n${ended.output.trimEnd()}`);
  printEnd(tests.title, ended.ok, ended.seconds, ended.cpuSeconds);
}

function printEnd(title: string, ok: boolean, seconds: number, cpuSeconds?: number): void {
  const cpu = cpuSeconds === undefined ? '' : `, ${cpuSeconds.toFixed(1)} s of CPU`;
  console.log(`== ${title}: ${ok ? 'ok' : 'FAILED'} (${seconds.toFixed(1)} s${cpu})`);
}

function printSlowest(): void {
  const slowest = Object.entries(times).toSorted(([, a], [, b]) => b - a);
  console.log('\nthe slowest files:');
  for (const [file, seconds] of slowest.slice(0, 10))
    console.log(`${seconds.toFixed(1).padStart(7)} s  ${file}`);
}

const startedAt = performance.now();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    endTestProcesses();
    process.exit(130);
  });
const files = testFiles();
if (files.length === 0) {
  console.error(`no test file's path contains ${only.join(' or ')}`);
  process.exit(2);
}
if (only.length === 0)
  await Promise.all([prepare('check', 'scripts/check.ts'), prepare('toolchain', 'toolchain/main.ts')]);
if (files.some((file) => /e2e.(stock-cli|connected-clusters)/.test(file)))
  await prepare('toolchain of the stock command line', 'toolchain/main.ts', 'stock');
if (files.includes('test/e2e/stock-cli.test.ts'))
  await prepare("vCluster Platform's Go types", 'test/go-types/build.ts');
if (files.includes('test/e2e/gitops-tools.test.ts'))
  await prepare("Argo CD's and Flux's libraries", 'test/gitops-tools/build.ts');
if (files.some((file) => file.startsWith('test/web/console')) && browserRefusal() !== undefined)
  installPackages('suites of the console', ['chromium']);
const onRealNode = files.filter((file) => file.startsWith('test/real-node/'));
const sandboxed = onRealNode.length > 0 && (await prepareRealNode(onRealNode));
const planned = planProcesses(files, readPastTimes());
await runWithin(limits, planned, (tests, share) =>
  runTests({ ...tests, sandbox: tests.need === 'node' && sandboxed }, planned.length === 1, share),
);
writePastTimes(times);
printSlowest();
if (failed.length > 0 && planned.length > 1) console.log(`\n${failureReport(root, failed)}`);
console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
console.log(`in ${Math.round((performance.now() - startedAt) / 1000)} s`);
console.log(
  failed.length === 0 ? 'all suites passed' : `FAILED: ${failed.map(({ title }) => title).join(', ')}`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
