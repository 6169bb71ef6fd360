import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectCluster } from '../adapters/kubernetes/client.ts';
import { writePrivateFile } from '../adapters/processes/start-process.ts';
import { writers } from '../contracts/names.ts';
import { PlatformError } from '../contracts/errors.ts';
import {
  applyConnectedClusterResources,
  type ConnectProxy,
  embeddedCredentials,
  type LocalCredentials,
} from './bootstrap/connected-cluster.ts';
import { connectExternalCluster, type ExternalCluster } from './bootstrap/external-cluster.ts';
import { openKubernetesCluster } from './kubernetes-cluster.ts';
import type { PlatformContext } from './platform-context.ts';
import { startLocalCluster } from './start-local-cluster.ts';
import type { StateFolder } from './state-folder.ts';

/**
 * Connected cluster `local`: the one that a user has, or an embedded one that is started.
 * @returns what the platform's processes reach it with
 */
export async function connectLocalCluster(
  context: PlatformContext,
  external: ExternalCluster | undefined,
  proxy: ConnectProxy,
): Promise<LocalCredentials> {
  const credentials = await (external === undefined
    ? startEmbedded(context, proxy)
    : connectExternalCluster(external, proxy));
  rememberCluster(context.state, external?.id);
  return credentials;
}

async function startEmbedded(context: PlatformContext, proxy: ConnectProxy): Promise<LocalCredentials> {
  const cluster = await openKubernetesCluster(context, 'local');
  await startLocalCluster(context, cluster);
  await applyConnectedClusterResources(
    connectCluster(cluster.adminKubeconfig, { writer: writers.bootstrap }),
  );
  return embeddedCredentials(cluster, proxy);
}

const embedded = 'embedded';

/**
 * Checks that connected cluster `local` is the one that this state folder's tenant clusters are on.
 * @param id of the cluster of `--kubeconfig`; undefined: the embedded one
 * @throws PlatformError `conflict` if it is another
 */
export function checkRememberedCluster(state: StateFolder, id: string | undefined): void {
  const known = rememberedCluster(state);
  if (known === undefined || known === (id ?? embedded)) return;
  const [which, remedy] =
    known === embedded
      ? ['the embedded cluster', 'start it without --kubeconfig']
      : ['a different cluster given with --kubeconfig', 'give the kubeconfig of that cluster'];
  throw new PlatformError(
    'conflict',
    `the tenant clusters of ${state.root} are on ${which}: ${remedy}, or another folder with --state-dir (if that cluster no longer exists, remove ${file(state)})`,
  );
}

/** Keeps which cluster is `local`, once it is connected. */
export function rememberCluster(state: StateFolder, id: string | undefined): void {
  writePrivateFile(file(state), id ?? embedded);
}

function rememberedCluster(state: StateFolder): string | undefined {
  if (existsSync(file(state))) return readFileSync(file(state), 'utf8').trim();
  return existsSync(join(state.localDir, 'etcd')) ? embedded : undefined;
}

function file({ localDir }: StateFolder): string {
  return join(localDir, 'cluster-id');
}
