import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { V1ObjectMeta } from '@kubernetes/client-node';
import { createActivities } from '../../activities/index.ts';
import type { OwnedNamespace } from '../../adapters/host-namespaces.ts';
import { createLogger } from '../../adapters/logging.ts';
import type { ClusterRef } from '../../contracts/cluster-ref.ts';
import { PlatformError } from '../../contracts/errors.ts';
import type { SpaceRef, TenantRef } from '../../contracts/instance-ref.ts';
import { platformNamespace } from '../../contracts/names.ts';
import { createOperationsDependencies } from '../../operations/dependencies.ts';
import { type ActivityPlatform, chartsDir, startActivityPlatform } from './activity-platform.ts';
import { namespaceDeletionCases } from './namespace-deletion-cases.ts';

/*
 * Everything of one tenant cluster or space is tried on another's namespace, as after a collision of names, an edit of
 * `clusterRef` by who may, or a row of before. A new activity without a line here fails.
 */

type Activities = ReturnType<typeof createActivities>;
/** `conflict`: it is refused; `nothing`: it succeeds and does nothing, because it only undoes or looks. */
type Outcome = 'conflict' | 'nothing';

let platform: ActivityPlatform;
let activities: Activities;
let close: () => Promise<void>;
before(async () => {
  platform = await startActivityPlatform();
  // No database answers: whatever would note a place must have been refused before.
  const operations = createOperationsDependencies(
    {
      databaseUrl: 'postgres://nobody@127.0.0.1:1/none',
      temporal: { address: '127.0.0.1:1', namespace: 'none' },
    },
    createLogger('test', 'fatal'),
  );
  close = operations.close;
  activities = createActivities({
    ...platform,
    operations,
    management: platform.client,
    chartsDir,
    snapshotsDir: platform.workDir,
  });
});
after(async () => {
  await close?.();
  await platform?.stop();
});

const operationId = 'op-1';
const snapshot = { project: 'other', tenantCluster: 'dev', name: 's', sha256: 'x' };
const job = (tenant: TenantRef) => ({ tenant, operationId, snapshot: 's', asleep: true });
const phase = (tenant: TenantRef) => ({ tenant, operationId, snapshot, phase: 'swap' }) as const;

const ofTenants: Partial<Record<keyof Activities, [(tenant: TenantRef) => unknown, Outcome]>> = {
  applyHostNamespace: [(tenant) => activities.applyHostNamespace({ tenant }), 'conflict'],
  deleteHostNamespace: [(tenant) => activities.deleteHostNamespace({ tenant }), 'nothing'],
  waitForHostNamespaceDeleted: [(tenant) => activities.waitForHostNamespaceDeleted({ tenant }), 'nothing'],
  inspectTenant: [(tenant) => activities.inspectTenant({ tenant }), 'conflict'],
  startControlPlane: [(tenant) => activities.startControlPlane({ tenant }), 'conflict'],
  stopControlPlane: [(tenant) => activities.stopControlPlane({ tenant }), 'conflict'],
  waitForControlPlane: [(tenant) => activities.waitForControlPlane({ tenant, fresh: true }), 'conflict'],
  waitForControlPlaneStopped: [(tenant) => activities.waitForControlPlaneStopped({ tenant }), 'conflict'],
  waitForRollout: [(tenant) => activities.waitForRollout({ tenant }), 'conflict'],
  applyGatewayCredential: [(tenant) => activities.applyGatewayCredential({ tenant }), 'conflict'],
  applyTenantAccess: [(tenant) => activities.applyTenantAccess({ tenant }), 'conflict'],
  applyTenantKeys: [(tenant) => activities.applyTenantKeys({ tenant }), 'conflict'],
  checkImages: [(tenant) => activities.checkImages({ tenant, operationId }), 'conflict'],
  installRelease: [(tenant) => activities.installRelease({ tenant, operationId }), 'conflict'],
  rollbackRelease: [(tenant) => activities.rollbackRelease({ tenant, operationId }), 'nothing'],
  findFallback: [(tenant) => activities.findFallback({ tenant }), 'conflict'],
  redeployRelease: [(tenant) => activities.redeployRelease({ tenant, deployedBy: operationId }), 'nothing'],
  repairControlPlane: [(tenant) => activities.repairControlPlane({ tenant }), 'nothing'],
  uninstallRelease: [(tenant) => activities.uninstallRelease({ tenant }), 'nothing'],
  applySnapshotJob: [(tenant) => activities.applySnapshotJob(job(tenant)), 'conflict'],
  waitForSnapshotJob: [(tenant) => activities.waitForSnapshotJob(job(tenant)), 'conflict'],
  deleteSnapshotJob: [(tenant) => activities.deleteSnapshotJob(job(tenant)), 'nothing'],
  maintainStore: [(tenant) => activities.maintainStore({ tenant, operationId }), 'conflict'],
  applyRestoreJob: [(tenant) => activities.applyRestoreJob(phase(tenant)), 'conflict'],
  waitForRestoreJob: [(tenant) => activities.waitForRestoreJob(phase(tenant)), 'conflict'],
  deleteRestoreJob: [(tenant) => activities.deleteRestoreJob(phase(tenant)), 'nothing'],
};
const ofSpaces: Partial<Record<keyof Activities, [(space: SpaceRef) => unknown, Outcome]>> = {
  applySpaceNamespace: [(space) => activities.applySpaceNamespace({ space }), 'conflict'],
  deleteSpaceNamespace: [(space) => activities.deleteSpaceNamespace({ space }), 'nothing'],
  waitForSpaceNamespaceDeleted: [(space) => activities.waitForSpaceNamespaceDeleted({ space }), 'nothing'],
  findSpacePlace: [(space) => activities.findSpacePlace({ space }), 'conflict'],
  applySpaceAccess: [(space) => activities.applySpaceAccess({ space }), 'conflict'],
  closeSpace: [(space) => activities.closeSpace({ space }), 'conflict'],
  openSpace: [(space) => activities.openSpace({ space }), 'conflict'],
  stopSpaceWorkloads: [(space) => activities.stopSpaceWorkloads({ space }), 'conflict'],
  resumeSpaceWorkloads: [(space) => activities.resumeSpaceWorkloads({ space }), 'conflict'],
  deleteSpacePods: [(space) => activities.deleteSpacePods({ space }), 'conflict'],
  waitForSpacePodsEnded: [(space) => activities.waitForSpacePodsEnded({ space }), 'conflict'],
};
/** Of a whole connected cluster: what is the platform's own there, by its names (test/activities/cluster-objects, agent-image). */
const ofClusters: Partial<Record<keyof Activities, (cluster: ClusterRef) => unknown>> = {
  findClusterRemains: (cluster) => activities.findClusterRemains({ cluster }),
  claimClusterObjects: (cluster) => activities.claimClusterObjects({ cluster }),
  removeClusterObjects: (cluster) => activities.removeClusterObjects({ cluster }),
  findAgentImages: (cluster) => activities.findAgentImages({ cluster }),
  setAgentImage: (cluster) => activities.setAgentImage({ cluster, image: 'agent:2' }),
  waitForAgentVersion: (cluster) => activities.waitForAgentVersion({ cluster, image: 'agent:2' }),
};
/** These act in no connected cluster: on resources of the management API, our database, our files. */
const elsewhere: readonly string[] = [
  ...['claimTurn', 'recordSteps', 'endOperation', 'reconcileOperations', 'evaluateSleepPolicy'],
  ...['waitForClusterOnline', 'closeCluster', 'openCluster', 'findClusterTenants', 'deleteClusterTenants'],
  ...['releaseClusterTenants', 'deleteCluster'],
  ...['placeTenant', 'findTenantRemains', 'reportInstance', 'releaseInstance', 'checkRelease'],
  ...['placeSpace', 'findSpaceRemains', 'reportSpace', 'releaseSpace'],
  ...['recordSnapshot', 'findSnapshot', 'completeSnapshot', 'failSnapshot', 'forgetSnapshot'],
  ...['deleteSnapshotFile', 'expireSnapshots'],
];

/** Objects of a namespace by kind and name, with what changes when anybody writes them. */
async function contentOf(namespace: string): Promise<string[]> {
  const { core, apps, batch, rbac } = platform.client;
  const lists: { items: { metadata?: V1ObjectMeta }[] }[] = await Promise.all([
    core.listNamespacedSecret({ namespace }),
    core.listNamespacedPod({ namespace }),
    core.listNamespacedPersistentVolumeClaim({ namespace }),
    core.listNamespacedResourceQuota({ namespace }),
    apps.listNamespacedStatefulSet({ namespace }),
    apps.listNamespacedDeployment({ namespace }),
    batch.listNamespacedJob({ namespace }),
    rbac.listNamespacedRole({ namespace }),
    rbac.listNamespacedRoleBinding({ namespace }),
  ]);
  const own = await core.readNamespace({ name: namespace });
  return [own, ...lists.flatMap(({ items }) => items)].map(
    ({ metadata }) => `${metadata?.name} ${metadata?.uid} ${metadata?.resourceVersion}`,
  );
}

/** What a tenant cluster and a space leave in a namespace, as far as activities look for it. */
async function furnish(namespace: string, release: string): Promise<void> {
  const { core, apps, batch } = platform.client;
  const labels = { app: 'vcluster', release };
  const spec = { containers: [{ name: 'c', image: 'i' }], automountServiceAccountToken: false };
  await core.createNamespacedServiceAccount({ namespace, body: { metadata: { name: 'default' } } });
  const names = [
    `vc-${release}`,
    `vc-${release}-gateway`,
    `${release}-pki`,
    `${release}-seed`,
    `restore-keys-${operationId}`,
  ];
  for (const name of names)
    await core.createNamespacedSecret({
      namespace,
      body: { metadata: { name }, stringData: { config: 'x' } },
    });
  const helm = { owner: 'helm', name: release, status: 'deployed', version: '1' };
  const record = { name: `sh.helm.release.v1.${release}.v1`, labels: helm };
  await core.createNamespacedSecret({ namespace, body: { metadata: record, type: 'helm.sh/release.v1' } });
  await apps.createNamespacedStatefulSet({
    namespace,
    body: {
      metadata: { name: release, labels },
      spec: {
        serviceName: release,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec },
      },
    },
  });
  const synced = { 'vcluster.loft.sh/managed-by': release };
  await core.createNamespacedPod({ namespace, body: { metadata: { name: 'pod', labels: synced }, spec } });
  for (const name of [`snapshot-${operationId}`, `restore-swap-${operationId}`]) {
    const template = { spec: { ...spec, restartPolicy: 'Never' } };
    await batch.createNamespacedJob({ namespace, body: { metadata: { name }, spec: { template } } });
  }
  await core.createNamespacedResourceQuota({
    namespace,
    body: { metadata: { name: 'vcluster-platform.space-sleeps' }, spec: { hard: { pods: '9' } } },
  });
}

async function outcomeOf(call: () => unknown): Promise<string> {
  try {
    await call();
    return 'nothing';
  } catch (error) {
    return error instanceof PlatformError ? error.code : String(error);
  }
}

test('no activity of a tenant cluster touches a namespace that is another’s', async () => {
  const victim = await platform.tenant('dev', {});
  await furnish(victim.hostNamespace, 'dev');
  // Even its status says, as no worker would write it, that it lives there.
  const name = { namespace: 'p-other', name: 'dev' };
  await platform.client.core.createNamespace({ body: { metadata: { name: name.namespace } } });
  const { metadata } = await platform.resources.virtualclusterinstances.create({ metadata: name, spec: {} });
  const clusterRef = { cluster: 'local', namespace: victim.hostNamespace, virtualCluster: 'dev' };
  const status = { phase: 'Ready', observedHash: 'x', virtualCluster: { clusterRef } } as const;
  await platform.resources.virtualclusterinstances.patchStatus(name, status);
  const before = await contentOf(victim.hostNamespace);
  const tenant = { ...victim, project: 'other', uid: metadata.uid };
  for (const [activity, [call, expected]] of Object.entries(ofTenants))
    assert.equal(await outcomeOf(() => call(tenant)), expected, activity);
  assert.deepEqual(await contentOf(victim.hostNamespace), before);
});

test('no activity of a space touches a namespace that is another’s', async () => {
  const victim = await platform.tenant('victim', {});
  await furnish(victim.hostNamespace, 'victim');
  const clusterRef = { cluster: 'local', namespace: victim.hostNamespace };
  const name = { namespace: 'p-default', name: 'thief' };
  const { metadata } = await platform.resources.spaceinstances.create({
    metadata: name,
    spec: { clusterRef },
  });
  await platform.resources.spaceinstances.patchStatus(name, { phase: 'Ready', observedHash: 'x' });
  const before = await contentOf(victim.hostNamespace);
  const space: SpaceRef = {
    ...{ kind: 'space', project: 'default', name: 'thief', uid: metadata.uid, cluster: 'local' },
    hostNamespace: victim.hostNamespace,
  };
  for (const [activity, [call, expected]] of Object.entries(ofSpaces))
    assert.equal(await outcomeOf(() => call(space)), expected, activity);
  assert.deepEqual(await contentOf(victim.hostNamespace), before);
});

test('no activity of a connected cluster touches a later one of its name', async () => {
  const { core, rbac } = platform.client;
  await platform.resources.clusters.create({ metadata: { name: 'local' }, spec: { networkPeer: true } });
  const content = async () => [
    ...(await contentOf(platformNamespace)),
    ...(await rbac.listClusterRole()).items.map(({ metadata }) => metadata?.resourceVersion),
    (await core.readNamespace({ name: platformNamespace })).metadata?.resourceVersion,
  ];
  const before = await content();
  for (const [activity, call] of Object.entries(ofClusters))
    assert.equal(
      await outcomeOf(() => call({ name: 'local', uid: 'a-former' })),
      'cluster_not_found',
      activity,
    );
  assert.deepEqual(await content(), before);
});

test('every activity is covered, or does not act in a connected cluster', () => {
  const tables = [ofTenants, ofSpaces, ofClusters].flatMap((table) => Object.keys(table));
  const tried = new Set([...tables, ...elsewhere]);
  assert.deepEqual(
    Object.keys(activities).filter((activity) => !tried.has(activity)),
    [],
  );
});

test('only a matching uid label proves ownership', async () => {
  const { hostNamespace } = await platform.tenant('plain', {});
  // @ts-expect-error an object that looks alike
  const forged: OwnedNamespace<TenantRef> = { name: hostNamespace, client: platform.client, owner: {} };
  assert.ok(forged);
  await platform.client.core.createNamespace({ body: { metadata: { name: 'unmarked' } } });
  const owner = { project: 'default', name: 'plain', cluster: 'local', hostNamespace: 'unmarked', uid: '' };
  await assert.rejects(platform.hosts.prove(owner), { code: 'conflict' });
  assert.equal(await platform.hosts.find(owner), undefined);
  await assert.rejects(platform.hosts.prove({ ...owner, hostNamespace: 'nowhere' }), {
    code: 'namespace_missing',
  });
  // Namespaces of Kubernetes and of the platform are nobody's, whatever somebody wrote on them.
  await platform.client.core.patchNamespace({
    name: 'kube-public',
    body: [{ op: 'add', path: '/metadata/labels/vcluster-platform.io~1instance-uid', value: 'mine' }],
  });
  const system = { ...owner, hostNamespace: 'kube-public', uid: 'mine' };
  await assert.rejects(platform.hosts.prove(system), { code: 'conflict' });
  await assert.rejects(platform.hosts.create(system, {}), { code: 'conflict' });
});

namespaceDeletionCases(() => platform);
