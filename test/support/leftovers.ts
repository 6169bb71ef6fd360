import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultHostNamespace } from '../../contracts/names.ts';
import { run, type TestPlatform } from './platform.ts';
import { findProgram } from '../../deploy/toolchain/find-program.ts';

/** What of a tenant cluster still exists anywhere; all empty after a clean delete. Helm releases live in the namespace. */
export interface Leftovers {
  /** Command lines of processes that run on the tenant's files. */
  readonly processes: string[];
  readonly namespaces: string[];
  readonly volumes: string[];
  readonly instances: string[];
}

async function names(platform: TestPlatform, kubeconfig: string, ...args: string[]): Promise<string[]> {
  const result = await run(findProgram('kubectl'), [
    '--kubeconfig',
    join(platform.stateDir, kubeconfig),
    'get',
    ...args,
    '-o',
    'name',
  ]);
  if (result.code !== 0) throw new Error(result.stderr);
  return result.stdout.split('\n').filter((line) => line !== '');
}

/** Command lines of processes that run on the embedded node's pod folders, whoever's they are. */
export function nodeProcesses(stateDir: string): string[] {
  return processesNaming(`${join(stateDir, 'local/node')}/pods/`);
}

/** Command lines of all processes of this machine that name `text`. */
function processesNaming(text: string): string[] {
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

export async function leftovers(platform: TestPlatform, project: string, name: string): Promise<Leftovers> {
  const namespace = defaultHostNamespace(project, name);
  const local = 'local/admin.kubeconfig';
  return {
    processes: nodeProcesses(platform.stateDir),
    namespaces: (await names(platform, local, 'namespaces')).filter(
      (entry) => entry === `namespace/${namespace}`,
    ),
    volumes: (
      await run(findProgram('kubectl'), [
        '--kubeconfig',
        join(platform.stateDir, local),
        'get',
        'pv',
        '-o',
        'jsonpath={range .items[*]}{.spec.claimRef.namespace}{"\\n"}{end}',
      ])
    ).stdout
      .split('\n')
      .filter((entry) => entry === namespace),
    instances: (
      await names(platform, 'admin.kubeconfig', 'virtualclusterinstances', '-n', `p-${project}`)
    ).filter((entry) => entry.endsWith(`/${name}`)),
  };
}
