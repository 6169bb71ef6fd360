import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { KubernetesObject, V1Container, V1Service, V1StatefulSet } from '@kubernetes/client-node';
import { parseAllDocuments } from 'yaml';
import { createHelm, type Helm } from '../../../adapters/helm/helm.ts';
import { type ClusterClient, connectCluster } from '../../../adapters/kubernetes/client.ts';
import { checkManifest } from '../../../templates/manifest-contract.ts';
import { tenantChart } from '../../../adapters/tenant-charts/known-charts.ts';
import { isLastingFailure, PlatformError } from '../../../contracts/errors.ts';
import { seedName } from '../../../adapters/tenant-seeds.ts';
import { imageTags } from '../../../local/node-images.ts';
import { findProgram } from '../../../toolchain/find-program.ts';
import { startApiServer, type TestApiServer } from '../../support/api-server.ts';

const chart = join(import.meta.dirname, '..', '..', '..', 'deploy', 'charts', 'tenant-control-plane');
let dir: string;
let helm: Helm;
let server: TestApiServer;
let client: ClusterClient;
before(async () => {
  dir = mkdtempSync(join(tmpdir(), 'vcp-chart-'));
  helm = createHelm({ binary: findProgram('helm'), workDir: dir });
  server = await startApiServer();
  client = connectCluster(server.adminKubeconfig);
});
after(async () => {
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
});

const manifest = (values: string) => helm.template({ chart, values, release: 'demo', namespace: 'default' });

async function rendered(
  values: string,
): Promise<{ set: V1StatefulSet; service: V1Service; objects: KubernetesObject[] }> {
  const objects = parseAllDocuments(await manifest(values), { version: '1.1' }).map(
    (document) => document.toJS() as KubernetesObject,
  );
  const one = (kind: string) => objects.find((object) => object.kind === kind);
  return { objects, set: one('StatefulSet') as V1StatefulSet, service: one('Service') as V1Service };
}

function containerOf(set: V1StatefulSet, name: string): V1Container {
  const spec = set.spec?.template.spec;
  const container = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].find(
    (candidate) => candidate.name === name,
  );
  assert.ok(container, name);
  return container;
}

test('names and values that YAML takes for something else stay what they are', async () => {
  const values = `
etcd: { extraArgs: { quota-backend-bytes: 16777216, name: "1.30", force: yes }, env: { "NO": "no" } }
persistence: { size: 10737418240, storageClassName: "null" }
`;
  const text = await helm.template({ chart, values, release: 'on', namespace: 'default' });
  const contract = {
    chart: tenantChart('tenant-control-plane'),
    release: 'on',
    namespace: 'default',
    trusted: true,
  };
  const set = checkManifest(text, contract).find(({ kind }) => kind === 'StatefulSet') as V1StatefulSet;
  const { args = [], env = [] } = containerOf(set, 'etcd');
  for (const arg of ['--quota-backend-bytes=16777216', '--name=1.30', '--force=true'])
    assert.ok(args.includes(arg), `${args}`);
  assert.deepEqual(env.at(-1), { name: 'NO', value: 'no' });
  const [claim] = set.spec?.volumeClaimTemplates ?? [];
  assert.equal(claim?.spec?.storageClassName, 'null');
  assert.equal(claim?.spec?.resources?.requests?.['storage'], '10737418240');
});

test('by default: a StatefulSet without replicas and a Service, as the chart contract says', async () => {
  const { set, service, objects } = await rendered('');
  checkManifest(await manifest(''), {
    chart: tenantChart('tenant-control-plane'),
    release: 'demo',
    namespace: 'default',
    trusted: false,
  });
  assert.deepEqual(
    new Set(objects.map(({ kind }) => kind)),
    new Set(['ConfigMap', 'Service', 'StatefulSet']),
  );
  assert.equal(objects.length, 3);
  assert.equal('replicas' in (set.spec ?? {}), false);
  assert.deepEqual(set.spec?.persistentVolumeClaimRetentionPolicy, {
    whenDeleted: 'Delete',
    whenScaled: 'Retain',
  });
  assert.deepEqual(set.spec?.selector.matchLabels, { app: 'vcluster', release: 'demo' });
  assert.deepEqual(service.spec?.selector, { app: 'vcluster', release: 'demo' });
  assert.deepEqual(service.spec?.ports, [{ name: 'https', port: 443, targetPort: 'https', protocol: 'TCP' }]);
  const pod = set.spec?.template.spec;
  assert.equal(pod?.automountServiceAccountToken, false);
  assert.deepEqual(
    pod?.initContainers?.map(({ name }) => name),
    ['etcd', 'kube-apiserver', 'kubeconfigs'],
  );
  assert.deepEqual(
    pod?.containers.map(({ name }) => name),
    ['kube-controller-manager', 'kube-scheduler'],
  );
  for (const container of [...(pod?.initContainers ?? []), ...(pod?.containers ?? [])]) {
    assert.equal(container.securityContext?.allowPrivilegeEscalation, false, container.name);
    assert.equal(container.securityContext?.readOnlyRootFilesystem, true, container.name);
  }
  assert.equal(containerOf(set, 'kube-apiserver').image, 'registry.k8s.io/kube-apiserver:v1.36.3');
});

test('each component sees only the keys it needs', async () => {
  const { set } = await rendered('');
  const keysOf = (name: string): string[] => {
    const mounts = containerOf(set, name).volumeMounts?.map((mount) => mount.name) ?? [];
    const volumes = (set.spec?.template.spec?.volumes ?? []).filter(
      (volume) => mounts.includes(volume.name) && volume.name !== 'seed',
    );
    return volumes.flatMap((volume) => volume.secret?.items?.map(({ key }) => key) ?? []).toSorted();
  };
  assert.deepEqual(keysOf('etcd'), ['ca.crt', 'etcd.crt', 'etcd.key']);
  assert.deepEqual(keysOf('kube-apiserver'), [
    'apiserver.crt',
    'apiserver.key',
    'ca.crt',
    'sa.key',
    'sa.pub',
  ]);
  assert.deepEqual(keysOf('kube-controller-manager'), ['ca.crt', 'ca.key', 'sa.key']);
  assert.deepEqual(keysOf('kube-scheduler'), []);
});

test('values set versions, images, arguments, environment, resources, volume and pod', async () => {
  const { set, service } = await rendered(`
kubernetesVersion: v1.35.1
images: { etcd: { repository: mirror.local/etcd, tag: 3.6.1-0 }, pullSecrets: [{ name: pull }] }
apiServer: { extraArgs: { profiling: true, v: 4 }, env: { GOGC: "200" }, resources: { limits: { memory: 1Gi } } }
persistence: { size: 1Gi, storageClassName: fast }
service: { type: LoadBalancer, annotations: { a: b } }
pod: { labels: { team: x }, nodeSelector: { disk: ssd }, priorityClassName: high, terminationGracePeriodSeconds: 5 }
`);
  assert.equal(containerOf(set, 'etcd').image, 'mirror.local/etcd:3.6.1-0');
  const api = containerOf(set, 'kube-apiserver');
  assert.equal(api.image, 'registry.k8s.io/kube-apiserver:v1.35.1');
  assert.deepEqual(
    api.args?.filter((argument) => /profiling|--v=/.test(argument)),
    ['--profiling=true', '--v=4'],
  );
  assert.deepEqual(api.env?.at(-1), { name: 'GOGC', value: '200' });
  assert.deepEqual(api.resources?.limits, { memory: '1Gi' });
  const claim = set.spec?.volumeClaimTemplates?.[0]?.spec;
  assert.equal(claim?.storageClassName, 'fast');
  assert.equal(claim?.resources?.requests?.['storage'], '1Gi');
  assert.equal(service.spec?.type, 'LoadBalancer');
  const pod = set.spec?.template;
  assert.deepEqual(pod?.metadata?.labels, { app: 'vcluster', release: 'demo', team: 'x' });
  assert.deepEqual(pod?.spec?.imagePullSecrets, [{ name: 'pull' }]);
  assert.equal(pod?.spec?.terminationGracePeriodSeconds, 5);
});

test('a new store takes a seed only where the tools have the etcd that is asked for, and only of the rendered versions', async () => {
  const seedOf = (set: V1StatefulSet) =>
    set.spec?.template.spec?.volumes?.find(({ name }) => name === 'seed')?.secret;
  const { set } = await rendered('kubernetesVersion: v1.35.1');
  assert.equal(containerOf(set, 'etcd').image, containerOf(set, 'kubeconfigs').image);
  assert.deepEqual(seedOf(set)?.items, [{ key: seedName('v1.35.1', imageTags.etcd), path: 'store.db' }]);
  assert.equal(seedOf(set)?.optional, true);
  for (const values of ['images: { etcd: { tag: 3.6.1-0 } }', 'seed: { etcdTag: "" }']) {
    const { set: plain } = await rendered(values);
    assert.deepEqual(containerOf(plain, 'etcd').command, ['etcd'], values);
    assert.match(containerOf(plain, 'etcd').image ?? '', /^registry\.k8s\.io\/etcd:/, values);
    assert.equal(seedOf(plain), undefined, values);
  }
});

test('invalid values are refused by the schema', async (t) => {
  const cases: Record<string, RegExp> = {
    'nonsense: 1': /nonsense/,
    'kubernetesVersion: "1.36"': /kubernetesVersion/,
    'serviceClusterIPRange: 10.0.0.0/33': /serviceClusterIPRange/,
    'persistence: { size: huge }': /persistence\/size/,
    'service: { type: ExternalName }': /service\/type/,
    'pod: { labels: { app: mine } }': /pod\/labels/,
    'apiServer: { env: { POD_IP: "1" } }': /apiServer\/env/,
    'apiServer: { extraArgs: { "--v": 4 } }': /apiServer\/extraArgs/,
    'apiServer: { extraArgs: { a: [1] } }': /extraArgs/,
    'apiServer: { egress: { cluster: Open } }': /apiServer\/egress\/cluster/,
    'scheduler: { egress: { cluster: Direct } }': /scheduler/,
    'etcd: { resources: { limits: { gpu: 1 } } }': /etcd\/resources\/limits/,
    'images: { etcd: { repository: "a b" } }': /repository/,
    'seed: { etcdTag: "x y" }': /etcdTag/,
    'images: { apiServer: { tag: "x y" } }': /tag/,
  };
  for (const [values, message] of Object.entries(cases)) {
    await t.test(values, async () => {
      await assert.rejects(manifest(values), (error) => {
        assert.ok(error instanceof PlatformError);
        assert.equal(error.code, 'invalid_values');
        assert.match(error.message, message);
        return true;
      });
    });
  }
});

test('a real API server accepts what is rendered', async () => {
  for (const values of ['', 'service: { type: NodePort }\npod: { tolerations: [{ operator: Exists }] }']) {
    for (const object of (await rendered(values)).objects) {
      await client.objects.create(
        Object.assign(object, { metadata: Object.assign(object.metadata ?? {}, { namespace: 'default' }) }),
        undefined,
        'All',
      );
    }
  }
});

test('a manifest outside of the contract is refused unless an administrator allows it', async () => {
  const good = await manifest('');
  const contract = {
    chart: tenantChart('tenant-control-plane'),
    release: 'demo',
    namespace: 'default',
    trusted: false,
  };
  const more = (yaml: string) => `${good}\n---\n${yaml}`;
  const cases: [manifest: string, message: RegExp][] = [
    [
      more('apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: x}'),
      /ClusterRoleBinding x/,
    ],
    [
      more('apiVersion: v1\nkind: Service\nmetadata: {name: x, namespace: kube-system}'),
      /namespace kube-system/,
    ],
    [good.replace('automountServiceAccountToken: false', 'hostNetwork: true'), /access to the node/],
    [good.replace(/emptyDir: \{[^}]*\}/, 'hostPath: { path: / }'), /access to the node/],
  ];
  for (const [text, message] of cases) {
    assert.throws(
      () => checkManifest(text, contract),
      (error) =>
        error instanceof PlatformError &&
        error.code === 'chart_failed' &&
        isLastingFailure(error.details) &&
        message.test(error.message),
    );
    checkManifest(text, { ...contract, trusted: true });
  }
  assert.throws(
    () => checkManifest(good, { ...contract, release: 'another', trusted: true }),
    /named another/,
  );
});

test('an inline template may set tuning flags only; other flags, variables and egress need an administrator', async () => {
  const contract = {
    chart: tenantChart('tenant-control-plane'),
    release: 'demo',
    namespace: 'default',
    trusted: false,
  };
  const tuned = await manifest(`
kubernetesVersion: v1.35.1
etcd: { extraArgs: { quota-backend-bytes: 1000000 }, env: { GOMEMLIMIT: 1GiB } }
apiServer: { extraArgs: { v: 4, feature-gates: "A=true" }, env: { GOGC: "200" } }
controllerManager: { extraArgs: { concurrent-gc-syncs: 5 } }
scheduler: { extraArgs: { kube-api-qps: 10 } }
pod: { annotations: { vcluster-platform.io/extra-args: "" } }
`);
  checkManifest(tuned, contract);
  const cases: Record<string, RegExp> = {
    'apiServer: { egress: { cluster: Direct } }': /apiServer\.egress/,
    'apiServer: { egress: { controlPlane: Direct } }': /apiServer\.egress/,
    'apiServer: { extraArgs: { egress-selector-config-file: "" } }':
      /apiServer\.extraArgs\.egress-selector-config-file/,
    'apiServer: { extraArgs: { v: 3, etcd-servers: "unix:///x" } }': /apiServer\.extraArgs\.etcd-servers/,
    'apiServer: { extraArgs: { oidc-issuer-url: "https://127.0.0.1" } }': /oidc-issuer-url/,
    'apiServer: { extraArgs: { audit-log-path: /x } }': /audit-log-path/,
    'etcd: { extraArgs: { data-dir: /x } }': /etcd\.extraArgs\.data-dir/,
    'etcd: { env: { ETCD_LISTEN_METRICS_URLS: "http://0.0.0.0:1" } }': /etcd: env\.ETCD_LISTEN_METRICS_URLS/,
    'controllerManager: { extraArgs: { kubeconfig: /x } }': /controllerManager\.extraArgs\.kubeconfig/,
    'scheduler: { extraArgs: { config: /x } }': /scheduler\.extraArgs\.config/,
    'scheduler: { env: { HTTPS_PROXY: "http://127.0.0.1:1" } }': /kube-scheduler: env\.HTTPS_PROXY/,
  };
  for (const [values, message] of Object.entries(cases)) {
    const text = await manifest(values);
    assert.throws(
      () => checkManifest(text, contract),
      (error) =>
        error instanceof PlatformError && error.code === 'chart_failed' && message.test(error.message),
      values,
    );
    checkManifest(text, { ...contract, trusted: true });
  }
});

test('the notes say that pods stay Pending', () => {
  assert.match(readFileSync(join(chart, 'templates', 'NOTES.txt'), 'utf8'), /pods stay Pending/);
});
