import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { defaultHostNamespace } from '../../contracts/names.ts';

/** A tenant cluster, and how its connected cluster is looked into. */
export interface PlacedTenant {
  readonly kubectl: string;
  /** Path, of an administrator of the connected cluster. */
  readonly kubeconfig: string;
  /** State folder of the process node that runs its pods. */
  readonly nodeDir: string;
  readonly project: string;
  readonly name: string;
}

/** What of a tenant cluster still exists on its connected cluster and node; all empty after a clean delete. */
export interface Remains {
  /** Command lines of processes that run on pod folders of the node, no matter whose. */
  readonly processes: string[];
  readonly releases: string[];
  /** Without those that Kubernetes is about to take away because they are empty. */
  readonly namespaces: string[];
  /** Whatever a namespace that is being deleted still has of pods, claims and Secrets. */
  readonly objects: string[];
  /** Their folders. */
  readonly volumes: string[];
}

const execute = promisify(execFile);

async function get({ kubectl, kubeconfig }: PlacedTenant, ...args: string[]): Promise<string[]> {
  const { stdout } = await execute(kubectl, ['--kubeconfig', kubeconfig, 'get', ...args]);
  return stdout.split('\n').filter((line) => line !== '');
}

const volumesByClaim = [
  'pv',
  '-o',
  'jsonpath={range .items[*]}{.spec.claimRef.namespace} {.spec.hostPath.path}{.spec.local.path}{"\\n"}{end}',
];

const namesAndPhases = 'jsonpath={range .items[*]}{.metadata.name} {.status.phase}{"\\n"}{end}';

async function volumeFolders(tenant: PlacedTenant): Promise<string[]> {
  const namespace = defaultHostNamespace(tenant.project, tenant.name);
  return (await get(tenant, ...volumesByClaim))
    .filter((line) => line.startsWith(`${namespace} `))
    .map((line) => line.slice(namespace.length + 1));
}

/** Deletes everything inside the tenant's volume, and returns its folder. */
export async function emptyDataFolder(tenant: PlacedTenant): Promise<string> {
  const [folder] = await volumeFolders(tenant);
  if (folder === undefined) throw new Error(`tenant cluster ${tenant.name} has no volume`);
  for (const entry of readdirSync(folder)) rmSync(join(folder, entry), { recursive: true });
  return folder;
}

/** @throws Error if the connected cluster does not answer */
export async function remainsOf(tenant: PlacedTenant): Promise<Remains> {
  const namespace = defaultHostNamespace(tenant.project, tenant.name);
  return {
    processes: podProcesses(tenant.nodeDir),
    releases: await get(tenant, 'secrets', '-n', namespace, '-l', 'owner=helm', '-o', 'name'),
    namespaces: (await get(tenant, 'namespaces', '-o', namesAndPhases)).filter(
      (entry) => entry === `${namespace} Active`,
    ),
    objects: await get(tenant, 'pods,pvc,secrets', '-n', namespace, '-o', 'name'),
    volumes: await volumeFolders(tenant),
  };
}

/** Pids and command lines of processes that run on a process node's pod folders. */
export function podProcesses(nodeDir: string): string[] {
  return processesNaming(`${nodeDir}/pods/`);
}

/** `<pid>: <command line>` of all processes of this machine, but ours, that name `text`. */
export function processesNaming(text: string): string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .flatMap((pid) => {
      try {
        const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return commandLine.includes(text) ? [`${pid}: ${commandLine.slice(0, 200)}`] : [];
      } catch {
        return []; // it ended meanwhile
      }
    });
}
