import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, test } from 'node:test';
import type { V1ClusterRole } from '@kubernetes/client-node';
import { platformNamespaceOf } from '../../../adapters/cluster-setup.ts';
import { type ConnectedClusters, createConnectedClusters } from '../../../adapters/connected-clusters.ts';
import { createHelm, type Helm } from '../../../adapters/helm/helm.ts';
import { connectCluster } from '../../../adapters/kubernetes/client.ts';
import { tenantChart } from '../../../adapters/tenant-charts/known-charts.ts';
import { clusterCredentialSecret, identities, platformNamespace } from '../../../contracts/names.ts';
import { readManifests } from '../../../adapters/kubernetes/manifests.ts';
import { applyManifests } from '../../../local/bootstrap/apply-manifests.ts';
import { checkManifest, grantedBeyond } from '../../../templates/manifest-contract.ts';
import { findProgram } from '../../../toolchain/find-program.ts';
import { packageVclusterChart } from '../../../toolchain/vcluster-chart.ts';
import { startApiServer, type TestApiServer } from '../../support/api-server.ts';
import { eventually } from '../../support/eventually.ts';

const variants = {
  defaults: '',
  'all that stays in the host namespace': `
sync:
  toHost:
    ingresses: { enabled: true }
    networkPolicies: { enabled: true }
    podDisruptionBudgets: { enabled: true }
    serviceAccounts: { enabled: true }
policies:
  resourceQuota: { enabled: true }
  limitRange: { enabled: true }
  networkPolicy: { enabled: true }
controlPlane:
  advanced: { podDisruptionBudget: { enabled: true } }
  statefulSet: { highAvailability: { replicas: 3 } }
`,
};

const cluster = 'test';

describe("Helm's rights in a host namespace are enough to install vCluster's chart", () => {
  let server: TestApiServer;
  let helm: Helm;
  let dir: string;
  let clusters: ConnectedClusters;
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'vcp-upstream-chart-'));
    helm = createHelm({ binary: findProgram('helm'), workDir: dir });
    server = await startApiServer();
    const admin = connectCluster(server.adminKubeconfig);
    const folder = join(
      import.meta.dirname,
      '..',
      '..',
      '..',
      'deploy',
      'charts',
      'vcluster-platform',
      'connected-cluster',
    );
    await applyManifests(admin, [platformNamespaceOf(cluster), ...readManifests(folder)]);
    for (const name of Object.keys(variants).map((_, index) => `host-${index}`))
      await admin.core.createNamespace({ body: { metadata: { name } } });
    const config = await server.kubeconfig(identities.worker);
    const metadata = { name: clusterCredentialSecret(cluster, 'worker') };
    await admin.core.createNamespacedSecret({
      namespace: platformNamespace,
      body: { metadata, stringData: { config } },
    });
    clusters = createConnectedClusters({ management: admin, workDir: dir });
  });
  after(async () => {
    await server?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  for (const [index, [name, values]] of Object.entries(variants).entries()) {
    it(`${name}: its Role, right after it the RoleBinding, and all other objects`, async () => {
      const namespace = `host-${index}`;
      const kubeconfig = await eventually("the worker's rights are in force", () =>
        clusters.helmKubeconfigFile(
          cluster,
          { name: namespace, uid: namespace },
          tenantChart('vcluster').helmRole,
        ),
      );
      const target = { release: 'up', namespace, kubeconfig, cluster };
      const chart = await packageVclusterChart();
      const text = await helm.template({ chart, values, release: 'up', namespace });
      const objects = checkManifest(text, {
        chart: tenantChart('vcluster'),
        release: 'up',
        namespace,
        trusted: true,
      });
      const manifest = { chart: { name: 'vcluster', version: '1.0.0' }, objects };
      await helm.upgrade(target, { manifest, labels: { operation: 'test' } });
      await helm.uninstall(target);
    });
  }
});

test('Helm may grant exactly what the Roles of chart vcluster need', () => {
  const role = readManifests(
    join(import.meta.dirname, '..', '..', '..', 'deploy', 'charts', 'vcluster-platform', 'connected-cluster'),
  ).find(({ metadata }) => metadata?.name === tenantChart('vcluster').helmRole) as V1ClusterRole;
  assert.deepEqual(grantedBeyond(tenantChart('vcluster').ordinaryRules, role.rules ?? []), []);
});

test('the ClusterRole that Helm gets for a chart, known or not, is one of those that are applied', () => {
  const applied = readManifests(
    join(import.meta.dirname, '..', '..', '..', 'deploy', 'charts', 'vcluster-platform', 'connected-cluster'),
  )
    .filter(({ kind }) => kind === 'ClusterRole')
    .map(({ metadata }) => metadata?.name ?? '');
  const roles = ['tenant-control-plane', 'vcluster', 'of an administrator'].map(
    (name) => tenantChart(name).helmRole,
  );
  assert.equal(new Set(roles).size, 3);
  assert.deepEqual(
    roles.filter((role) => !applied.includes(role)),
    [],
  );
});
