/**
 * `npm run demo`: a tenant cluster's whole life on an embedded platform of its own, with the commands a person
 * would type. Exits 0 when every step did what it says and nothing is left.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startPlatform } from '../local/platform.ts';
import { findProgram } from '../toolchain/find-program.ts';
import { createShell } from './shell.ts';
import { emptyDataFolder, remainsOf } from './remains.ts';

const { values: flags } = parseArgs({
  options: { 'keep-state': { type: 'boolean', default: false }, port: { type: 'string', default: '0' } },
});

const name = 'demo';
const startedAt = performance.now();
const elapsed = () => `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
const say = (text: string) => console.log(`\n\u001b[1m▶ ${text}\u001b[0m  (${elapsed()})`);

const stateDir = mkdtempSync(join(tmpdir(), 'vcluster-platform-demo-'));
say('Setting up and starting the platform');
const platform = await startPlatform({
  stateDir,
  port: Number(flags.port),
  onProgress: (line) => console.log(`  ${line}`),
});
let failure: unknown;
try {
  const kubectl = findProgram('kubectl');
  const { vcp, inTenant } = createShell({
    stateDir,
    kubectl,
    tenantKubeconfig: join(stateDir, 'demo.kubeconfig'),
  });

  say('Creating a tenant cluster through the gateway');
  await vcp('login', '--admin-file', platform.adminFile);
  await vcp('create', 'vcluster', name);
  await vcp('connect', 'vcluster', name, '--kubeconfig', join(stateDir, 'demo.kubeconfig'));

  say('Using it with kubectl');
  await inTenant('create', 'namespace', 'shop');
  await inTenant('create', 'configmap', 'prices', '--namespace', 'shop', '--from-literal=apple=1');
  await inTenant('get', 'namespaces,configmaps', '--namespace', 'shop');

  say('Sleeping and waking: the objects stay');
  await vcp('sleep', 'vcluster', name);
  await vcp('list', 'vclusters');
  await vcp('wakeup', 'vcluster', name);
  await inTenant('get', 'configmap', 'prices', '--namespace', 'shop');

  say('A snapshot; then its etcd data folder is emptied; then it is restored');
  await vcp('snapshot', 'create', name, '--name', 'before-the-accident');
  await vcp('snapshot', 'list');
  await vcp('sleep', 'vcluster', name);
  const emptied = await emptyDataFolder({ stateDir, kubectl, project: 'default', name });
  console.log(`  emptied ${emptied}`);
  await vcp('restore', name, 'before-the-accident');
  await vcp('wakeup', 'vcluster', name);
  await inTenant('get', 'configmap', 'prices', '--namespace', 'shop', '--output', 'yaml');

  say('Deleting it');
  await vcp('operations', 'list');
  await vcp('delete', 'vcluster', name);
  await vcp('snapshot', 'delete', name, 'before-the-accident');
  const remains = await remainsOf({ stateDir, kubectl, project: 'default', name });
  console.log(
    `  left behind: ${remains.length === 0 ? 'no process, release, namespace or volume' : remains.join(', ')}`,
  );
  if (remains.length > 0) throw new Error('the delete left something behind');
} catch (error) {
  failure = error;
  console.error(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`);
  console.error(`The platform's logs are in ${join(stateDir, 'logs')}`);
} finally {
  say('Stopping the platform');
  await platform.stop();
}
if (failure === undefined && !flags['keep-state']) rmSync(stateDir, { recursive: true, force: true });
say(failure === undefined ? 'Done' : 'Failed');
process.exitCode = failure === undefined ? 0 : 1;
