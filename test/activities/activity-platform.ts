import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clusterManifests, platformNamespaceOf } from '../../adapters/cluster-setup.ts';
import { type ConnectedClusters, createConnectedClusters } from '../../adapters/connected-clusters.ts';
import { type HostNamespaces, hostNamespaces } from '../../adapters/host-namespaces.ts';
import { createHelm, type Helm } from '../../adapters/helm/helm.ts';
import { type ClusterClient, connectCluster } from '../../adapters/kubernetes/client.ts';
import { type ManagementResources, managementResources } from '../../adapters/kubernetes/resources.ts';
import {
  clusterCredentialSecret,
  defaultHostNamespace,
  identities,
  labels,
  platformNamespace,
  projectNamespace,
} from '../../contracts/names.ts';
import type { VirtualClusterInstanceSpec } from '../../contracts/resources/virtual-cluster-instance.ts';
import type { TenantRef } from '../../contracts/instance-ref.ts';
import { applyManifests } from '../../local/bootstrap/apply-manifests.ts';
import { applyKinds } from '../../local/bootstrap/management-resources.ts';
import { findProgram } from '../../toolchain/find-program.ts';
import { startApiServer } from '../support/api-server.ts';

const root = join(import.meta.dirname, '..', '..');
export const chartsDir = join(root, 'deploy', 'charts');

/** One API server that is both management API (with our resources) and connected cluster `local`. */
export interface ActivityPlatform {
  readonly client: ClusterClient;
  /** The same, as activities call it. */
  readonly management: ClusterClient;
  readonly resources: ManagementResources;
  readonly clusters: ConnectedClusters;
  readonly hosts: HostNamespaces;
  readonly helm: Helm;
  readonly workDir: string;
  /** Creates an instance in project `default`, which requires no template, and its host namespace. */
  tenant(name: string, spec: VirtualClusterInstanceSpec): Promise<TenantRef>;
  stop(): Promise<void>;
}

/** @param kubeconfig of a running cluster to use as both; default: a new API server */
export async function startActivityPlatform(kubeconfig?: string): Promise<ActivityPlatform> {
  await using undo = new AsyncDisposableStack();
  const server = kubeconfig === undefined ? await startApiServer() : undefined;
  undo.defer(() => server?.stop());
  const config = kubeconfig ?? server?.adminKubeconfig ?? '';
  const client = connectCluster(config);
  const workDir = mkdtempSync(join(tmpdir(), 'vcp-activities-'));
  undo.defer(() => rmSync(workDir, { recursive: true, force: true }));
  await applyKinds(client);
  await applyManifests(client, [platformNamespaceOf('local'), ...clusterManifests('direct')]);
  // The worker's own rights in a connected cluster, where there is a server to sign it a certificate.
  const workers = (await server?.kubeconfig(identities.worker)) ?? config;
  const resources = managementResources(client);
  await client.core.createNamespace({ body: { metadata: { name: projectNamespace('default') } } });
  await resources.projects.create({
    metadata: { name: 'default' },
    spec: { requireTemplate: { disabled: true } },
  });
  await client.core.createNamespacedSecret({
    namespace: platformNamespace,
    body: { metadata: { name: clusterCredentialSecret('local', 'worker') }, stringData: { config: workers } },
  });
  const clusters = createConnectedClusters({ management: client, workDir });
  const started = undo.move();
  return {
    client,
    management: client,
    resources,
    workDir,
    clusters,
    hosts: hostNamespaces(clusters),
    helm: createHelm({ binary: findProgram('helm'), workDir }),
    async tenant(name, spec) {
      const instance = await resources.virtualclusterinstances.create({
        metadata: { name, namespace: projectNamespace('default') },
        spec,
      });
      const hostNamespace = defaultHostNamespace('default', name);
      const marks = { [labels.managed]: 'true', [labels.instanceUid]: instance.metadata.uid };
      await client.core.createNamespace({ body: { metadata: { name: hostNamespace, labels: marks } } });
      return { project: 'default', name, uid: instance.metadata.uid, cluster: 'local', hostNamespace };
    },
    stop: () => started.disposeAsync(),
  };
}
