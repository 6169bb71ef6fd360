import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createHelm, type Helm } from '../../../adapters/helm/helm.ts';
import { connectCluster } from '../../../adapters/kubernetes/client.ts';
import { applyManifests, readManifests } from '../../../deploy/local/bootstrap/apply-manifests.ts';
import { findProgram } from '../../../deploy/toolchain/find-program.ts';
import { packageVclusterChart } from '../../../deploy/toolchain/vcluster-chart.ts';
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

describe("the worker's rights are enough to install vCluster's own chart", () => {
  let server: TestApiServer;
  let helm: Helm;
  let dir: string;
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'vcp-upstream-chart-'));
    helm = createHelm({ binary: findProgram('helm'), workDir: dir });
    server = await startApiServer();
    const admin = connectCluster(server.adminKubeconfig);
    const folder = join(import.meta.dirname, '..', '..', '..', 'deploy', 'connected-cluster');
    await applyManifests(admin, readManifests(folder));
    writeFileSync(join(dir, 'kubeconfig'), await server.kubeconfig('vcluster-platform:worker'), {
      mode: 0o600,
    });
    const worker = connectCluster(await server.kubeconfig('vcluster-platform:worker'));
    for (const index of Object.keys(variants).keys())
      await eventually('a namespace', () =>
        worker.core.createNamespace({ body: { metadata: { name: `host-${index}` } } }),
      );
  });
  after(async () => {
    await server?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  for (const [index, [name, values]] of Object.entries(variants).entries()) {
    it(`${name}: its Role, right after it the RoleBinding, and all other objects`, async () => {
      const kubeconfig = join(dir, 'kubeconfig');
      const target = { release: 'up', namespace: `host-${index}`, kubeconfig, cluster: 'test' };
      await helm.upgrade(target, {
        chart: await packageVclusterChart(),
        values,
        labels: { operation: 'test' },
      });
      await helm.uninstall(target);
    });
  }
});
