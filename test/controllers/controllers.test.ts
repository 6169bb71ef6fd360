import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { after, before, describe, it } from 'node:test';
import { RbacAuthorizationV1Api } from '@kubernetes/client-node';
import { createConnectedClusters } from '../../adapters/connected-clusters.ts';
import { hostNamespaces } from '../../adapters/host-namespaces.ts';
import type { ClusterClient } from '../../adapters/kubernetes/client.ts';
import { statusOf } from '../../adapters/kubernetes/failures.ts';
import { type ManagementResources, managementResources } from '../../adapters/kubernetes/resources.ts';
import { createLogger } from '../../adapters/logging.ts';
import { accessKeyBounds, annotations, cleanupFinalizer, platformNamespace } from '../../contracts/names.ts';
import { createCaches } from '../../controllers/caches.ts';
import { createAgentRecords } from '../../controllers/clusters/agent-records.ts';
import { createPutBacks } from '../../controllers/drift/put-backs.ts';
import { createOwnedRbac } from '../../controllers/rbac/owned-rbac.ts';
import type { ControllerContext } from '../../controllers/controller.ts';
import { sleepSchedules } from '../../controllers/instances/sleep-schedules.ts';
import { type RunningControllers, startControllers } from '../../controllers/start-controllers.ts';
import { migrate } from '../../db/migrate.ts';
import { nextTime } from '../../domain/sleep/cron-times.ts';
import { parseCron } from '../../domain/sleep/cron.ts';
import { virtualCluster } from '../../domain/kinds/virtual-cluster.ts';
import { createOperationsDependencies, type OperationsDeps } from '../../operations/dependencies.ts';
import { listOperations } from '../../operations/read.ts';
import { eventually } from '../support/eventually.ts';
import { startManagementApi, type TestManagementApi, writeDespitePolicy } from '../support/management-api.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { urlOfRole } from '../support/runtime-role.ts';
import { startTemporal, type TestTemporal } from '../support/temporal.ts';
import { removalCases } from './removal-cases.ts';
import { retryCases } from './retry-cases.ts';
import { sleepPolicyCases } from './sleep-policy-cases.ts';
import { sleepSweepCases } from './sleep-sweep-cases.ts';

describe('controllers', () => {
  let api: TestManagementApi;
  let postgres: TestPostgres;
  let temporal: TestTemporal;
  let admin: ClusterClient;
  let resources: ManagementResources;
  let operations: OperationsDeps & { close(): Promise<void> };
  /** With the privileges that controllers have. */
  let ownOperations: typeof operations;
  let running: RunningControllers;
  let context: Omit<ControllerContext, 'checks' | 'putBacks'>;

  before(async () => {
    postgres = await startPostgres();
    api = await startManagementApi({ controllerManager: true });
    temporal = await startTemporal({ databaseUrl: postgres.url });
    const databaseUrl = await postgres.createDatabase();
    await migrate(databaseUrl);
    ({ admin, resources } = api);
    const logger = createLogger('controllers', 'warn');
    operations = createOperationsDependencies({ databaseUrl, temporal }, logger);
    ownOperations = createOperationsDependencies(
      { databaseUrl: await urlOfRole(databaseUrl, 'controllers'), temporal },
      logger,
    );
    // The controllers' own identity, so that its rights are tried too.
    const client = await api.as('vcluster-platform:controllers');
    const clusters = createConnectedClusters({
      management: client,
      workDir: tmpdir(),
      credential: 'controllers',
    });
    context = {
      client,
      resources: managementResources(client),
      caches: createCaches(client.kubeConfig, logger),
      rbac: createOwnedRbac(client.kubeConfig, logger),
      clusters,
      watchedClusters: clusters,
      followedClusters: createConnectedClusters({ management: client, workDir: tmpdir() }),
      spaces: hostNamespaces(clusters),
      tenants: hostNamespaces(createConnectedClusters({ management: client, workDir: tmpdir() })),
      operations: ownOperations,
      agents: createAgentRecords(ownOperations.database, logger),
      logger,
      accessKeysPerOwner: 3,
      retryPauses: { firstMs: 1000, longestMs: 2000 },
      sweepMs: 500,
      deletionWarningSeconds: 3,
    };
    running = startControllers(context);
    await running.caughtUp;
    await resources.users.create({
      metadata: { name: 'anna' },
      spec: { subject: 'anna@example.org', groups: ['staff'] },
    });
    await resources.teams.create({ metadata: { name: 'devs' }, spec: { users: ['anna'] } });
    await resources.projects.create({
      metadata: { name: 'demo' },
      spec: {
        members: [{ kind: 'Team', name: 'devs', clusterRole: 'loft-management-project-user' }],
        allowedTemplates: [{ name: 'small', isDefault: true }],
        namespaceTemplate: { metadata: { labels: { department: 'research' } } },
        vault: { enabled: true },
      },
    });
    await eventually('the namespace of the project', () => admin.core.readNamespace({ name: 'p-demo' }));
  });
  after(async () => {
    await running?.stop();
    await ownOperations?.close();
    await operations?.close();
    await temporal?.stop();
    await postgres?.stop();
    await api?.stop();
  });

  const can = async (user: string, groups: string[], resourceAttributes: object) => {
    const { AuthorizationV1Api } = await import('@kubernetes/client-node');
    const api = admin.kubeConfig.makeApiClient(AuthorizationV1Api);
    const review = await api.createSubjectAccessReview({
      body: { spec: { user, groups, resourceAttributes } },
    });
    return review.status?.allowed === true;
  };
  const operationsOf = async (name: string) =>
    (await listOperations(operations, { project: 'demo', name, limit: 50 })).map(({ type }) => type);
  const instance = async (name: string) =>
    resources.virtualclusterinstances.get({ namespace: 'p-demo', name });

  const sweep = sleepSweepCases(() => ({ admin, resources, operations }));

  it("creates a project's namespace and reports its ignored fields", async () => {
    const namespace = await admin.core.readNamespace({ name: 'p-demo' });
    assert.equal(namespace.metadata?.labels?.['department'], 'research');
    assert.equal(namespace.metadata?.labels?.['loft.sh/project'], 'demo');
    const condition = await eventually('the condition', async () => {
      const project = await resources.projects.get({ name: 'demo' });
      return project?.status?.conditions?.find(({ type }) => type === 'FieldsIgnored');
    });
    assert.match(condition.message ?? '', /spec\.vault/);
  });

  it('grants members their role in the project, and revokes it when they leave', async () => {
    const create = {
      group: 'management.loft.sh',
      resource: 'virtualclusterinstances',
      verb: 'create',
      namespace: 'p-demo',
    };
    const seeProject = { group: 'management.loft.sh', resource: 'projects', verb: 'get', name: 'demo' };
    const groups = ['loft:team:devs'];
    await eventually('members may create', () => can('x', groups, create));
    await eventually('members see the project', () => can('x', groups, seeProject));
    assert.equal(await can('x', groups, { ...seeProject, name: 'other' }), false);
    assert.equal(await can('x', groups, { ...create, verb: 'list' }), false);
    await resources.projects.patch({ name: 'demo' }, { spec: { members: [] } });
    await eventually(
      'members may not any more',
      async () => !(await can('x', groups, create)) && !(await can('x', groups, seeProject)),
    );
  });

  it('the gateway may impersonate exactly the existing users and teams', async () => {
    const may = (resource: string, name: string) =>
      can('vcluster-platform:gateway', [], { resource, verb: 'impersonate', name });
    await eventually('the subject', () => may('users', 'anna@example.org'));
    await eventually('the team', () => may('groups', 'loft:team:devs'));
    assert.ok(await may('groups', 'staff'));
    assert.ok(await may('groups', 'system:authenticated'));
    for (const group of ['system:masters', 'loft:user:nobody'])
      assert.equal(await may('groups', group), false, group);
    assert.equal(await may('users', 'admin'), false);
    await resources.users.patch({ name: 'anna' }, { spec: { disabled: true } });
    await eventually('a disabled user is out', async () => !(await may('users', 'anna@example.org')));
    await resources.users.patch({ name: 'anna' }, { spec: { disabled: false } });
  });

  it('binds the cluster roles of users and restores a deleted binding', async () => {
    const rbac = admin.kubeConfig.makeApiClient(RbacAuthorizationV1Api);
    await resources.users.create({
      metadata: { name: 'root' },
      spec: { clusterRoles: [{ name: 'loft-management-admin' }] },
    });
    const name = 'vcluster-platform:users:root:loft-management-admin';
    const binding = await eventually('the binding', () => rbac.readClusterRoleBinding({ name }));
    assert.deepEqual(
      binding.subjects?.map((subject) => [subject.kind, subject.name]),
      [['Group', 'loft:user:root']],
    );
    const { uid } = binding.metadata ?? {};
    await rbac.deleteClusterRoleBinding({ name });
    await eventually(
      'the binding is back',
      async () => (await rbac.readClusterRoleBinding({ name })).metadata?.uid !== uid,
    );
    await resources.users.delete({ name: 'root' });
    await eventually('the binding is gone', () =>
      rbac.readClusterRoleBinding({ name }).then(
        () => false,
        (error) => statusOf(error) === 404,
      ),
    );
  });

  removalCases(() => ({ admin, resources, operations, as: (name) => api.as(name) }));

  it('replaces an access key by its hash, everywhere, and deletes it when it expires', async () => {
    const key = 'canary-of-an-access-key';
    const copy = JSON.stringify({ spec: { key } });
    await resources.accesskeys.create({
      metadata: {
        name: 'imported',
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': copy },
      },
      spec: { user: 'anna', key, ttl: 3 },
    });
    const stored = await eventually('the hash', async () => {
      const found = await resources.accesskeys.get({ name: 'imported' });
      return found?.spec.keyHash === undefined ? undefined : found;
    });
    assert.equal(stored.spec.keyHash, createHash('sha256').update(key).digest('hex'));
    assert.ok(!JSON.stringify(stored).includes(key));
    const counted = async () => (await resources.users.get({ name: 'anna' }))?.status?.accessKeys?.count;
    await eventually('it is counted', async () => (await counted()) === 1);
    await eventually(
      'it has expired',
      async () => (await resources.accesskeys.get({ name: 'imported' })) === undefined,
    );
    await eventually('it is not counted any more', async () => (await counted()) === 0);
    const made = await resources.accesskeys.create({
      metadata: { name: 'above' },
      spec: { user: 'anna', keyHash: 'a'.repeat(64) },
    });
    for (const [name, uid] of [
      ['below', made.metadata.uid],
      ['below-another', 'of-before'],
    ])
      await resources.accesskeys.create({
        metadata: { name: name ?? '' },
        spec: { user: 'anna', keyHash: 'b'.repeat(64), issuedBy: { accessKey: 'above', uid: uid ?? '' } },
      });
    const isThere = async (name: string) => (await resources.accesskeys.get({ name })) !== undefined;
    await eventually('whose issuer is not there goes', async () => !(await isThere('below-another')));
    assert.equal(await isThere('below'), true);
    await resources.accesskeys.delete({ name: 'above' });
    await eventually('it goes with its issuer', async () => !(await isThere('below')));
  });

  it('tells admission who has as many access keys as possible', async () => {
    const make = (kind: 'user' | 'team', index: number) =>
      resources.accesskeys.create({
        metadata: { name: `one-of-many-${kind}-${index}` },
        spec: { [kind]: 'keyring', keyHash: 'c'.repeat(64) },
      });
    const told = async (kind: keyof typeof accessKeyBounds) =>
      (
        await admin.core.readNamespacedConfigMap({
          name: accessKeyBounds[kind],
          namespace: platformNamespace,
        })
      ).data?.['keyring'];
    await resources.users.create({ metadata: { name: 'keyring' }, spec: { subject: 'keyring@example.org' } });
    await resources.teams.create({ metadata: { name: 'keyring' }, spec: {} });
    for (const kind of ['user', 'team'] as const) {
      for (const index of [1, 2, 3]) await make(kind, index);
      await eventually(`a ${kind} has all`, async () => (await told(`${kind}s`)) === '3');
      const refusal = new RegExp(`${kind} keyring has 3 access keys, which is the limit`);
      await eventually('one more is refused', () =>
        resources.accesskeys
          .create({ metadata: { name: 'too-many' }, spec: { [kind]: 'keyring', keyHash: 'd'.repeat(64) } })
          .then(
            () => resources.accesskeys.delete({ name: 'too-many' }).then(() => false),
            (error: unknown) => refusal.test(String(error)),
          ),
      );
      await resources.accesskeys.delete({ name: `one-of-many-${kind}-3` });
      await eventually(`a ${kind} may have one more`, async () => (await told(`${kind}s`)) === undefined);
      await eventually('it is made', () => make(kind, 3));
    }
  });

  it('initialises a cluster once its credentials exist', async () => {
    await resources.clusters.create({ metadata: { name: 'east' }, spec: { local: true } });
    await eventually(
      'it waits',
      async () => (await resources.clusters.get({ name: 'east' }))?.status?.reason === 'InitializeCluster',
    );
    for (const process of ['gateway', 'worker']) {
      const metadata = { name: `cluster-east-${process}` };
      await admin.core.createNamespacedSecret({
        namespace: 'vcluster-platform',
        body: { metadata, stringData: { config: 'x' } },
      });
    }
    await eventually(
      'it is initialised',
      async () => (await resources.clusters.get({ name: 'east' }))?.status?.phase === 'Initialized',
    );
    const secret = {
      resource: 'secrets',
      verb: 'get',
      namespace: 'vcluster-platform',
      name: 'cluster-east-worker',
    };
    await eventually('the worker may read its own', () => can('vcluster-platform:worker', [], secret));
    assert.equal(await can('vcluster-platform:gateway-reader', [], secret), false);
  });

  it("submits create, update, sleep, wake and delete as the resource's state requires", async () => {
    const name = 'alpha';
    await resources.virtualclusterinstances.create({ metadata: { namespace: 'p-demo', name }, spec: {} });
    await eventually('create is submitted', async () => (await operationsOf(name)).includes('create'));
    const created = await eventually('phase Pending', async () => {
      const found = await instance(name);
      return found?.status?.phase === 'Pending' ? found : undefined;
    });
    assert.equal(created.spec?.templateRef?.name, 'small');
    assert.ok(created.metadata.finalizers?.includes(cleanupFinalizer));
    const [operation] = await listOperations(operations, { project: 'demo', name, limit: 1 });
    assert.equal(operation?.actor, 'test-admin');

    // What the operation would report; nobody runs it here.
    await deployed(name, 'Ready');
    await resources.virtualclusterinstances.patch(
      { namespace: 'p-demo', name },
      { spec: { parameters: 'size: 2' } },
    );
    await eventually('update is submitted', async () => (await operationsOf(name)).includes('update'));
    await deployed(name, 'Ready');
    await annotate(name, { [annotations.sleepForce]: 'true' });
    await eventually('sleep is submitted', async () => (await operationsOf(name)).includes('sleep'));
    await deployed(name, 'Sleeping');
    await annotate(name, { [annotations.sleepForce]: null });
    await eventually('wake is submitted', async () => (await operationsOf(name)).includes('wake'));
    await resources.virtualclusterinstances.delete({ namespace: 'p-demo', name });
    await eventually('delete is submitted', async () => (await operationsOf(name)).includes('delete'));
    const counts = Object.groupBy(await operationsOf(name), (type) => type);
    assert.equal(counts.delete?.length, 1);
    await resources.virtualclusterinstances.patch(
      { namespace: 'p-demo', name },
      { metadata: { finalizers: null } },
    );
  });

  async function deployed(name: string, phase: 'Ready' | 'Sleeping'): Promise<void> {
    const found = await instance(name);
    assert.ok(found);
    await resources.virtualclusterinstances.patchStatus(
      { namespace: 'p-demo', name },
      {
        phase,
        observedHash: virtualCluster.desiredHash({ ...found, status: { observedHash: 'x' } }, undefined),
      },
    );
  }
  async function annotate(name: string, values: Record<string, string | null>): Promise<void> {
    await resources.virtualclusterinstances.patch(
      { namespace: 'p-demo', name },
      { metadata: { annotations: values } },
    );
  }

  it('grants rights on a tenant cluster to its owner only', async () => {
    const name = 'owned';
    await resources.virtualclusterinstances.create({
      metadata: { namespace: 'p-demo', name },
      spec: { owner: { user: 'anna' }, access: [{ verbs: ['get', 'use'], users: ['bob'] }] },
    });
    const use = {
      group: 'management.loft.sh',
      resource: 'virtualclusterinstances',
      namespace: 'p-demo',
      name,
      verb: 'use',
    };
    await eventually('the owner uses it', () => can('x', ['loft:user:anna'], use));
    await eventually('so does bob', () => can('x', ['loft:user:bob'], use));
    assert.equal(await can('x', ['loft:user:bob'], { ...use, verb: 'delete' }), false);
    assert.equal(await can('x', ['loft:user:carl'], use), false);
    assert.equal(await can('x', ['loft:user:anna'], { ...use, name: 'other' }), false);
    assert.equal(await can('x', ['loft:user:anna'], { ...use, verb: 'patch', subresource: 'status' }), false);
  });

  it('reports tenant clusters that their project no longer allows', async () => {
    const condition = async () =>
      (await instance('owned'))?.status?.conditions?.find(({ type }) => type === 'AllowedByProject');
    const allow = (name: string) =>
      resources.projects.patch({ name: 'demo' }, { spec: { allowedTemplates: [{ name, isDefault: true }] } });
    await allow('tiny');
    const told = await eventually('the condition', condition);
    assert.deepEqual([told.status, told.reason], ['False', 'TemplateNotAllowed']);
    // One that was made without a template is about to get the project's default.
    const { items } = await admin.core.listNamespacedEvent({ namespace: 'p-demo' });
    assert.deepEqual(
      items.filter(({ reason }) => reason === 'TemplateRequired').map(({ message }) => message),
      [],
    );
    assert.match(told.message ?? '', /does not allow template small.*It keeps running/);
    await allow('small');
    await eventually('it is gone', async () => (await condition()) === undefined);
    await eventually('admission is told', async () => {
      const { metadata } = await admin.core.readNamespace({ name: 'p-demo' });
      return metadata?.annotations?.[annotations.allowedTemplates] === 'small';
    });
  });

  it('keeps one Temporal Schedule per sleep policy and reports invalid ones', async () => {
    const name = 'owned';
    const found = await instance(name);
    const handle = operations.temporal.schedule.getHandle(`sleep-policy/${found?.metadata.uid}`);
    await annotate(name, {
      [annotations.sleepSchedule]: '30 20,23 13 * 0,7',
      [annotations.sleepTimezone]: 'america/havana',
    });
    const schedule = await eventually('the schedule', async () => {
      const found = await handle.describe();
      return found.info.nextActionTimes.length > 0 && found;
    });
    // What Temporal will do is what the schedule says, and what the condition shows.
    const { nextActionTimes } = schedule.info;
    const cron = parseCron('30 20,23 13 * 0');
    assert.ok('schedule' in cron);
    let expected = new Date();
    for (const at of nextActionTimes) {
      expected = nextTime(cron.schedule, 'America/Havana', expected) ?? assert.fail();
      assert.deepEqual(at, expected);
    }
    assert.equal(nextActionTimes.length, 10);
    const valid = await eventually('the condition', async () =>
      (await instance(name))?.status?.conditions?.find(({ type }) => type === 'SleepScheduleValid'),
    );
    assert.equal(valid.status, 'True');
    assert.equal(valid.message, `next sleep at ${nextActionTimes[0]?.toISOString().slice(0, 16)}Z`);
    assert.deepEqual(schedule.action.type === 'startWorkflow' && schedule.action.args, [
      { project: 'demo', name, uid: found?.metadata.uid },
    ]);
    assert.equal(schedule.policies.catchupWindow, 60_000);
    const noted = /^demo\/owned [0-9a-f]{16}$/;
    await eventually('the list says by which policy it is', async () => {
      for await (const { scheduleId, state } of operations.temporal.schedule.list())
        if (scheduleId === handle.scheduleId) return noted.test(state.note ?? '');
      return false;
    });
    const writtenAt = async () => (await handle.describe()).info.lastUpdatedAt;
    const before = await writtenAt();
    const checks = { get: () => undefined, onChecked: () => undefined, stop: async () => undefined };
    const putBacks = createPutBacks(context);
    await sleepSchedules({ ...context, checks, putBacks }).reconcile(`tenant p-demo/${name}`);
    assert.deepEqual(await writtenAt(), before, 'the next controller does not write it again');
    // Refused when it is written now; an earlier version stored it.
    await writeDespitePolicy(admin, 'vcluster-platform-sleep', () =>
      annotate(name, { [annotations.sleepSchedule]: 'at night' }),
    );
    await eventually('the schedule is gone', () =>
      handle.describe().then(
        () => false,
        () => true,
      ),
    );
    const condition = await eventually('the condition', async () =>
      (await instance(name))?.status?.conditions?.find(
        ({ type, status }) => type === 'SleepScheduleValid' && status === 'False',
      ),
    );
    assert.match(condition.message ?? '', /sleep-schedule: invalid cron expression "at night"/);
  });

  it('submits operations and schedules for a space with the name of a tenant cluster', async () => {
    const object = { namespace: 'p-demo', name: 'owned' };
    const schedule = { [annotations.sleepSchedule]: '0 20 * * *' };
    await resources.spaceinstances.create({ metadata: { ...object, annotations: schedule } });
    const ofSpace = () =>
      listOperations(operations, { project: 'demo', kinds: ['space'], name: 'owned', limit: 5 });
    const [create] = await eventually('create is submitted', async () => {
      const found = await ofSpace();
      return found.length > 0 ? found : undefined;
    });
    assert.deepEqual([create?.kind, create?.type, create?.actor], ['space', 'create', 'test-admin']);
    const space = await eventually('phase Pending', async () => {
      const found = await resources.spaceinstances.get(object);
      return found?.status?.phase === 'Pending' ? found : undefined;
    });
    assert.ok(space.metadata.finalizers?.includes(cleanupFinalizer));
    const { uid } = space.metadata;
    const handle = operations.temporal.schedule.getHandle(`sleep-policy/${uid}`);
    const { action } = await eventually('the schedule', () => handle.describe());
    assert.deepEqual(action.type === 'startWorkflow' && action.args, [
      { kind: 'space', project: 'demo', name: 'owned', uid },
    ]);
    await resources.spaceinstances.delete(object);
    await eventually('delete is submitted', async () =>
      (await ofSpace()).some(({ type }) => type === 'delete'),
    );
  });

  retryCases(() => ({ resources, operations }));
  sleepPolicyCases(() => ({ admin, resources, operations }));
  sweep.atTheEnd();

  it('a project is not deleted while it has tenant clusters or spaces', async () => {
    await resources.projects.delete({ name: 'demo' });
    const condition = await eventually('the condition', async () => {
      const project = await resources.projects.get({ name: 'demo' });
      return project?.status?.conditions?.find(({ type }) => type === 'DeletionBlocked');
    });
    assert.match(condition.message ?? '', /owned, space owned/);
    await resources.spaceinstances.patch(
      { namespace: 'p-demo', name: 'owned' },
      { metadata: { finalizers: null } },
    );
    await resources.virtualclusterinstances.delete({ namespace: 'p-demo', name: 'owned' });
    await resources.virtualclusterinstances.patch(
      { namespace: 'p-demo', name: 'owned' },
      { metadata: { finalizers: null } },
    );
    await eventually(
      'the project is gone',
      async () => (await resources.projects.get({ name: 'demo' })) === undefined,
    );
    await eventually('its namespace is gone', () =>
      admin.core.readNamespace({ name: 'p-demo' }).then(
        () => false,
        (error) => statusOf(error) === 404,
      ),
    );
  });
});
