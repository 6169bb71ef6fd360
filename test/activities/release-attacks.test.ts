import assert from 'node:assert/strict';
import { gunzipSync, gzipSync } from 'node:zlib';
import { after, before, test } from 'node:test';
import { createReleaseActivities } from '../../activities/control-plane/release.ts';
import { orUndefined } from '../../adapters/kubernetes/failures.ts';
import { checkManifest } from '../../templates/manifest-contract.ts';
import { defaultChart, tenantChart } from '../../adapters/tenant-charts/known-charts.ts';
import { PlatformError } from '../../contracts/errors.ts';
import type { TenantRef } from '../../contracts/instance-ref.ts';
import { type ActivityPlatform, chartsDir, startActivityPlatform } from './activity-platform.ts';

let platform: ActivityPlatform;
before(async () => {
  platform = await startActivityPlatform();
});
after(() => platform?.stop());

const install = (tenant: TenantRef, operationId = 'op-1') =>
  createReleaseActivities({ ...platform, chartsDir }).installRelease({ tenant, operationId });

const exists = async (tenant: TenantRef) =>
  (await orUndefined(
    platform.client.apps.readNamespacedStatefulSet({ namespace: tenant.hostNamespace, name: tenant.name }),
  )) !== undefined;

const records = (tenant: TenantRef) =>
  platform.client.core.listNamespacedSecret({
    namespace: tenant.hostNamespace,
    labelSelector: `owner=helm,name=${tenant.name}`,
  });

/**
 * What a tenant's administrator has a syncer copy into the host namespace: any labels, type and data, a name and a mark
 * that are the syncer's.
 */
async function forge(at: TenantRef, victim: TenantRef, change: { status: string; operation?: string }) {
  const stolen = JSON.stringify({
    name: victim.name,
    namespace: victim.hostNamespace,
    version: 900,
    info: { status: change.status, first_deployed: '2026-01-01T00:00:00Z' },
    chart: { metadata: { name: 'x', version: '1.0.0', apiVersion: 'v2' } },
    manifest: `---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata: { name: ${victim.name}, namespace: ${victim.hostNamespace} }\n`,
  });
  const release = gzipSync(stolen).toString('base64');
  await platform.client.core.createNamespacedSecret({
    namespace: at.hostNamespace,
    body: {
      metadata: {
        name: `sh.helm.release.v1.${at.name}.v900-x-default-x-${at.name}`,
        labels: {
          owner: 'helm',
          name: at.name,
          version: '900',
          status: change.status,
          operation: change.operation ?? '',
          'vcluster.loft.sh/managed-by': at.name,
        },
      },
      type: 'helm.sh/release.v1',
      stringData: { release },
    },
  });
}

test('a forged release record cannot make Helm upgrade, roll back or uninstall another release', async () => {
  const [mine, other] = [await platform.tenant('forger', {}), await platform.tenant('victim', {})];
  const { rollbackRelease, uninstallRelease } = createReleaseActivities({ ...platform, chartsDir });
  await install(other);
  await install(mine);
  const revisions = async () =>
    (await records(mine)).items.map(({ metadata }) => String(metadata?.labels?.['version']));

  await forge(mine, other, { status: 'deployed', operation: 'op-2' });
  assert.deepEqual(await install(mine, 'op-2'), { revision: 2 });
  assert.deepEqual((await revisions()).toSorted(), ['1', '2']);

  await forge(mine, other, { status: 'pending-upgrade' });
  await rollbackRelease({ tenant: mine, operationId: 'op-2' });
  assert.deepEqual((await revisions()).toSorted(), ['1', '2', '3']);

  await forge(mine, other, { status: 'deployed' });
  await uninstallRelease({ tenant: mine });
  assert.deepEqual(await revisions(), []);
  assert.equal(await exists(mine), false);
  assert.equal(await exists(other), true);
});

test('a fooled Helm can act in the host namespace only', async () => {
  const [mine, other] = [await platform.tenant('fooled', {}), await platform.tenant('bystander', {})];
  await install(other);
  const host = await platform.hosts.prove(mine);
  const kubeconfig = await host.helmKubeconfigFile(defaultChart.helmRole);
  const target = { release: 'fooled', namespace: mine.hostNamespace, cluster: 'local', kubeconfig };
  const chart = { name: 'x', version: '1.0.0' };
  const rbac = 'rbac.authorization.k8s.io';
  const attempts: object[] = [
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x', namespace: other.hostNamespace } },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', namespace: 'kube-system' } },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata: { name: 'x' },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'cluster-admin' },
    },
    { apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: { name: 'x' }, rules: [] },
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'x' } },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'x' },
      spec: { containers: [{ name: 'x', image: 'x' }] },
    },
  ];
  for (const object of attempts) {
    await assert.rejects(
      platform.helm.upgrade(target, { manifest: { chart, objects: [object] }, labels: { operation: 'x' } }),
      (error) => error instanceof PlatformError && /forbidden/.test(error.message),
      JSON.stringify(object),
    );
  }
  await assert.rejects(
    platform.helm.uninstall({ ...target, release: other.name, namespace: other.hostNamespace }),
    (error) => error instanceof PlatformError && /forbidden/.test(error.message),
  );
  assert.equal(await exists(other), true);
});

test('values are in no Secret, and rendered manifests are not rendered again', async () => {
  const canary = 'S3cret-canary-4712';
  const tenant = await platform.tenant('quiet', {
    template: {
      helmRelease: {
        values: `pod: { annotations: { note: '{{ "{{ (lookup \\"v1\\" \\"Secret\\" \\"\\" \\"\\") | toJson }}" }}' } }\napiServer: { env: { GOGC: "${canary}" } }`,
      },
    },
  });
  await install(tenant);
  const set = await platform.client.apps.readNamespacedStatefulSet({
    namespace: tenant.hostNamespace,
    name: tenant.name,
  });
  assert.equal(
    set.spec?.template.metadata?.annotations?.['note'],
    '{{ (lookup "v1" "Secret" "" "") | toJson }}',
  );
  const [record] = (await records(tenant)).items;
  const stored = Buffer.from(record?.data?.['release'] ?? '', 'base64').toString('latin1');
  const release = JSON.parse(gunzipSync(Buffer.from(stored, 'base64')).toString('utf8'));
  assert.deepEqual(release.config ?? {}, {});
  assert.equal(release.chart.templates.length, 1);
  assert.doesNotMatch(
    JSON.stringify({ ...release, manifest: '', chart: { ...release.chart, files: [] } }),
    /canary/,
  );
});

test('objects that an ordinary chart may not create are refused', () => {
  const contract = { chart: tenantChart('vcluster'), release: 'up', namespace: 'host', trusted: false };
  const rbac = 'rbac.authorization.k8s.io/v1';
  const cases: [object: object, message: RegExp][] = [
    [{ apiVersion: 'v1', kind: 'List', items: [] }, /List without a name/],
    [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'x' } }, /without a name/],
    [{ apiVersion: 'evil/v1', kind: 'Secret', metadata: { name: 'x' } }, /create Secret x/],
    [{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' } }, /create Pod x/],
    [
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'x', annotations: { 'helm.sh/hook': 'pre-install' } },
      },
      /helm\.sh\/hook/,
    ],
    [
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'x', annotations: { 'helm.sh/resource-policy': 'keep' } },
      },
      /helm\.sh\/resource-policy/,
    ],
    [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', finalizers: ['a/b'] } }, /finalizers/],
    [
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x', labels: { owner: 'helm' } } },
      /belongs to the platform/,
    ],
    [
      { apiVersion: 'v1', kind: 'Secret', type: 'helm.sh/release.v1', metadata: { name: 'x' } },
      /belongs to the platform/,
    ],
    [{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'up-certs' } }, /belongs to the platform/],
    [{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'up-seed' } }, /belongs to the platform/],
    [
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'vcluster-platform-helm' } },
      /belongs to the platform/,
    ],
    [
      {
        apiVersion: 'v1',
        kind: 'Secret',
        type: 'kubernetes.io/service-account-token',
        metadata: { name: 'x' },
      },
      /token of a ServiceAccount/,
    ],
    [
      { apiVersion: 'v1', kind: 'Service', metadata: { name: 'x' }, spec: { externalIPs: ['1.2.3.4'] } },
      /externalIPs/,
    ],
    [
      {
        apiVersion: rbac,
        kind: 'Role',
        metadata: { name: 'x' },
        rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }],
      },
      /grant \* \*/,
    ],
    [
      {
        apiVersion: rbac,
        kind: 'Role',
        metadata: { name: 'x' },
        rules: [{ apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles'], verbs: ['escalate'] }],
      },
      /grant escalate roles/,
    ],
    [
      {
        apiVersion: rbac,
        kind: 'RoleBinding',
        metadata: { name: 'x' },
        roleRef: { kind: 'ClusterRole', name: 'admin' },
      },
      /bind more than its own/,
    ],
    [
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'x' },
        spec: { template: { spec: { serviceAccountName: 'vcluster-platform-helm', containers: [] } } },
      },
      /identity that Helm uses/,
    ],
    [
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'x' },
        spec: { template: { spec: { serviceAccountName: 'other', containers: [] } } },
      },
      /ServiceAccount other/,
    ],
  ];
  for (const [object, message] of cases)
    assert.throws(
      () => checkManifest(JSON.stringify(object), contract),
      (error) =>
        error instanceof PlatformError && error.code === 'chart_failed' && message.test(error.message),
      JSON.stringify(object),
    );
  assert.throws(() => checkManifest('a: [', contract), /not valid YAML/);
});
