import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { AdmissionregistrationV1Api } from '@kubernetes/client-node';
import { createControlPlaneReadyActivities } from '../../activities/control-plane/control-plane-ready.ts';
import { createControlPlaneScaleActivities } from '../../activities/control-plane/control-plane-scale.ts';
import type { TenantDeps } from '../../activities/dependencies.ts';
import { createGatewayCredentialActivities } from '../../activities/control-plane/gateway-credential.ts';
import { isNotFound } from '../../adapters/kubernetes/failures.ts';
import { createInstanceActivities } from '../../activities/instances/instance.ts';
import { whatHolds } from '../../activities/instances/namespace-remains.ts';
import { createSleepPolicyActivities } from '../../activities/instances/sleep-policy.ts';
import { createTenantAccessActivities } from '../../activities/control-plane/tenant-access.ts';
import { createTenantKeysActivities } from '../../activities/control-plane/tenant-keys.ts';
import { hostNamespaces } from '../../adapters/host-namespaces.ts';
import { connectCluster } from '../../adapters/kubernetes/client.ts';
import { createInformer } from '../../adapters/kubernetes/informer.ts';
import { requestJson } from '../../adapters/kubernetes/request.ts';
import { createLogger } from '../../adapters/logging.ts';
import type { UnplacedTenant } from '../../contracts/instance-ref.ts';
import { migrate } from '../../db/migrate.ts';
import { lockInstance } from '../../db/queries/instances.ts';
import { createOperationsDependencies } from '../../operations/dependencies.ts';
import { startApiServer, type TestApiServer } from '../support/api-server.ts';
import { eventually } from '../support/eventually.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { urlOfRole } from '../support/runtime-role.ts';
import { type ActivityPlatform, startActivityPlatform } from './activity-platform.ts';
import { placementCases } from './placement-cases.ts';

let postgres: TestPostgres;
let server: TestApiServer;
let platform: ActivityPlatform;
let deps: TenantDeps;
let close: () => Promise<void>;

before(async () => {
  postgres = await startPostgres();
  server = await startApiServer({ controllerManager: true });
  platform = await startActivityPlatform(server.adminKubeconfig);
  await migrate(postgres.url);
  const databaseUrl = await urlOfRole(postgres.url, 'worker');
  const operations = createOperationsDependencies(
    { databaseUrl, temporal: { address: '127.0.0.1:1', namespace: 'none' } },
    createLogger('test', 'fatal'),
  );
  close = operations.close;
  // The one API server is the tenant's API too.
  deps = {
    operations,
    resources: platform.resources,
    management: platform.client,
    hosts: hostNamespaces({ ...platform.clusters, tenantClient: async () => platform.client }),
  };
  // The first list of a new kind is refused for a moment.
  for (const kind of ['clusters', 'users', 'teams', 'spaceinstances'] as const) {
    await eventually(`${kind} are served`, async () => (await platform.resources[kind].list()).length === 0);
  }
  await platform.resources.projects.patch({ name: 'default' }, { spec: { owner: { user: 'olga' } } });
  await platform.resources.clusters.create({ metadata: { name: 'local' }, spec: { local: true } });
  await platform.resources.clusters.patchStatus({ name: 'local' }, { phase: 'Initialized' });
});
after(async () => {
  await close?.();
  await platform?.stop();
  await server?.stop();
  await postgres?.stop();
});

const namespace = 'p-default';
async function newInstance(name: string, spec: object = {}): Promise<UnplacedTenant> {
  const { metadata } = await platform.resources.virtualclusterinstances.create({
    metadata: { name, namespace },
    spec,
  });
  const tenant = { project: 'default', name, uid: metadata.uid };
  await deps.operations.database.transaction((tx) => lockInstance(tx, { ...tenant, kind: 'tenant' }));
  return tenant;
}
const read = (name: string) => platform.resources.virtualclusterinstances.get({ namespace, name });

async function newPlaced(name: string) {
  const { tenant } = await createInstanceActivities(deps).placeTenant({ tenant: await newInstance(name) });
  await createInstanceActivities(deps).applyHostNamespace({ tenant });
  return tenant;
}

const rowOf = async (tenant: UnplacedTenant) => {
  const row = await deps.operations.database.transaction((tx) =>
    lockInstance(tx, { ...tenant, kind: 'tenant' }),
  );
  return [row.cluster, row.hostNamespace];
};

test('placeTenant chooses a cluster once, sets finalizer and phase, and records a proven place', async () => {
  const tenant = await newInstance('placed');
  const { placeTenant, findTenantRemains } = createInstanceActivities(deps);
  const first = await placeTenant({ tenant });
  assert.deepEqual(await placeTenant({ tenant }), first);
  assert.deepEqual(first.tenant, { ...tenant, cluster: 'local', hostNamespace: 'loft-default-v-placed' });
  const instance = await read('placed');
  assert.deepEqual(instance?.metadata.finalizers, ['loft.sh/cleanup']);
  assert.equal(instance?.spec?.clusterRef, undefined, 'a manifest need not repeat what we decide');
  assert.deepEqual(instance?.status?.clusterRef, { cluster: 'local' });
  assert.equal(instance?.status?.phase, 'Pending');
  assert.deepEqual(await rowOf(tenant), [null, null]);
  assert.deepEqual(await findTenantRemains({ tenant }), { tenant: first.tenant }, 'where to look for it');

  await createInstanceActivities(deps).applyHostNamespace({ tenant: first.tenant });
  const place = { cluster: 'local', namespace: 'loft-default-v-placed' };
  assert.deepEqual((await read('placed'))?.status?.clusterRef, place);
  assert.deepEqual(await rowOf(tenant), ['local', 'loft-default-v-placed']);
});

test('what the project does not allow is neither placed nor woken', async () => {
  const { placeTenant } = createInstanceActivities(deps);
  const { startControlPlane } = createControlPlaneScaleActivities(deps);
  const [nameless, foreign, placed] = [
    await newInstance('nameless', { templateRef: { name: '' } }),
    await newInstance('foreign', { templateRef: { name: 'open' } }),
    await newPlaced('bound'),
  ];
  const allow = (spec: object) => platform.resources.projects.patch({ name: 'default' }, { spec });
  const all = { allowedTemplates: null, allowedClusters: null, requireTemplate: { disabled: true } };
  await platform.resources.virtualclustertemplates.create({ metadata: { name: 'small' } });
  try {
    await allow({ allowedTemplates: [{ name: 'small' }], requireTemplate: null });
    await assert.rejects(placeTenant({ tenant: foreign }), { code: 'forbidden', message: /template open/ });
    await assert.rejects(placeTenant({ tenant: nameless }), {
      code: 'forbidden',
      message: /requires a template/,
    });
    await allow({ allowedTemplates: [{ name: 'small', isDefault: true }] });
    await placeTenant({ tenant: nameless });
    assert.equal((await read('nameless'))?.spec?.templateRef?.name, 'small', "the project's default");
    await allow({ ...all, allowedClusters: [{ name: 'elsewhere' }] });
    const wake = startControlPlane({ tenant: placed, wakes: true });
    await assert.rejects(wake, { code: 'forbidden', message: /does not allow cluster local/ });
    // From before templates were required: it wakes as it is, as far as its clusters are allowed.
    await allow({ allowedClusters: null, requireTemplate: null });
    await assert.rejects(startControlPlane({ tenant: placed, wakes: true }), {
      code: 'control_plane_missing',
    });
    await allow({ ...all, allowedClusters: [{ name: 'elsewhere' }] });
    // The undo of a sleep is nobody's wish to wake it; there is no control plane here to start.
    await assert.rejects(startControlPlane({ tenant: placed }), { code: 'control_plane_missing' });
  } finally {
    await allow(all);
  }
});

placementCases(() => ({ deps, ownerUrl: postgres.url }));

test('reportInstance merges success and failure, and keeps omitted fields', async () => {
  const tenant = await newPlaced('reported');
  const { reportInstance, placeTenant } = createInstanceActivities(deps);
  const { targetHash } = await placeTenant({ tenant });
  const operation = { id: 'op-1', type: 'create', state: 'succeeded' } as const;
  const chart = { chart: 'tenant-control-plane', version: '0.1.0' };
  await reportInstance({
    tenant,
    operation,
    phase: 'Ready',
    observedHash: targetHash,
    kubernetesVersion: 'v1.36.3',
    place: tenant,
    chart,
  });
  const ready = (await read('reported'))?.status;
  assert.deepEqual(
    [ready?.phase, ready?.observedHash, ready?.kubernetesVersion, ready?.lastOperation?.id],
    ['Ready', targetHash, 'v1.36.3', 'op-1'],
  );
  assert.equal(ready?.virtualCluster?.helmRelease?.chart?.name, 'tenant-control-plane');
  assert.equal(ready?.conditions?.find(({ type }) => type === 'VirtualClusterReady')?.status, 'True');

  const asked = (force: string | null) => ({
    metadata: { annotations: { 'sleepmode.loft.sh/force': force } },
  });
  const name = { namespace, name: 'reported' };
  await platform.resources.virtualclusterinstances.patch(name, asked('true'));
  await reportInstance({
    tenant,
    operation: { id: 'op-2', type: 'sleep', state: 'failed' },
    reason: 'internal',
    message: 'no',
    failed: true,
  });
  const failed = (await read('reported'))?.status;
  assert.deepEqual(
    [failed?.phase, failed?.reason, failed?.message, failed?.observedHash],
    ['Ready', 'internal', 'no', targetHash],
  );
  assert.match(failed?.failedHash ?? '', /^sleep:./);

  // A client that sees it sleep asks since when, as vCluster's own does before it wakes it.
  const since = 'sleepmode.loft.sh/sleeping-since';
  const path = `/apis/management.loft.sh/v1/namespaces/${namespace}/virtualclusterinstances`;
  const seen = createInformer<Awaited<ReturnType<typeof read>> & object>({
    kubeConfig: platform.client.kubeConfig,
    path,
  });
  const asleepSince: (string | undefined)[] = [];
  seen.onChange((key) => {
    const { metadata, status } = seen.get(key) ?? {};
    if (status?.phase === 'Sleeping') asleepSince.push(metadata?.annotations?.[since]);
  });
  await seen.synced;
  await reportInstance({
    tenant,
    operation: { id: 'op-3', type: 'sleep', state: 'succeeded' },
    phase: 'Sleeping',
  });
  await eventually('the watch shows it asleep', () => asleepSince.length > 0);
  await seen.stop();
  assert.ok(
    asleepSince.every((one) => one !== undefined),
    'as soon as it sleeps, it says since when',
  );
  const asleep = await read('reported');
  assert.deepEqual(
    [asleep?.status?.phase, asleep?.status?.reason, asleep?.status?.failedHash],
    ['Sleeping', undefined, undefined],
  );
  assert.match(asleep?.metadata.annotations?.['sleepmode.loft.sh/sleeping-since'] ?? '', /^\d+$/);
  const scheduled = { metadata: { annotations: { 'sleepmode.loft.sh/sleep-type': 'scheduledSleep' } } };
  await platform.resources.virtualclusterinstances.patch(name, scheduled);
  await platform.resources.virtualclusterinstances.patch(name, asked(null));
  await reportInstance({
    tenant,
    operation: { id: 'op-4', type: 'wake', state: 'succeeded' },
    phase: 'Ready',
  });
  const marks = Object.keys((await read('reported'))?.metadata.annotations ?? {});
  assert.deepEqual(
    marks.filter((mark) => mark.startsWith('sleepmode.loft.sh/')),
    [],
    'nothing of the sleep is left, whoever took its annotation off',
  );
});

test('a failed update is not retried because another operation succeeds', async () => {
  const tenant = await newPlaced('in-vain');
  const { reportInstance } = createInstanceActivities(deps);
  const failed = async () => (await read('in-vain'))?.status?.failedHash;
  await reportInstance({
    tenant,
    operation: { id: 'op-1', type: 'update', state: 'failed' },
    reason: 'chart_failed',
    message: 'no',
    failed: 'h2',
  });
  for (const [type, phase] of [
    ['sleep', 'Sleeping'],
    ['wake', 'Ready'],
    ['restore', 'Ready'],
  ] as const) {
    await reportInstance({ tenant, operation: { id: type, type, state: 'succeeded' }, phase });
    assert.equal(await failed(), 'h2', type);
  }
  const operation = { id: 'op-2', type: 'update', state: 'succeeded' } as const;
  await reportInstance({ tenant, operation, phase: 'Ready', observedHash: 'h3' });
  assert.equal(await failed(), undefined);
});

test('reportInstance ignores a deleted or replaced instance', async () => {
  const { reportInstance } = createInstanceActivities(deps);
  const operation = { id: 'op-1', type: 'wake', state: 'succeeded' } as const;
  const tenant = await newPlaced('another');
  const mark = { 'sleepmode.loft.sh/sleeping-since': '1' };
  const name = { namespace, name: 'another' };
  await platform.resources.virtualclusterinstances.patch(name, { metadata: { annotations: mark } });
  await reportInstance({ tenant: { ...tenant, uid: 'of-before' }, operation, phase: 'Ready' });
  const left = await read('another');
  assert.deepEqual([left?.status?.phase, left?.metadata.annotations], ['Pending', mark]);
  await reportInstance({ tenant: { ...tenant, name: 'nowhere' }, operation, phase: 'Ready' });
});

test('releaseInstance removes the finalizer, idempotently', async () => {
  const tenant = await newPlaced('released');
  await platform.resources.virtualclusterinstances.delete({ namespace, name: 'released' });
  assert.ok((await read('released'))?.metadata.deletionTimestamp);
  const { releaseInstance, findTenantRemains } = createInstanceActivities(deps);
  assert.deepEqual(await findTenantRemains({ tenant }), { tenant });
  await releaseInstance({ tenant });
  await releaseInstance({ tenant });
  assert.equal(await read('released'), undefined);
  assert.deepEqual(await findTenantRemains({ tenant }), {});
  assert.deepEqual(await findTenantRemains({ tenant, placed: tenant }), { tenant });
});

test('the host namespace is created once and deleted; a foreign one is not touched', async () => {
  const tenant = await newPlaced('housed');
  const { applyHostNamespace, deleteHostNamespace, waitForHostNamespaceDeleted } =
    createInstanceActivities(deps);
  await applyHostNamespace({ tenant });
  const labels = (await platform.client.core.readNamespace({ name: tenant.hostNamespace })).metadata?.labels;
  assert.equal(labels?.['vcluster-platform.io/managed'], 'true');

  const stranger = { ...tenant, uid: 'another' };
  await assert.rejects(applyHostNamespace({ tenant: stranger }), { code: 'conflict' });
  await deleteHostNamespace({ tenant: stranger });
  await waitForHostNamespaceDeleted({ tenant: stranger });
  assert.equal(
    (await platform.client.core.readNamespace({ name: tenant.hostNamespace })).metadata?.deletionTimestamp,
    undefined,
  );

  const { core } = platform.client;
  const held = { namespace: tenant.hostNamespace, name: 'held' };
  await core.createNamespacedConfigMap({
    ...held,
    body: { metadata: { name: 'held', finalizers: ['example.com/hold'] } },
  });
  await core.createNamespacedSecret({ namespace: held.namespace, body: { metadata: { name: 'key' } } });
  await deleteHostNamespace({ tenant });
  await deleteHostNamespace({ tenant });
  const deleted = waitForHostNamespaceDeleted({ tenant });
  await eventually('what holds it is named', async () => {
    const host = await deps.hosts.find(tenant);
    return (
      host !== undefined &&
      /is Terminating, and waits for configmaps\/held \(finalizers: example\.com\/hold\)$/.test(
        await whatHolds(host),
      )
    );
  });
  await core.patchNamespacedConfigMap({
    ...held,
    body: [{ op: 'remove', path: '/metadata/finalizers' }],
  });
  await deleted;
});

test("deletion waits for the namespace's volumes by name, except retained ones", async () => {
  const tenant = await newPlaced('stored');
  const { core } = platform.client;
  const namespace = tenant.hostNamespace;
  const spec = {
    accessModes: ['ReadWriteOnce'],
    storageClassName: '',
    resources: { requests: { storage: '1Gi' } },
  };
  const volume = (name: string, persistentVolumeReclaimPolicy: string) =>
    core.createPersistentVolume({
      body: {
        metadata: { name },
        spec: {
          capacity: { storage: '1Gi' },
          accessModes: ['ReadWriteOnce'],
          hostPath: { path: '/nowhere' },
          storageClassName: '',
          persistentVolumeReclaimPolicy,
          claimRef: { namespace, name, kind: 'PersistentVolumeClaim', apiVersion: 'v1' },
        },
      },
    });
  for (const [name, policy] of [
    ['kept', 'Retain'],
    ['going', 'Delete'],
  ] as const) {
    await volume(name, policy);
    await core.createNamespacedPersistentVolumeClaim({
      namespace,
      body: { metadata: { name }, spec: { ...spec, volumeName: name } },
    });
    await eventually(`${name} is bound`, async () => {
      const { status } = await core.readNamespacedPersistentVolumeClaim({ namespace, name });
      return status?.phase === 'Bound';
    });
  }
  const { deleteHostNamespace, waitForHostNamespaceDeleted } = createInstanceActivities(deps);
  const { volumes } = await deleteHostNamespace({ tenant });
  assert.deepEqual(volumes.toSorted(), ['going', 'kept']);
  let waited = false;
  const waiting = waitForHostNamespaceDeleted({ tenant, volumes }).then(() => {
    waited = true;
  });
  await eventually(
    'the namespace is gone',
    async () => !(await core.listNamespace()).items.some(({ metadata }) => metadata?.name === namespace),
  );
  for (let left = 20; left > 0; left--) await core.listNamespace(); // about as long as the namespace took to go
  assert.equal(waited, false);
  await core.deletePersistentVolume({ name: 'going', gracePeriodSeconds: 0 });
  await core
    .patchPersistentVolume({ name: 'going', body: [{ op: 'remove', path: '/metadata/finalizers' }] })
    .catch(() => undefined);
  await waiting;
});

test('sleep remembers the replica count, idempotently', async () => {
  const tenant = await newPlaced('scaled');
  const { hostNamespace } = tenant;
  const labels = { app: 'vcluster', release: 'scaled' };
  await platform.client.apps.createNamespacedStatefulSet({
    namespace: hostNamespace,
    body: {
      metadata: { name: 'scaled', labels },
      spec: {
        replicas: 3,
        serviceName: 'scaled',
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } },
      },
    },
  });
  const { startControlPlane, stopControlPlane, waitForControlPlaneStopped } =
    createControlPlaneScaleActivities(deps);
  const replicas = async () =>
    (await platform.client.apps.readNamespacedStatefulSet({ namespace: hostNamespace, name: 'scaled' })).spec
      ?.replicas;
  const synced = (name: string, owners?: object[]) => ({
    metadata: {
      name: `${name}-x-own-x-scaled`,
      labels: { 'vcluster.loft.sh/managed-by': 'scaled' },
      annotations: {
        'vcluster.loft.sh/object-namespace': 'own',
        'vcluster.loft.sh/object-name': name,
        ...(owners === undefined ? {} : { 'vcluster.loft.sh/owner-references': JSON.stringify(owners) }),
      },
    },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  });
  for (const body of [
    synced('bare'),
    synced('kept', [{ kind: 'ReplicaSet', controller: true }]),
    synced('Strange!'),
  ])
    await platform.client.core.createNamespacedPod({
      namespace: hostNamespace,
      body: {
        ...body,
        metadata: { ...body.metadata, name: body.metadata.name.replace('Strange!', 'strange') },
      },
    });
  for (let times = 2; times > 0; times--)
    assert.deepEqual(await stopControlPlane({ tenant }), {
      pods: [`${hostNamespace}/strange-x-own-x-scaled`, 'own/bare'],
      count: 2,
    });
  const { items: events } = await platform.client.core.listNamespacedEvent({ namespace: 'p-default' });
  assert.deepEqual(
    events
      .filter(({ reason }) => reason === 'PodsLost')
      .map(({ message, involvedObject: { kind, name } }) => [kind, name, message]),
    [
      [
        'VirtualClusterInstance',
        'scaled',
        `Sleep loses 2 pods without a controller, which nothing makes again: ${hostNamespace}/strange-x-own-x-scaled, own/bare`,
      ],
    ],
  );
  assert.equal(await replicas(), 0);
  for (const { metadata } of (await platform.client.core.listNamespacedPod({ namespace: hostNamespace }))
    .items) {
    await platform.client.core.deleteNamespacedPod({
      namespace: hostNamespace,
      name: metadata?.name ?? '',
      gracePeriodSeconds: 0,
    });
  }
  await waitForControlPlaneStopped({ tenant });
  for (let times = 2; times > 0; times--) await startControlPlane({ tenant });
  assert.equal(await replicas(), 3);
});

test('scaling without a control plane says that it was deleted', async () => {
  const tenant = await newPlaced('empty');
  await assert.rejects(createControlPlaneScaleActivities(deps).startControlPlane({ tenant }), {
    code: 'control_plane_missing',
    message: /it was deleted there. Restore a snapshot/,
  });
});

test("the gateway's credential is issued once and readable only by the dialer", async () => {
  const tenant = await newPlaced('dialled');
  await createTenantKeysActivities(platform).applyTenantKeys({ tenant });
  const { applyGatewayCredential } = createGatewayCredentialActivities(deps);
  const secret = async () =>
    (
      await platform.client.core.readNamespacedSecret({
        namespace: tenant.hostNamespace,
        name: 'vc-dialled-gateway',
      })
    ).data?.['config'];
  await applyGatewayCredential({ tenant });
  const first = await secret();
  await applyGatewayCredential({ tenant });
  assert.equal(await secret(), first);
  const dialer = connectCluster(await server.kubeconfig('vcluster-platform:gateway-dialer'));
  const readAs = (name: string) =>
    dialer.core.readNamespacedSecret({ namespace: tenant.hostNamespace, name });
  assert.ok((await readAs('vc-dialled-gateway')).data);
  await assert.rejects(readAs('vc-dialled'), { code: 403 });
  const logAs = (name: string) => dialer.core.readNamespacedPodLog({ namespace: tenant.hostNamespace, name });
  await assert.rejects(logAs('dialled-0'), { code: 404 }); // allowed: there is no such pod
  await assert.rejects(logAs('another-0'), { code: 403 });
});

test('inside the tenant the gateway may impersonate listed names only, and the owner is cluster-admin', async () => {
  const tenant = await newPlaced('shared');
  await platform.resources.users.create({
    metadata: { name: 'olga' },
    spec: { subject: 'olga@example.org', groups: ['staff'] },
  });
  await platform.resources.users.create({ metadata: { name: 'stranger' } });
  const { applyTenantAccess } = createTenantAccessActivities(deps);
  await platform.resources.virtualclusterinstances.patch(
    { namespace, name: 'shared' },
    { spec: { extraAccessRules: [{ users: ['stranger'], clusterRole: 'view' }] } },
  );
  await applyTenantAccess({ tenant });
  await platform.resources.virtualclusterinstances.patch(
    { namespace, name: 'shared' },
    { spec: { extraAccessRules: null } },
  );
  await applyTenantAccess({ tenant });
  await assert.rejects(
    platform.client.rbac.readClusterRoleBinding({ name: 'vcluster-platform:access:view' }),
    { code: 404 },
  );
  await applyTenantAccess({ tenant });
  const binding = await platform.client.rbac.readClusterRoleBinding({
    name: 'vcluster-platform:access:cluster-admin',
  });
  assert.deepEqual(
    binding.subjects?.map(({ name }) => name),
    ['loft:user:olga'],
  );
  const gateway = connectCluster(await server.kubeconfig('vcluster-platform:gateway'));
  await assert.rejects(gateway.core.listNamespace(), { code: 403 });
  for (const [resource, name, expected] of [
    ['users', 'olga@example.org', true],
    ['groups', 'loft:user:olga', true],
    ['groups', 'staff', true],
    ['groups', 'system:authenticated', true],
    ['users', 'stranger', false],
    ['groups', 'loft:user:stranger', false],
    ['groups', 'system:masters', false],
    ['serviceaccounts', 'default', false],
  ] as const) {
    const review = await requestJson(gateway.kubeConfig, {
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      body: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes: { verb: 'impersonate', resource, name } },
      },
    });
    assert.equal(
      (review as { status: { allowed: boolean } }).status.allowed,
      expected,
      `${resource} ${name}`,
    );
  }
});

test('waitForControlPlane returns the version of the tenant API, and deletes the seed that its store does not need any more', async () => {
  const tenant = await newPlaced('ready');
  const { core } = platform.client;
  const { hostNamespace } = tenant;
  const body = { metadata: { name: 'ready-seed' } };
  await core.createNamespacedSecret({ namespace: hostNamespace, body });
  const { waitForControlPlane } = createControlPlaneReadyActivities(deps);
  assert.deepEqual(await waitForControlPlane({ tenant, fresh: false }), {});
  await core.readNamespacedSecret({ namespace: hostNamespace, name: 'ready-seed' });
  assert.deepEqual(await waitForControlPlane({ tenant, fresh: true }), { kubernetesVersion: 'v1.36.3' });
  await assert.rejects(
    core.readNamespacedSecret({ namespace: hostNamespace, name: 'ready-seed' }),
    isNotFound,
  );
});

test('nothing that administrators changed inside keeps a control plane from being ready', async () => {
  const tenant = await newPlaced('changed');
  const { kubeConfig, rbac } = platform.client;
  const webhooks = kubeConfig.makeApiClient(AdmissionregistrationV1Api);
  const rule = {
    apiGroups: [''],
    apiVersions: ['v1'],
    operations: ['CREATE'],
    resources: ['serviceaccounts'],
  };
  const labelSelector = 'kubernetes.io/bootstrapping=rbac-defaults';
  const { items } = await rbac.listRoleBindingForAllNamespaces({ labelSelector });
  assert.notEqual(items.length, 0);
  const setLabel = async (value: string | null) => {
    for (const { metadata } of items) {
      const { namespace: within = '', name = '' } = metadata ?? {};
      await requestJson(kubeConfig, {
        method: 'PATCH',
        path: `/apis/rbac.authorization.k8s.io/v1/namespaces/${within}/rolebindings/${encodeURIComponent(name)}`,
        contentType: 'application/merge-patch+json',
        body: { metadata: { labels: { 'kubernetes.io/bootstrapping': value } } },
      });
    }
  };
  const clientConfig = { url: 'https://127.0.0.1:1' };
  const webhook = { name: 'no.accounts.example.com', clientConfig, rules: [rule], sideEffects: 'None' };
  await webhooks.createValidatingWebhookConfiguration({
    body: { metadata: { name: 'no-accounts' }, webhooks: [{ ...webhook, admissionReviewVersions: ['v1'] }] },
  });
  try {
    await setLabel(null);
    const { waitForControlPlane } = createControlPlaneReadyActivities(deps);
    assert.deepEqual(await waitForControlPlane({ tenant, fresh: true }), { kubernetesVersion: 'v1.36.3' });
  } finally {
    await setLabel('rbac-defaults');
    await webhooks.deleteValidatingWebhookConfiguration({ name: 'no-accounts' });
  }
});

test('evaluateSleepPolicy applies the schedule, idempotently', async () => {
  const { metadata } = await platform.resources.virtualclusterinstances.create({
    metadata: { name: 'tired', namespace, annotations: { 'sleepmode.loft.sh/sleep-schedule': '* * * * *' } },
    spec: {},
  });
  const { evaluateSleepPolicy } = createSleepPolicyActivities(deps);
  const tenant = { project: 'default', name: 'tired', uid: metadata.uid };
  await evaluateSleepPolicy({ tenant });
  const before = await read('tired');
  await evaluateSleepPolicy({ tenant });
  assert.equal((await read('tired'))?.metadata.resourceVersion, before?.metadata.resourceVersion);
});
