import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { V1Pod } from '@kubernetes/client-node';
import { parse, stringify } from 'yaml';
import { createReleaseActivities } from '../../activities/control-plane/release.ts';
import type { SnapshotDeps } from '../../activities/snapshots/snapshot.ts';
import { createTenantKeysActivities } from '../../activities/control-plane/tenant-keys.ts';
import { type ClusterClient, connectCluster } from '../../adapters/kubernetes/client.ts';
import { orUndefined } from '../../adapters/kubernetes/failures.ts';
import { requestJson } from '../../adapters/kubernetes/request.ts';
import { readyPath } from '../../adapters/kubernetes/readiness-path.ts';
import type { TenantRef } from '../../contracts/instance-ref.ts';
import { writeImages } from '../../local/node-images.ts';
import { resolveToolchain } from '../../toolchain/toolchain.ts';
import { type NodeCluster, startNodeCluster } from '../node/node-cluster.ts';
import { eventually } from '../support/eventually.ts';
import { type ActivityPlatform, chartsDir, startActivityPlatform } from './activity-platform.ts';

/** A cluster with a process node that runs tenant control planes, and the activities' dependencies. */
export interface TenantFleet {
  readonly platform: ActivityPlatform;
  readonly node: NodeCluster;
  readonly snapshots: SnapshotDeps;
  /** Makes keys and installs the chart with its default values. */
  install(name: string): Promise<TenantRef>;
  /** Administrator's clients inside the tenant, once it answers. */
  connect(tenant: TenantRef): Promise<ClusterClient>;
  sleep(tenant: TenantRef): Promise<void>;
  wake(tenant: TenantRef): Promise<void>;
  stop(): Promise<void>;
}

export async function startTenantFleet(): Promise<TenantFleet> {
  await using undo = new AsyncDisposableStack();
  const node = await startNodeCluster();
  undo.defer(() => node.stop());
  const imagesDir = join(node.config.stateDir, '..', 'image-programs');
  const table = writeImages({ dir: imagesDir, toolchain: await resolveToolchain() });
  await node.endNode('SIGTERM');
  rmSync(node.config.imagesFile);
  copyFileSync(table, node.config.imagesFile);
  await node.startNode();
  const platform = await startActivityPlatform(node.adminKubeconfig);
  undo.defer(() => platform.stop());
  const snapshotsDir = node.config.hostPathPrefixes[0] ?? '';
  const { client } = platform;
  const podOf = (tenant: TenantRef): Promise<V1Pod | undefined> =>
    orUndefined(client.core.readNamespacedPod({ namespace: tenant.hostNamespace, name: `${tenant.name}-0` }));
  const scale = (tenant: TenantRef, replicas: number) =>
    requestJson(client.kubeConfig, {
      method: 'PATCH',
      path: `/apis/apps/v1/namespaces/${tenant.hostNamespace}/statefulsets/${tenant.name}/scale`,
      contentType: 'application/merge-patch+json',
      body: { spec: { replicas } },
    });
  const started = undo.move();
  return {
    platform,
    node,
    snapshots: {
      management: client,
      resources: platform.resources,
      hosts: platform.hosts,
      snapshotsDir,
    },
    async install(name) {
      const tenant = await platform.tenant(name, {});
      await createTenantKeysActivities(platform).applyTenantKeys({ tenant });
      await createReleaseActivities({ ...platform, chartsDir }).installRelease({
        tenant,
        operationId: 'install',
      });
      return tenant;
    },
    async connect(tenant) {
      const secret = await client.core.readNamespacedSecret({
        namespace: tenant.hostNamespace,
        name: `vc-${tenant.name}`,
      });
      const config = parse(Buffer.from(secret.data?.['config'] ?? '', 'base64').toString('utf8'));
      const podIP = await eventually(
        'an address of the pod',
        async () => (await podOf(tenant))?.status?.podIP,
        { intervalMs: 20 },
      );
      config.clusters[0].cluster.server = `https://${podIP}:6443`;
      config.clusters[0].cluster['tls-server-name'] = 'kubernetes';
      const inside = connectCluster(stringify(config));
      await eventually(
        'the tenant answers',
        async () => {
          await requestJson(inside.kubeConfig, { path: readyPath }).catch((error: unknown) => {
            if (!(error instanceof SyntaxError)) throw error; // "ok" is no JSON
          });
          return inside.core.readNamespace({ name: 'default' });
        },
        { intervalMs: 20 },
      );
      return inside;
    },
    async sleep(tenant) {
      await scale(tenant, 0);
      await eventually('the pod is gone', async () => (await podOf(tenant)) === undefined);
    },
    async wake(tenant) {
      await scale(tenant, 1);
    },
    async stop() {
      const sets = await client.apps.listStatefulSetForAllNamespaces();
      for (const { metadata } of sets.items) {
        await client.apps.deleteNamespacedStatefulSet({
          namespace: metadata?.namespace ?? '',
          name: metadata?.name ?? '',
        });
      }
      await eventually('all tenants are gone', async () => {
        const pods = await client.core.listPodForAllNamespaces();
        return pods.items.length === 0;
      }).catch(() => undefined);
      await started.disposeAsync();
    },
  };
}
