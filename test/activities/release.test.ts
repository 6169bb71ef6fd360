import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type ReleaseDeps, createReleaseActivities } from '../../activities/control-plane/release.ts';
import { replaceStuckPods } from '../../activities/control-plane/stuck-pods.ts';
import { createControlPlaneScaleActivities } from '../../activities/control-plane/control-plane-scale.ts';
import { createTenantKeysActivities } from '../../activities/control-plane/tenant-keys.ts';
import { isNotFound, orUndefined } from '../../adapters/kubernetes/failures.ts';
import { defaultChart } from '../../adapters/tenant-charts/known-charts.ts';
import { seedFile } from '../../adapters/tenant-seeds.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { localSeed } from '../../local/tenant-seed.ts';
import type { TenantRef } from '../../contracts/instance-ref.ts';
import { type ActivityPlatform, chartsDir, startActivityPlatform } from './activity-platform.ts';

let platform: ActivityPlatform;
let deps: ReleaseDeps;
before(async () => {
  platform = await startActivityPlatform();
  deps = { ...platform, chartsDir };
});
after(() => platform.stop());

async function revisions(tenant: TenantRef): Promise<string[]> {
  const list = await platform.client.core.listNamespacedSecret({
    namespace: tenant.hostNamespace,
    labelSelector: `owner=helm,name=${tenant.name}`,
  });
  return list.items
    .map(({ metadata }) => `${metadata?.labels?.['version']} ${metadata?.labels?.['status']}`)
    .toSorted();
}

const refuses = (code: string, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof PlatformError, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, message);
  return true;
};

test('install, update, undo and uninstall are idempotent', async () => {
  const tenant = await platform.tenant('one', {
    template: { helmRelease: { values: 'kubernetesVersion: v1.36.3\n' } },
  });
  const { checkRelease, installRelease, rollbackRelease, findFallback, redeployRelease, uninstallRelease } =
    createReleaseActivities(deps);
  await createTenantKeysActivities(platform).applyTenantKeys({ tenant });
  assert.deepEqual(await checkRelease({ tenant }), { chart: 'tenant-control-plane', version: '0.1.0' });
  assert.deepEqual(await installRelease({ tenant, operationId: 'op-1' }), { revision: 1 });
  assert.deepEqual(await installRelease({ tenant, operationId: 'op-1' }), { revision: 1 });
  const set = await platform.client.apps.readNamespacedStatefulSet({
    namespace: tenant.hostNamespace,
    name: 'one',
  });
  assert.equal(set.spec?.replicas, 1);

  // An update must not wake a sleeper.
  const scale = {
    name: 'one',
    namespace: tenant.hostNamespace,
    body: [{ op: 'replace', path: '/spec/replicas', value: 0 }],
  };
  await platform.client.apps.patchNamespacedStatefulSetScale(scale);
  await platform.resources.virtualclusterinstances.patch(
    { namespace: 'p-default', name: 'one' },
    { spec: { template: { helmRelease: { values: 'apiServer: { extraArgs: { v: 3 } }\n' } } } },
  );
  assert.deepEqual(await installRelease({ tenant, operationId: 'op-2' }), { revision: 2 });
  const updated = await platform.client.apps.readNamespacedStatefulSet({
    namespace: tenant.hostNamespace,
    name: 'one',
  });
  assert.equal(updated.spec?.replicas, 0);
  const args = () => JSON.stringify(updated.spec?.template.spec?.initContainers);
  assert.match(args(), /--v=3/);

  await rollbackRelease({ tenant, operationId: 'op-2' });
  await rollbackRelease({ tenant, operationId: 'op-2' });
  assert.deepEqual(await revisions(tenant), ['1 superseded', '2 superseded', '3 deployed']);
  const back = await platform.client.apps.readNamespacedStatefulSet({
    namespace: tenant.hostNamespace,
    name: 'one',
  });
  assert.doesNotMatch(JSON.stringify(back.spec), /--v=3/);
  assert.equal(back.spec?.replicas, 0);

  // What was deployed while it slept does not start: a wake goes back to what was up.
  assert.deepEqual(await installRelease({ tenant, operationId: 'op-3' }), { revision: 4 });
  assert.deepEqual(await findFallback({ tenant }), {}, 'nothing is known to have been up');
  await platform.resources.virtualclusterinstances.patchStatus(
    { namespace: 'p-default', name: 'one' },
    { observedHash: 'h3', deployedBy: 'op-3', lastUp: { hash: 'h1', deployedBy: 'op-1' } },
  );
  const from = { hash: 'h3', deployedBy: 'op-3' };
  const fallback = { hash: 'h1', deployedBy: 'op-1', from };
  assert.deepEqual(await findFallback({ tenant }), { fallback });
  await redeployRelease({ tenant, deployedBy: 'op-1' });
  await redeployRelease({ tenant, deployedBy: 'op-1' });
  assert.equal((await revisions(tenant)).at(-1), '5 deployed');
  const up = await platform.client.apps.readNamespacedStatefulSet({
    namespace: tenant.hostNamespace,
    name: 'one',
  });
  assert.doesNotMatch(JSON.stringify(up.spec), /--v=3/);
  assert.equal(up.spec?.replicas, 0, 'asleep, until it is started');
  await redeployRelease({ tenant, deployedBy: 'op-3' });
  await assert.rejects(redeployRelease({ tenant, deployedBy: 'op-0' }), { code: 'conflict' });

  await uninstallRelease({ tenant });
  await uninstallRelease({ tenant });
  assert.deepEqual(await revisions(tenant), []);
  await assert.rejects(
    platform.client.apps.readNamespacedStatefulSet({ namespace: tenant.hostNamespace, name: 'one' }),
    isNotFound,
  );
});

test('a new store gets a seed with uids of its own, or the step says why not; an update gives none', async () => {
  const seedsDir = join(platform.workDir, 'seeds');
  const uid = '5f0f7a0c-52cf-4a39-9f6e-4f1f4d4d9d11';
  const data = Buffer.from(`a page, ${uid}, ${uid}, \u00ff`, 'latin1');
  const hashOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest();
  mkdirSync(seedsDir);
  const file = seedFile(seedsDir, localSeed);
  writeFileSync(file, Buffer.concat([data, hashOf(data)]));
  const { installRelease } = createReleaseActivities({ ...deps, seedsDir });
  const seedsOf = async ({ name, hostNamespace: namespace }: TenantRef) => {
    const secret = orUndefined(
      platform.client.core.readNamespacedSecret({ namespace, name: `${name}-seed` }),
    );
    return Object.entries((await secret)?.data ?? {});
  };
  const created = async (name: string, values = '') => {
    const tenant = await platform.tenant(name, { template: { helmRelease: { values } } });
    return { tenant, answer: await installRelease({ tenant, operationId: 'op-1' }) };
  };

  const seen = new Set<string>();
  for (const name of ['seed-one', 'seed-two']) {
    const { tenant, answer } = await created(name, 'apiServer: { extraArgs: { v: 3 } }');
    assert.deepEqual(answer, { revision: 1 });
    const [[key, text] = ['', '']] = await seedsOf(tenant);
    assert.equal(key, localSeed);
    const own = Buffer.from(text, 'base64');
    assert.deepEqual(hashOf(own.subarray(0, -32)), own.subarray(-32), 'etcd checks this hash');
    const [, first = '', second] =
      /^a page, ([0-9a-f-]{36}), ([0-9a-f-]{36}), \u00ff$/.exec(own.subarray(0, -32).toString('latin1')) ??
      [];
    assert.equal(first, second);
    seen.add(first);
  }
  assert.equal(seen.size, 2);
  assert.ok(!seen.has(uid));

  const cases: [values: string, reason: RegExp][] = [
    ['kubernetesVersion: v1.35.1', /seed kubernetes-v1\.35\.1-etcd-.* does not exist/],
    ['images: { etcd: { tag: 3.6.1-0 } }', /images\.etcd\.tag and seed\.etcdTag differ/],
    ['apiServer: { extraArgs: { feature-gates: "A=false" } }', /apiServer\.extraArgs\.feature-gates/],
  ];
  for (const [index, [values, reason]] of cases.entries()) {
    const { tenant, answer } = await created(`seedless-${index}`, values);
    assert.match(answer.unseeded ?? '', reason);
    assert.deepEqual(await seedsOf(tenant), []);
  }
  writeFileSync(file, Buffer.concat([data, hashOf(data)]).fill('!', 0, 1));
  const { tenant, answer } = await created('seed-damaged');
  assert.match(answer.unseeded ?? '', /is damaged/);
  assert.deepEqual(await installRelease({ tenant, operationId: 'op-2' }), { revision: 2 });
});

test('two concurrent installs of one operation make one revision', async () => {
  const tenant = await platform.tenant('twice', { template: {} });
  const { installRelease } = createReleaseActivities(deps);
  const both = await Promise.all([
    installRelease({ tenant, operationId: 'op-1' }),
    installRelease({ tenant, operationId: 'op-1' }),
  ]);
  assert.deepEqual(both, [{ revision: 1 }, { revision: 1 }]);
  assert.deepEqual(await revisions(tenant), ['1 deployed']);
});

test('a template by reference: version, parameters and loft names are rendered', async () => {
  await platform.resources.users.create({ metadata: { name: 'anna' }, spec: { email: 'anna@example.org' } });
  await platform.resources.virtualclustertemplates.create({
    metadata: { name: 'sized' },
    spec: {
      versions: [
        {
          version: '1.2.0',
          parameters: [
            { variable: 'level', type: 'number', min: 0, max: 9, defaultValue: '2' },
            { variable: 'sleepAfter', defaultValue: '45m' },
            { variable: 'pod.note', required: true, validation: '^[a-z-]+$' },
          ],
          template: {
            helmRelease: {
              values: [
                'apiServer: { extraArgs: { v: {{ .Values.level }} } }',
                'sleep: { auto: { afterInactivity: {{ .Values.sleepAfter | quote }}, schedule: at night } }',
                'deletion: { prevent: {{ eq .Values.loft.user.email "anna@example.org" }} }',
                'pod:',
                '  annotations:',
                '    note: {{ .Values.pod.note | upper | quote }}',
                '    owner: {{ .Values.loft.user.email }}',
                '    where: {{ printf "%s/%s/%s" .Values.loft.project .Values.loft.virtualClusterName .Values.loft.virtualClusterNamespace }}',
              ].join('\n'),
            },
          },
        },
        { version: '2.0.0', template: { helmRelease: { values: 'nonsense: true' } } },
      ],
    },
  });
  const tenant = await platform.tenant('sized', {
    owner: { user: 'anna' },
    templateRef: { name: 'sized', version: '1.X.X' },
    parameters: 'pod: { note: hello-you }',
  });
  await createReleaseActivities(deps).installRelease({ tenant, operationId: 'op' });
  const set = await platform.client.apps.readNamespacedStatefulSet({
    namespace: tenant.hostNamespace,
    name: 'sized',
  });
  const { 'vcluster-platform.io/egress': egress, ...annotations } =
    set.spec?.template.metadata?.annotations ?? {};
  assert.match(egress ?? '', /^[0-9a-f]{16}$/);
  assert.deepEqual(annotations, {
    note: 'HELLO-YOU',
    owner: 'anna@example.org',
    where: 'default/sized/loft-default-v-sized',
  });
  assert.match(JSON.stringify(set.spec), /--v=2/);
  // The chart gets no settings of sleep; what they say is in the status, and nothing of them is quoted.
  const name = { namespace: 'p-default', name: 'sized' };
  const { status } = (await platform.resources.virtualclusterinstances.get(name)) ?? assert.fail();
  assert.deepEqual(status?.renderedSleep, {
    afterInactivitySeconds: { value: 2700 },
    sleepSchedule: { fault: 'values: sleep.auto.schedule: what is rendered is not understood' },
    preventDeletion: { value: true },
  });
});

const canary = 'S3cret-canary-4711';

test('charts that cannot be installed are refused with a message without values', async (t) => {
  const { checkRelease } = createReleaseActivities(deps);
  const values = (text: string) => ({ template: { helmRelease: { values: text } } });
  const cases: [
    title: string,
    spec: Parameters<ActivityPlatform['tenant']>[1],
    code: string,
    message: RegExp,
  ][] = [
    ['schema-name', values(`nonsense: ${canary}`), 'invalid_values', /nonsense/],
    ['schema-value', values(`persistence: { size: ${canary} }`), 'invalid_values', /\/persistence\/size/],
    ['no-yaml', values(`a: [${canary}`), 'invalid_values', /not valid YAML/],
    ['no-object', values(`- ${canary}`), 'invalid_values', /YAML object/],
    ['no-template', values(`a: {{ ${canary} }}`), 'chart_failed', /template/],
    ['fails', values('a: {{ fail "set size" }}'), 'chart_failed', /set size/],
    [
      'bomb',
      values(
        'a: {{ range until 9999 }}{{ range until 9999 }}{{ range until 9999 }}xxxxxxxxxxxx{{ end }}{{ end }}{{ end }}',
      ),
      'chart_failed',
      /memory or CPU time|too long/,
    ],
    [
      'endless',
      values(
        'a: {{ range until 9999 }}{{ range until 9999 }}{{ range until 9999 }}{{ end }}{{ end }}{{ end }}',
      ),
      'chart_failed',
      /memory or CPU time|too long/,
    ],
    [
      'chart',
      { template: { helmRelease: { chart: { name: '../crds' } } } },
      'chart_failed',
      /chart .* not found/,
    ],
    [
      'version',
      { template: { helmRelease: { chart: { name: 'tenant-control-plane', version: '9.9.9' } } } },
      'chart_failed',
      /0\.1\.0/,
    ],
    ['unknown', { templateRef: { name: 'nobody' } }, 'template_not_found', /template nobody not found/],
    ['old', { templateRef: { name: 'sized', version: '7.x.x' } }, 'template_not_found', /7\.x\.x/],
    [
      'required',
      { templateRef: { name: 'sized', version: '1.2.0' } },
      'invalid_parameters',
      /"pod.note" is required/,
    ],
    [
      'range',
      { templateRef: { name: 'sized', version: '1.2.0' }, parameters: 'level: 10\npod: {note: x}' },
      'invalid_parameters',
      /at most 9/,
    ],
    [
      'malformed',
      { templateRef: { name: 'sized', version: '1.2.0' }, parameters: `level: [${canary}` },
      'invalid_parameters',
      /YAML/,
    ],
    [
      'stranger',
      { templateRef: { name: 'sized', version: '1.2.0' }, parameters: 'lvel: 1' },
      'invalid_parameters',
      /not have a parameter "lvel"/,
    ],
  ];
  for (const [title, spec, code, message] of cases) {
    await t.test(title, async () => {
      const tenant = await platform.tenant(`bad-${title}`, spec);
      await assert.rejects(checkRelease({ tenant }), (error) => {
        assert.doesNotMatch(String(error), new RegExp(canary));
        return refuses(code, message)(error);
      });
    });
  }
});

test("templates cannot read the worker's environment or any cluster", async () => {
  const { checkRelease, installRelease } = createReleaseActivities(deps);
  const tenant = await platform.tenant('spy', {
    template: {
      helmRelease: {
        values:
          'pod: { annotations: { found: {{ len (lookup "v1" "Secret" "vcluster-platform" "") | quote }}, chart: {{ .Chart.Name }} } }',
      },
    },
  });
  await installRelease({ tenant, operationId: 'op' });
  const set = await platform.client.apps.readNamespacedStatefulSet({
    namespace: tenant.hostNamespace,
    name: 'spy',
  });
  assert.equal(set.spec?.template.metadata?.annotations?.['found'], '0');
  const env = await platform.tenant('env', { template: { helmRelease: { values: 'a: {{ env "PATH" }}' } } });
  await assert.rejects(checkRelease({ tenant: env }), refuses('chart_failed', /env/));
});

test('what the project does not allow is not installed', async () => {
  const tenant = await platform.tenant('held', { templateRef: { name: 'held' } });
  await platform.resources.virtualclustertemplates.create({
    metadata: { name: 'held' },
    spec: { template: { helmRelease: {} } },
  });
  const { checkRelease, installRelease } = createReleaseActivities(deps);
  await checkRelease({ tenant });
  await platform.resources.projects.patch(
    { name: 'default' },
    { spec: { allowedTemplates: [{ name: 'other' }] } },
  );
  const refusal = refuses('forbidden', /does not allow template held/);
  await assert.rejects(checkRelease({ tenant }), refusal);
  await assert.rejects(installRelease({ tenant, operationId: 'op-1' }), refusal);
  await platform.resources.projects.patch({ name: 'default' }, { spec: { allowedTemplates: null } });
});

test('an operation of a deleted instance does not install for a new one of its name', async () => {
  const tenant = await platform.tenant('again', {});
  await assert.rejects(
    createReleaseActivities(deps).checkRelease({ tenant: { ...tenant, uid: 'other' } }),
    refuses('tenant_cluster_not_found', /tenant cluster again .*was deleted/),
  );
});

test('an unreachable cluster is distinguished from a bad chart', async () => {
  const tenant = await platform.tenant('away', {});
  const kubeconfigFile = await platform.clusters.helmKubeconfigFile(
    'local',
    { name: tenant.hostNamespace, uid: 'u' },
    defaultChart.helmRole,
  );
  const { helm } = platform;
  const away = join(platform.workDir, 'away.yaml');
  writeFileSync(
    away,
    readFileSync(kubeconfigFile, 'utf8').replace(/server: .*/, 'server: https://127.0.0.1:1'),
    { mode: 0o600 },
  );
  const target = { release: 'away', namespace: tenant.hostNamespace, cluster: 'away', kubeconfig: away };
  await assert.rejects(
    helm.upgrade(target, {
      manifest: { chart: { name: 'x', version: '1.0.0' }, objects: [] },
      labels: { operation: 'x' },
    }),
    refuses('cluster_unreachable', /does not answer/),
  );
});

test('pods that never became ready go when they are not of the newest revision, since their StatefulSet keeps them', async () => {
  const tenant = await platform.tenant('stuck', { template: {} });
  const namespace = tenant.hostNamespace;
  const { core, apps } = platform.client;
  const labels = { app: 'vcluster', release: 'stuck' };
  const spec = { containers: [{ name: 'c', image: 'i' }], automountServiceAccountToken: false };
  await core.createNamespacedServiceAccount({ namespace, body: { metadata: { name: 'default' } } });
  const set = await apps.createNamespacedStatefulSet({
    namespace,
    body: {
      metadata: { name: 'stuck', labels },
      spec: {
        serviceName: 'stuck',
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec },
      },
    },
  });
  const addPod = async (name: string, revision: string, isReady: boolean, isOwned = true) => {
    const { uid = '' } = set.metadata ?? {};
    const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'stuck', uid, controller: true };
    const made = await core.createNamespacedPod({
      namespace,
      body: {
        metadata: {
          name,
          labels: { ...labels, 'controller-revision-hash': revision },
          ...(isOwned ? { ownerReferences: [owner] } : {}),
        },
        spec,
      },
    });
    const status = { conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }] };
    await core.replaceNamespacedPodStatus({ name, namespace, body: { ...made, status } });
  };
  await addPod('stuck-0', 'old', false);
  await addPod('stuck-1', 'old', true);
  await addPod('stuck-2', 'new', false);
  await addPod('other', 'old', false, false);
  const host = await platform.hosts.prove(tenant);
  const left = async () => {
    const { items } = await core.listNamespacedPod({ namespace });
    return items.map(({ metadata }) => metadata?.name ?? '').toSorted();
  };
  assert.equal(await replaceStuckPods(host), false, 'nobody has seen the newest revision yet');
  assert.equal((await left()).length, 4);
  const status = { replicas: 1, observedGeneration: set.metadata?.generation ?? 1, updateRevision: 'new' };
  const present = await apps.readNamespacedStatefulSet({ name: 'stuck', namespace });
  await apps.replaceNamespacedStatefulSetStatus({ name: 'stuck', namespace, body: { ...present, status } });
  assert.equal(await replaceStuckPods(host), true);
  assert.deepEqual(await left(), ['other', 'stuck-1', 'stuck-2']);
});

test('a control plane that was deleted is made again only if its volume is left', async () => {
  const values = 'kubernetesVersion: v1.36.3\n';
  const tenant = await platform.tenant('gone', { template: { helmRelease: { values } } });
  const namespace = tenant.hostNamespace;
  const { core, apps } = platform.client;
  const { installRelease, repairControlPlane } = createReleaseActivities(deps);
  await createTenantKeysActivities(platform).applyTenantKeys({ tenant });
  await installRelease({ tenant, operationId: 'op-1' });
  await apps.deleteNamespacedStatefulSet({ name: 'gone', namespace });
  await assert.rejects(
    repairControlPlane({ tenant }),
    refuses('control_plane_missing', /Restore a snapshot.*or an update/),
  );
  const resources = { requests: { storage: '1Gi' } };
  const claim = { metadata: { name: 'data-gone-0' }, spec: { accessModes: ['ReadWriteOnce'], resources } };
  await core.createNamespacedPersistentVolumeClaim({ namespace, body: claim });
  await repairControlPlane({ tenant });
  const made = await apps.readNamespacedStatefulSet({ name: 'gone', namespace });
  assert.equal(made.spec?.replicas, 1);
});

test('a volume that was deleted is made again only if somebody asks for an empty one', async () => {
  const values = 'kubernetesVersion: v1.36.3\n';
  const tenant = await platform.tenant('drained', { template: { helmRelease: { values } } });
  const namespace = tenant.hostNamespace;
  const { core, apps } = platform.client;
  const { startControlPlane, stopControlPlane } = createControlPlaneScaleActivities(platform);
  await createTenantKeysActivities(platform).applyTenantKeys({ tenant });
  await createReleaseActivities(deps).installRelease({ tenant, operationId: 'op-1' });
  const name = 'data-drained-0';
  const resources = { requests: { storage: '1Gi' } };
  const claim = { metadata: { name }, spec: { accessModes: ['ReadWriteOnce'], resources } };
  await core.createNamespacedPersistentVolumeClaim({ namespace, body: claim });
  const replicas = async () =>
    (await apps.readNamespacedStatefulSet({ name: 'drained', namespace })).spec?.replicas;
  await stopControlPlane({ tenant });
  await startControlPlane({ tenant });
  assert.equal(await replicas(), 1, 'its volume is there');
  // Kubernetes keeps it for as long as a pod has it.
  await core.deleteNamespacedPersistentVolumeClaim({ namespace, name });
  await assert.rejects(stopControlPlane({ tenant }), refuses('conflict', /goes, with all data, once/));
  assert.equal(await replicas(), 1);
  const body = [{ op: 'remove', path: '/metadata/finalizers' }];
  await core.patchNamespacedPersistentVolumeClaim({ namespace, name, body });
  await stopControlPlane({ tenant });
  await assert.rejects(
    startControlPlane({ tenant }),
    refuses('control_plane_missing', /does not have its volume .*Restore a snapshot/),
  );
  assert.equal(await replicas(), 0);
  await startControlPlane({ tenant, begin: 'empty' });
  assert.equal(await replicas(), 1);
});
