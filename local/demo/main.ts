/**
 * `npm run demo`: a tenant cluster's whole life on an embedded platform of its own, with the commands a person
 * would type. Exits 0 when every step did what it says and nothing is left.
 */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { errorTable, PlatformError } from '../../contracts/errors.ts';
import { startPlatform } from '../platform.ts';
import { showTenantLife } from './tenant-life.ts';

const { values: flags } = parseArgs({
  options: { 'keep-state': { type: 'boolean', default: false }, port: { type: 'string', default: '0' } },
});

const startedAt = performance.now();
const elapsed = () => `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
const say = (text: string) => console.log(`\n\u001b[1m▶ ${text}\u001b[0m  (${elapsed()})`);

const interrupted = new AbortController();
const { signal } = interrupted;
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => interrupted.abort());

async function run(stateDir: string): Promise<void> {
  say('Setting up and starting the platform');
  const onProgress = (line: string) => console.log(`  ${line}`);
  const platform = await startPlatform({ stateDir, port: Number(flags.port), onProgress, signal });
  console.log(
    `  the console, while this runs: ${platform.admin.url}/console/ (user ${platform.admin.user}, password in ${platform.adminFile})`,
  );
  try {
    await showTenantLife({ stateDir, adminFile: platform.adminFile, say, signal });
  } finally {
    say('Stopping the platform');
    await platform.stop();
  }
}

/** Says why the demo failed; its exit code. */
function explain(error: unknown, logs: string | undefined): number {
  if (signal.aborted) {
    console.error('\nInterrupted: everything that was started is stopped.');
    return 130;
  }
  console.error(`\nerror: ${error instanceof Error ? error.message : String(error)}`);
  if (logs !== undefined) console.error(`The platform's logs are in ${logs}`);
  return error instanceof PlatformError ? errorTable[error.code].exitCode : 1;
}

const stateDir = mkdtempSync(join(tmpdir(), 'vcluster-platform-demo-'));
let keep = flags['keep-state'];
try {
  await run(stateDir);
  say('Done');
  console.log('  Next: npm start, and the web console at https://127.0.0.1:9898/console/');
} catch (error) {
  const logs = join(stateDir, 'logs');
  const started = existsSync(logs) && readdirSync(logs).length > 0;
  keep ||= started && !signal.aborted;
  process.exitCode = explain(error, started ? logs : undefined);
}
if (!keep) rmSync(stateDir, { recursive: true, force: true });
