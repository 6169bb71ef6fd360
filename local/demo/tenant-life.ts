import { join } from 'node:path';
import { findProgram } from '../../toolchain/find-program.ts';
import { emptyDataFolder, type PlacedTenant, remainsOf } from './remains.ts';
import { createShell } from './shell.ts';

export interface Demonstration {
  readonly stateDir: string;
  /** Path of `admin.json`. */
  readonly adminFile: string;
  /** Shows a heading. */
  say(text: string): void;
  /** Aborting it ends the command that runs. */
  readonly signal: AbortSignal;
}

/**
 * A tenant cluster from its creation to its end on the platform of `stateDir`, command by command.
 * @throws Error if a command fails, or the delete leaves something behind
 */
export async function showTenantLife({ stateDir, adminFile, say, signal }: Demonstration): Promise<void> {
  const name = 'demo';
  const kubectl = findProgram('kubectl');
  const tenantKubeconfig = join(stateDir, 'demo.kubeconfig');
  const { vcp, inTenant } = createShell({ stateDir, kubectl, tenantKubeconfig, signal });
  const tenant: PlacedTenant = {
    kubectl,
    kubeconfig: join(stateDir, 'local/admin.kubeconfig'),
    nodeDir: join(stateDir, 'local/node'),
    project: 'default',
    name,
  };

  say('Creating a tenant cluster through the gateway');
  await vcp('login', '--admin-file', adminFile);
  await vcp('create', 'vcluster', name);
  await vcp('connect', 'vcluster', name, '--kubeconfig', tenantKubeconfig);

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
  const emptied = await emptyDataFolder(tenant);
  console.log(`  emptied ${emptied}`);
  await vcp('restore', name, 'before-the-accident');
  await vcp('wakeup', 'vcluster', name);
  await inTenant('get', 'configmap', 'prices', '--namespace', 'shop', '--output', 'yaml');

  say('Deleting it');
  await vcp('operations', 'list');
  await vcp('delete', 'vcluster', name);
  await vcp('snapshot', 'delete', name, 'before-the-accident');
  const remains = Object.entries(await remainsOf(tenant)).flatMap(([kind, found]: [string, string[]]) =>
    found.map((what) => `${kind}: ${what}`),
  );
  console.log(
    `  left behind: ${remains.length === 0 ? 'no process, release, namespace or volume' : remains.join(', ')}`,
  );
  if (remains.length > 0) throw new Error('the delete left something behind');
}
