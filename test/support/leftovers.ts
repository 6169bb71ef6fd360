import { join } from 'node:path';
import { podProcesses, type Remains, remainsOf } from '../../local/demo/remains.ts';
import { findProgram } from '../../toolchain/find-program.ts';
import type { TestPlatform } from './platform.ts';

/** What of a tenant cluster still exists anywhere; all empty after a clean delete. */
export interface Leftovers extends Remains {
  readonly instances: string[];
}

export const nothingLeft: Leftovers = {
  processes: [],
  releases: [],
  namespaces: [],
  objects: [],
  volumes: [],
  instances: [],
};

/** Where a connected cluster is looked into: a kubeconfig's path, and the folder of its process node. */
export interface WatchedCluster {
  /** Program that reaches the cluster; default: the toolchain's. */
  readonly kubectl?: string;
  readonly kubeconfig: string;
  readonly nodeDir: string;
}

/** The embedded cluster of a platform on `stateDir`. */
function embeddedCluster(stateDir: string): WatchedCluster {
  return { kubeconfig: join(stateDir, 'local/admin.kubeconfig'), nodeDir: join(stateDir, 'local/node') };
}

/** Command lines of processes that run on the embedded node's pod folders, whoever's they are. */
export function nodeProcesses(stateDir: string): string[] {
  return podProcesses(embeddedCluster(stateDir).nodeDir);
}

export async function leftovers(
  platform: TestPlatform,
  project: string,
  name: string,
  cluster: WatchedCluster = embeddedCluster(platform.stateDir),
): Promise<Leftovers> {
  const resource = 'virtualclusterinstances';
  const listed = await platform.kubectl('get', resource, '-n', `p-${project}`, '-o', 'name');
  if (listed.code !== 0) throw new Error(listed.stderr);
  return {
    ...(await remainsOf({ kubectl: findProgram('kubectl'), ...cluster, project, name })),
    instances: listed.stdout.split('\n').filter((entry) => entry.endsWith(`/${name}`)),
  };
}
