import { join } from 'node:path';
import { resourcePath } from '../adapters/kubernetes/resources.ts';
import { writePrivateFile } from '../adapters/processes/start-process.ts';
import { identities, managementGroup } from '../contracts/names.ts';
import { resourceKinds, type ResourcePlural } from '../contracts/resources/resource-kinds.ts';
import { egressSelector } from './egress-selector.ts';
import { forgetInKine } from './forget-clear-values.ts';
import {
  type KubernetesCluster,
  openKubernetesCluster,
  startKubeApiserver,
  startKubeControllerManager,
} from './kubernetes-cluster.ts';
import type { PlatformContext } from './platform-context.ts';
import { acceptsConnections } from './probes.ts';
import { sealStored } from './seal-stored.ts';
import { kine, kineEndpoint } from './servers/kine.ts';
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
  kineUrl: string,
): Promise<void> {
  const { state, toolchain, supervisor } = context;
  const socketDir = state.managementSocketDir;
  const program = kine({ binary: toolchain.kine, databaseUrl: kineUrl, socketDir });
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

/** Seals what a former version stored in clear; the custom resources are there already. */
export async function sealManagement(
  context: PlatformContext,
  { cluster }: ManagementApi,
  kineUrl: string,
): Promise<void> {
  const plurals = Object.keys(resourceKinds) as ResourcePlural[];
  const lists = ['/api/v1/secrets', '/api/v1/configmaps', ...plurals.map((plural) => resourcePath(plural))];
  const prefixes = ['secrets', 'configmaps', managementGroup].map((name) => `/registry/${name}/`);
  await sealStored(context, cluster, lists, () => forgetInKine(kineUrl, prefixes));
}

function kineSocket(socketDir: string): string {
  return kineEndpoint({ socketDir }).slice('unix://'.length);
}
