import { join } from 'node:path';
import { identities } from '../../contracts/names.ts';
import { egressSelector } from './egress-selector.ts';
import {
  type KubernetesCluster,
  openKubernetesCluster,
  startKubeApiserver,
  startKubeControllerManager,
} from './kubernetes-cluster.ts';
import type { PlatformContext } from './platform-context.ts';
import { writePrivateFile } from './processes/start-process.ts';
import { kine, kineEndpoint } from './servers/kine.ts';
import { acceptsConnections } from './socket-probe.ts';
import { siblingDatabase } from './start-database.ts';
import { waitUntil } from './wait-until.ts';

/** The management API and the kubeconfigs of those that use it. */
export interface ManagementApi {
  readonly cluster: KubernetesCluster;
  /** Paths, by process. */
  readonly kubeconfigs: Record<'gateway' | 'worker' | 'controllers', string>;
}

/**
 * What the management API needs of a controller manager: it holds no workloads, so nothing that knows of pods
 * or nodes.
 */
const controllers = [
  'namespace-controller',
  'garbage-collector-controller',
  'clusterrole-aggregation-controller',
  'resourcequota-controller',
  'serviceaccount-controller',
  'validatingadmissionpolicy-status-controller',
];

/** Keys and kubeconfigs of the management API, before it runs. */
export async function openManagement(context: PlatformContext): Promise<ManagementApi> {
  const cluster = await openKubernetesCluster(context, 'management');
  const write = async (process: 'gateway' | 'worker' | 'controllers'): Promise<string> => {
    const file = join(cluster.dir, `${process}.kubeconfig`);
    writePrivateFile(file, await cluster.pki.kubeconfig(cluster.url, identities[process]));
    return file;
  };
  const kubeconfigs = {
    gateway: await write('gateway'),
    worker: await write('worker'),
    controllers: await write('controllers'),
  };
  return { cluster, kubeconfigs };
}

/** Starts Kine over a database of its own and the management kube-apiserver; resolves when that answers. */
export async function startManagement(
  context: PlatformContext,
  { cluster }: ManagementApi,
  databaseUrl: string,
): Promise<void> {
  const { state, toolchain, supervisor } = context;
  const socketDir = state.managementSocketDir;
  const kineDatabase = await siblingDatabase(databaseUrl, 'kine');
  const program = kine({ binary: toolchain.kine, databaseUrl: kineDatabase, socketDir });
  await supervisor.start({
    name: 'kine',
    program: () => program,
    ready: (process) =>
      waitUntil('Kine', () => acceptsConnections(kineSocket(socketDir)), { process, intervalMs: 20 }),
  });
  const egress = egressSelector(cluster.dir);
  await startKubeApiserver(context, cluster, { etcdEndpoint: kineEndpoint({ socketDir }), egress });
}

/** Starts the management API's controller manager. */
export function startManagementControllers(
  context: PlatformContext,
  { cluster }: ManagementApi,
): Promise<void> {
  return startKubeControllerManager(context, cluster, controllers);
}

function kineSocket(socketDir: string): string {
  return kineEndpoint({ socketDir }).slice('unix://'.length);
}
