import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { TenantDeps } from '../../activities/dependencies.ts';
import { createSpaceAccessActivities } from '../../activities/spaces/space-access.ts';
import { createInstanceActivities } from '../../activities/instances/instance.ts';
import { createSpaceNamespaceActivities } from '../../activities/spaces/space-namespace.ts';
import { createSpaceSleepActivities, isSpaceClosed } from '../../activities/spaces/space-sleep.ts';
import type { RenderDeps } from '../../adapters/helm/render-values.ts';
import { hostNamespaces } from '../../adapters/host-namespaces.ts';
import { type ClusterClient, connectCluster } from '../../adapters/kubernetes/client.ts';
import { apiMessage } from '../../adapters/kubernetes/failures.ts';
import { syncSpaceRbac } from '../../adapters/space-rbac.ts';
import { createLogger } from '../../adapters/logging.ts';
import type { SpaceRef } from '../../contracts/instance-ref.ts';
import { migrate } from '../../db/migrate.ts';
import { readManifests } from '../../adapters/kubernetes/manifests.ts';
import { applyManifests } from '../../local/bootstrap/apply-manifests.ts';
import { createOperationsDependencies } from '../../operations/dependencies.ts';
import { startApiServer, type TestApiServer } from '../support/api-server.ts';
import { eventually } from '../support/eventually.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { urlOfRole } from '../support/runtime-role.ts';
import { type ActivityPlatform, startActivityPlatform } from './activity-platform.ts';

let postgres: TestPostgres;
let server: TestApiServer;
let platform: ActivityPlatform;
let deps: TenantDeps & RenderDeps;
let close: () => Promise<void>;
/** With the worker's own rights in a connected cluster. */
let worker: ClusterClient;
let admin: ClusterClient;

before(async () => {
  postgres = await startPostgres();
  server = await startApiServer({ controllerManager: true });
  platform = await startActivityPlatform(server.adminKubeconfig);
  admin = platform.client;
  await applyManifests(
    admin,
    readManifests(join(import.meta.dirname, '../../deploy/charts/vcluster-platform/connected-cluster')),
  );
  await migrate(postgres.url);
  const operations = createOperationsDependencies(
    {
      databaseUrl: await urlOfRole(postgres.url, 'worker'),
      temporal: { address: '127.0.0.1:1', namespace: 'none' },
    },
    createLogger('test', 'fatal'),
  );
  close = operations.close;
  worker = connectCluster(await server.kubeconfig('vcluster-platform:worker'));
  deps = {
    operations,
    resources: platform.resources,
    management: platform.client,
    helm: platform.helm,
    workDir: platform.workDir,
    hosts: hostNamespaces({ ...platform.clusters, client: async () => worker }),
  };
  for (const kind of ['clusters', 'spaceinstances', 'spacetemplates'] as const)
    await eventually(`${kind} are served`, async () => (await platform.resources[kind].list()).length === 0);
  await platform.resources.projects.patch(
    { name: 'default' },
    {
      spec: { owner: { user: 'olga' }, namespacePattern: { space: 'x-{{ .Values.loft.space }}' } },
    },
  );
  await platform.resources.clusters.create({ metadata: { name: 'local' }, spec: { local: true } });
  await platform.resources.clusters.patchStatus({ name: 'local' }, { phase: 'Initialized' });
});
after(async () => {
  await close?.();
  await platform?.stop();
  await server?.stop();
  await postgres?.stop();
});

async function newSpace(name: string, spec: object = {}): Promise<SpaceRef> {
  const metadata = { name, namespace: 'p-default' };
  const made = await platform.resources.spaceinstances.create({ metadata, spec });
  const unplaced = { kind: 'space', project: 'default', name, uid: made.metadata.uid } as const;
  const { space } = await createInstanceActivities(deps).placeSpace({ space: unplaced });
  await createSpaceNamespaceActivities(deps).applySpaceNamespace({ space });
  return space;
}
const stored = (name: string) => platform.resources.spaceinstances.get({ namespace: 'p-default', name });

test('a space is placed once by the project’s pattern, and a foreign namespace is refused', async () => {
  const space = await newSpace('placed', { owner: { user: 'anna' } });
  assert.deepEqual([space.cluster, space.hostNamespace], ['local', 'x-placed']);
  const { spec, metadata, status } = (await stored('placed')) ?? assert.fail();
  assert.deepEqual(spec, { owner: { user: 'anna' } }, 'a manifest need not repeat what we decide');
  assert.deepEqual(status?.clusterRef, { cluster: 'local', namespace: 'x-placed' });
  assert.deepEqual([metadata.finalizers, status?.phase], [['loft.sh/cleanup'], 'Pending']);
  const { applySpaceNamespace } = createSpaceNamespaceActivities(deps);
  await applySpaceNamespace({ space });
  const labels = (await admin.core.readNamespace({ name: 'x-placed' })).metadata?.labels ?? {};
  assert.equal(labels['loft.sh/project'], 'default');
  assert.equal(labels['loft.sh/space-instance-name'], 'placed');
  assert.equal(labels['pod-security.kubernetes.io/enforce'], 'baseline');
  assert.equal(labels['vcluster-platform.io/managed'], undefined);
  await assert.rejects(applySpaceNamespace({ space: { ...space, hostNamespace: 'kube-system' } }), {
    code: 'conflict',
  });
  await createInstanceActivities(deps).deleteSpaceNamespace({
    space: { ...space, hostNamespace: 'kube-public' },
  });
  assert.equal(
    (await admin.core.readNamespace({ name: 'kube-public' })).metadata?.deletionTimestamp,
    undefined,
  );
});

test('a template gives the namespace its metadata, rendered, and its access rules', async () => {
  const template = {
    metadata: {
      labels: { team: '{{ .Values.team }}', 'pod-security.kubernetes.io/enforce': 'restricted' },
      annotations: {
        note: 'for {{ .Values.loft.project }}: {{ .Values.text | quote }}',
        plain: 'a: "b"\n# c',
      },
    },
    access: { defaultClusterRole: 'edit', rules: [{ users: ['vic'], clusterRole: 'view' }] },
  };
  const parameters = [{ variable: 'team', options: ['red', 'blue'] }, { variable: 'text' }];
  await platform.resources.spacetemplates.create({
    metadata: { name: 'teams' },
    spec: {
      versions: [
        { version: '1.0.0', parameters, template },
        { version: '2.0.0', template: { metadata: { labels: { 'vcluster-platform.io/managed': 'true' } } } },
      ],
    },
  });
  const of = (version: string, text = "it's\\n: [x], {y} # z") => ({
    owner: { user: 'anna' },
    templateRef: { name: 'teams', version },
    ...(version === '1.x' ? { parameters: JSON.stringify({ team: 'red', text }) } : {}),
  });
  const space = await newSpace('made', of('1.x'));
  const { labels = {}, annotations = {} } =
    (await admin.core.readNamespace({ name: 'x-made' })).metadata ?? {};
  assert.deepEqual(
    [labels['team'], labels['pod-security.kubernetes.io/enforce'], labels['loft.sh/project']],
    ['red', 'restricted', 'default'],
  );
  assert.deepEqual(annotations, {
    note: `for default: "it's\\\\n: [x], {y} # z"`,
    plain: 'a: "b"\n# c',
  });
  await createSpaceAccessActivities(deps).applySpaceAccess({ space });
  const { items } = await admin.rbac.listNamespacedRoleBinding({ namespace: 'x-made' });
  const bound = items.map(({ roleRef, subjects = [] }) => [roleRef.name, subjects.map(({ name }) => name)]);
  assert.deepEqual(Object.fromEntries(bound), {
    edit: ['loft:user:anna', 'loft:user:olga'],
    view: ['loft:user:vic'],
  });
  await assert.rejects(newSpace('managed', of('2.0.0')), {
    code: 'invalid_values',
    message: /vcluster-platform\.io\/managed.*belongs to the platform/,
  });
  await assert.rejects(newSpace('absent', of('3.0.0')), { code: 'template_not_found' });
  for (const name of ['managed', 'absent'])
    await assert.rejects(admin.core.readNamespace({ name: `x-${name}` }), 'nothing was made');
});

test('access to a space is bound in its namespace only, and replaces foreign bindings', async () => {
  const rules = [{ users: ['vic'], clusterRole: 'view' }];
  const space = await newSpace('shared', { owner: { user: 'anna' }, extraAccessRules: rules });
  const { hostNamespace: namespace } = space;
  const apply = () => createSpaceAccessActivities(deps).applySpaceAccess({ space });
  await apply();
  const bindings = async () =>
    Object.fromEntries(
      (await admin.rbac.listNamespacedRoleBinding({ namespace })).items.map(
        ({ metadata, subjects, roleRef }) => [
          metadata?.name,
          `${roleRef.name}: ${subjects?.map(({ name }) => name).join()}`,
        ],
      ),
    );
  const wanted = {
    'vcluster-platform:access:loft-cluster-space-admin':
      'loft-cluster-space-admin: loft:user:anna,loft:user:olga',
    'vcluster-platform:access:view': 'view: loft:user:vic',
  };
  assert.deepEqual(await bindings(), wanted);
  const name = 'vcluster-platform:access:view';
  await admin.rbac.deleteNamespacedRoleBinding({ namespace, name });
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' };
  await admin.rbac.createNamespacedRoleBinding({ namespace, body: { metadata: { name }, roleRef } });
  await apply();
  assert.deepEqual(await bindings(), wanted, 'with another role, and without our label');
  const host = await deps.hosts.prove(space);
  await syncSpaceRbac(host, new Map([['view', ['loft:user:vic']]]));
  assert.deepEqual(Object.keys(await bindings()), [name]);
  const foreign = syncSpaceRbac(host, new Map([['cluster-admin', ['loft:user:vic']]]));
  await assert.rejects(foreign, { code: 'forbidden' }, 'RBAC bounds what the worker may bind');
});

const web = {
  metadata: { name: 'web' },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'a', image: 'a' }] },
    },
  },
};
const bare = (name: string) => ({ metadata: { name }, spec: { containers: [{ name: 'a', image: 'a' }] } });

test('a sleeping space runs and starts no pods, and waking restores its workloads', async () => {
  const space = await newSpace('tired');
  const { hostNamespace: namespace } = space;
  const sleep = createSpaceSleepActivities(deps);
  await eventually('the namespace has its service account', () =>
    admin.core.readNamespacedServiceAccount({ namespace, name: 'default' }),
  );
  await admin.apps.createNamespacedDeployment({ namespace, body: web });
  const { replicas: _default, ...one } = web.spec;
  const body = { metadata: { name: 'set' }, spec: { ...one, serviceName: 'set' } };
  await admin.apps.createNamespacedStatefulSet({ namespace, body });
  await admin.apps.createNamespacedReplicaSet({ namespace, body: { ...web, metadata: { name: 'lone' } } });
  await admin.apps.createNamespacedDeployment({
    namespace,
    body: { ...web, metadata: { name: 'off' }, spec: { ...web.spec, replicas: 0 } },
  });
  const jobSpec = { template: { spec: { ...web.spec.template.spec, restartPolicy: 'Never' } } };
  await admin.batch.createNamespacedJob({ namespace, body: { metadata: { name: 'job' }, spec: jobSpec } });
  const cron = (name: string, suspend: boolean) => ({
    metadata: { name },
    spec: { schedule: '@yearly', suspend, jobTemplate: { spec: jobSpec } },
  });
  for (const [name, suspend] of [
    ['nightly', false],
    ['paused', true],
  ] as const)
    await admin.batch.createNamespacedCronJob({ namespace, body: cron(name, suspend) });
  await admin.core.createNamespacedPod({ namespace, body: bare('alone') });

  const state = async () => {
    const [deployments, sets, replicaSets, crons, job] = await Promise.all([
      admin.apps.listNamespacedDeployment({ namespace }),
      admin.apps.listNamespacedStatefulSet({ namespace }),
      admin.apps.listNamespacedReplicaSet({ namespace }),
      admin.batch.listNamespacedCronJob({ namespace }),
      admin.batch.readNamespacedJob({ namespace, name: 'job' }),
    ]);
    return {
      ...Object.fromEntries(
        [...deployments.items, ...sets.items, ...replicaSets.items]
          .filter(({ metadata }) => metadata?.ownerReferences === undefined)
          .map(({ metadata, spec }) => [metadata?.name, spec?.replicas]),
      ),
      ...Object.fromEntries(crons.items.map(({ metadata, spec }) => [metadata?.name, spec?.suspend])),
      job: job.spec?.suspend,
    };
  };
  const awake = { web: 3, set: 1, lone: 3, off: 0, nightly: false, paused: true, job: false };
  const asleep = { web: 0, set: 0, lone: 0, off: 0, nightly: true, paused: true, job: true };
  const pods = async () => (await admin.core.listNamespacedPod({ namespace })).items.length;
  assert.deepEqual(await state(), awake);
  await eventually('their pods are there', async () => (await pods()) === 3 + 1 + 3 + 1 + 1);

  for (let round = 0; round < 2; round += 1) {
    await sleep.closeSpace({ space }); // twice, as after a crash half-way
    await sleep.stopSpaceWorkloads({ space });
    const lost = await sleep.deleteSpacePods({ space });
    assert.deepEqual(lost, round === 0 ? { pods: [`${namespace}/alone`], count: 1 } : undefined);
  }
  const { items: events } = await admin.core.listNamespacedEvent({ namespace: 'p-default' });
  const told = events.filter(({ reason }) => reason === 'PodsLost').map(({ message }) => message);
  assert.deepEqual(told, [
    `Sleep loses 1 pod without a controller, which nothing makes again: ${namespace}/alone`,
  ]);
  await sleep.waitForSpacePodsEnded({ space });
  assert.deepEqual(await state(), asleep);
  assert.equal(await pods(), 0);
  assert.equal(await isSpaceClosed(await deps.hosts.prove(space)), true);
  const refusal = admin.core.createNamespacedPod({ namespace, body: bare('late') }).then(
    () => 'accepted',
    (error: unknown) => apiMessage(error),
  );
  assert.match(await refusal, /vcluster-platform.space-sleeps/);
  await admin.apps.patchNamespacedDeployment({
    namespace,
    name: 'off',
    body: [{ op: 'replace', path: '/spec/replicas', value: 2 }],
  });

  const allow = (allowedClusters: object[] | null) =>
    platform.resources.projects.patch({ name: 'default' }, { spec: { allowedClusters } });
  await allow([{ name: 'elsewhere' }]);
  const refused = { code: 'forbidden', message: /does not allow cluster local/ };
  await assert.rejects(sleep.openSpace({ space, wakes: true }), refused);
  assert.equal(
    await isSpaceClosed(await deps.hosts.prove(space)),
    true,
    'what the project allows no more stays asleep',
  );
  await allow(null);

  for (let round = 0; round < 2; round += 1) {
    await sleep.openSpace({ space, wakes: true });
    await sleep.resumeSpaceWorkloads({ space });
  }
  assert.deepEqual(await state(), { ...awake, off: 2 }, 'what was scaled meanwhile stays');
  const { metadata } = await admin.apps.readNamespacedDeployment({ namespace, name: 'web' });
  assert.equal(metadata?.annotations?.['loft.sh/sleep-mode-replicas'], undefined);
  assert.equal(await isSpaceClosed(await deps.hosts.prove(space)), false);
  await eventually('pods come back', async () => (await pods()) === 3 + 1 + 3 + 1 + 2);
});

test('the status of a space shows how operations ended', async () => {
  const space = await newSpace('told');
  const { reportSpace } = createInstanceActivities(deps);
  const operation = (type: 'create' | 'sleep' | 'wake', state: 'succeeded' | 'failed') => ({
    id: `${type}-${state}`,
    type,
    state,
  });
  await reportSpace({
    space,
    operation: operation('create', 'succeeded'),
    phase: 'Ready',
    observedHash: 'h',
  });
  let status = (await stored('told'))?.status;
  assert.deepEqual([status?.phase, status?.observedHash, status?.reason], ['Ready', 'h', undefined]);
  assert.deepEqual(
    status?.conditions?.map(({ type, status: value }) => `${type} ${value}`),
    ['Scheduled True', 'SpaceSynced True', 'SpaceReady True', 'Ready True'],
  );
  const failed = { reason: 'conflict', message: 'why', failed: true } as const;
  const asked = { metadata: { annotations: { 'sleepmode.loft.sh/force': 'true' } } };
  await platform.resources.spaceinstances.patch({ namespace: 'p-default', name: 'told' }, asked);
  await reportSpace({ space, operation: operation('sleep', 'failed'), ...failed });
  status = (await stored('told'))?.status;
  assert.deepEqual([status?.phase, status?.reason, status?.message], ['Ready', 'conflict', 'why']);
  assert.match(status?.failedHash ?? '', /^sleep:[0-9a-f]{16}$/);
  await reportSpace({ space, operation: operation('sleep', 'succeeded'), phase: 'Sleeping' });
  const slept = await stored('told');
  assert.match(slept?.metadata.annotations?.['sleepmode.loft.sh/sleeping-since'] ?? '', /^\d+$/);
  assert.deepEqual([slept?.status?.failedHash, slept?.status?.reason], [undefined, undefined]);
  await reportSpace({ space, operation: operation('wake', 'succeeded'), phase: 'Ready' });
  assert.equal((await stored('told'))?.metadata.annotations?.['sleepmode.loft.sh/sleeping-since'], undefined);
  await reportSpace({ space: { ...space, uid: 'gone' }, operation: operation('wake', 'succeeded') });
});

test('a delete of a space finds and removes all leftovers', async () => {
  const space = await newSpace('leaving');
  const instances = createInstanceActivities(deps);
  await platform.resources.spaceinstances.delete({ namespace: 'p-default', name: 'leaving' });
  assert.deepEqual(await instances.findSpaceRemains({ space }), { space });
  const { deleteSpaceNamespace, waitForSpaceNamespaceDeleted } = createInstanceActivities(deps);
  await deleteSpaceNamespace({ space });
  await waitForSpaceNamespaceDeleted({ space });
  await instances.releaseSpace({ space });
  await instances.releaseSpace({ space });
  assert.equal(await stored('leaving'), undefined);
  assert.deepEqual(await instances.findSpaceRemains({ space }), {});
  assert.deepEqual(await instances.findSpaceRemains({ space, placed: space }), { space });
});
