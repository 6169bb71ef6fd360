import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { defaultHostNamespace } from '../../contracts/names.ts';

interface Tenant {
  readonly stateDir: string;
  readonly kubectl: string;
  readonly project: string;
  readonly name: string;
}

const execute = promisify(execFile);

async function get(tenant: Tenant, ...args: string[]): Promise<string[]> {
  const kubeconfig = join(tenant.stateDir, 'local/admin.kubeconfig');
  const { stdout } = await execute(tenant.kubectl, ['--kubeconfig', kubeconfig, 'get', ...args]);
  return stdout.split('\n').filter((line) => line !== '');
}

const volumesByClaim = [
  'pv',
  '-o',
  'jsonpath={range .items[*]}{.spec.claimRef.namespace} {.spec.hostPath.path}{.spec.local.path}{"\\n"}{end}',
];

async function volumeFolders(tenant: Tenant): Promise<string[]> {
  const namespace = defaultHostNamespace(tenant.project, tenant.name);
  return (await get(tenant, ...volumesByClaim))
    .filter((line) => line.startsWith(`${namespace} `))
    .map((line) => line.slice(namespace.length + 1));
}

/** Deletes everything inside the tenant's volume, and returns its folder. */
export async function emptyDataFolder(tenant: Tenant): Promise<string> {
  const [folder] = await volumeFolders(tenant);
  if (folder === undefined) throw new Error(`tenant cluster ${tenant.name} has no volume`);
  for (const entry of readdirSync(folder)) rmSync(join(folder, entry), { recursive: true });
  return folder;
}

/** Everything of a tenant cluster that still exists on the connected cluster `local` and its node. */
export async function remainsOf(tenant: Tenant): Promise<string[]> {
  const namespace = defaultHostNamespace(tenant.project, tenant.name);
  return [
    ...podProcesses(join(tenant.stateDir, 'local/node')).map((commandLine) => `process ${commandLine}`),
    ...(await get(tenant, 'namespaces', '-o', 'name')).filter((entry) => entry === `namespace/${namespace}`),
    ...(await get(tenant, 'secrets', '--all-namespaces', '--selector', 'owner=helm', '-o', 'name')).map(
      (entry) => `release ${entry}`,
    ),
    ...(await volumeFolders(tenant)).map((folder) => `volume ${folder}`),
  ];
}

/** Command lines of processes that run on the node's pod folders. */
function podProcesses(nodeDir: string): string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      try {
        const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return commandLine.includes(`${nodeDir}/pods/`) ? [commandLine.slice(0, 120)] : [];
      } catch {
        return []; // it ended meanwhile
      }
    });
}
