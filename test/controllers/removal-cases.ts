import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { it } from 'node:test';
import type { ClusterClient } from '../../adapters/kubernetes/client.ts';
import { createSnapshotRetentionActivities } from '../../activities/snapshots/snapshot-retention.ts';
import { apiMessage, statusOf } from '../../adapters/kubernetes/failures.ts';
import { type ManagementResources, managementResources } from '../../adapters/kubernetes/resources.ts';
import { insertOperation } from '../../db/queries/operations.ts';
import { findSession, insertSession } from '../../db/queries/sessions.ts';
import { deleteSnapshot, failSnapshot, findSnapshotOf, insertSnapshot } from '../../db/queries/snapshots.ts';
import type { OperationsDeps } from '../../operations/dependencies.ts';
import { eventually } from '../support/eventually.ts';

interface Context {
  readonly admin: ClusterClient;
  /** The management API as one of the platform's processes. */
  as(name: string): Promise<ClusterClient>;
  readonly resources: ManagementResources;
  readonly operations: OperationsDeps;
}

/** What is deleted leaves nothing to the next one of its name, and what has to outlive it does. */
export function removalCases(context: () => Context): void {
  it('a deleted user is removed from everything that names them before the name is free', async () => {
    const { resources, operations } = context();
    const uidOf = async () => (await resources.users.get({ name: 'greta' }))?.metadata.uid;
    const make = () =>
      resources.users.create({ metadata: { name: 'greta' }, spec: { subject: 'greta@example.org' } });
    const { metadata } = await make();
    // At admission: a user has it from the first moment.
    assert.deepEqual(metadata.finalizers, ['loft.sh/cleanup']);
    await eventually('she is written over', async () => {
      const now = (await resources.users.get({ name: 'greta' })) ?? assert.fail();
      return resources.users.replace({ ...now, metadata: { ...now.metadata, finalizers: [] } });
    });
    assert.deepEqual((await resources.users.get({ name: 'greta' }))?.metadata.finalizers, [
      'loft.sh/cleanup',
    ]);
    const keyHash = 'a'.repeat(64);
    await resources.accesskeys.create({ metadata: { name: 'gretas' }, spec: { user: 'greta', keyHash } });
    await eventually(
      'the key is written down as hers',
      async () => (await resources.accesskeys.get({ name: 'gretas' }))?.status?.ownerUid === metadata.uid,
    );
    const access = [
      { verbs: ['get'], users: ['greta', 'anna'] },
      { verbs: ['*'], users: ['greta'] },
    ];
    const owner = { user: 'greta' };
    const rules = [{ users: ['greta'], clusterRole: 'view' }];
    await resources.teams.create({ metadata: { name: 'hers' }, spec: { users: ['anna', 'greta'], owner } });
    await resources.virtualclustertemplates.create({
      metadata: { name: 'hers' },
      spec: { owner, access, versions: [{ version: '1.0.0', template: { access: { rules } } }] },
    });
    await resources.projects.create({
      metadata: { name: 'hers' },
      spec: {
        owner,
        access,
        members: [
          { kind: 'User', name: 'greta', clusterRole: 'loft-management-project-admin' },
          { kind: 'Team', name: 'greta', clusterRole: 'loft-management-project-user' },
        ],
      },
    });
    const place = { name: 'hers', namespace: 'p-demo' };
    const spec = { owner, access, extraAccessRules: rules };
    await resources.virtualclusterinstances.create({
      metadata: place,
      spec: { ...spec, templateRef: { name: 'small' } },
    });
    await resources.spaceinstances.create({ metadata: place, spec });
    const idHash = randomUUID();
    const [now, expiresAt] = [new Date(), new Date(Date.now() + 60_000)];
    const row = { idHash, user: 'greta', userUid: metadata.uid, createdAt: now, lastSeenAt: now, expiresAt };
    await operations.database.query((db) => insertSession(db, row));

    await resources.users.delete({ name: 'greta' });
    await eventually('she is gone', async () => (await uidOf()) === undefined);
    assert.equal(await resources.accesskeys.get({ name: 'gretas' }), undefined);
    const found = await operations.database.query((db) =>
      findSession(db, idHash, { now, idleSince: new Date(0) }),
    );
    assert.equal(found, undefined);
    const left = {
      team: (await resources.teams.get({ name: 'hers' }))?.spec,
      template: (await resources.virtualclustertemplates.get({ name: 'hers' }))?.spec,
      project: (await resources.projects.get({ name: 'hers' }))?.spec,
      tenant: (await resources.virtualclusterinstances.get(place))?.spec,
      space: (await resources.spaceinstances.get(place))?.spec,
    };
    assert.deepEqual(
      left.project?.members?.map(({ kind, name }) => [kind, name]),
      [['Team', 'greta']],
    );
    assert.deepEqual(left.team?.users, ['anna']);
    assert.deepEqual(left.tenant?.access, [{ verbs: ['get'], users: ['anna'] }]);
    assert.doesNotMatch(JSON.stringify({ ...left, project: { ...left.project, members: [] } }), /greta/);
    await make();
    await resources.users.delete({ name: 'greta' });
    // There is no worker here that would remove them.
    for (const plural of ['virtualclusterinstances', 'spaceinstances'] as const) {
      await resources[plural].delete(place);
      await eventually(`no ${plural} of hers`, async () => {
        if ((await resources[plural].get(place)) === undefined) return true;
        await resources[plural].patch(place, { metadata: { finalizers: [] } });
        return false;
      });
    }
  });

  it('what its vcluster.yaml protects is not deleted, and what is ignored beside it is named', async () => {
    const { resources } = context();
    const { virtualclusterinstances } = resources;
    const place = { namespace: 'p-demo', name: 'kept' };
    const conditionOf = async (wanted: string) =>
      (await virtualclusterinstances.get(place))?.status?.conditions?.find(({ type }) => type === wanted);
    const protect = (isProtected: boolean) => ({
      template: {
        helmRelease: { values: `deletion: { prevent: ${isProtected}, grace: 1h }` },
      },
    });
    const scope = { 'sleepmode.loft.sh/scope': 'workloads-only' };
    await virtualclusterinstances.create({
      metadata: { ...place, annotations: scope },
      spec: protect(true),
    });
    const ignored = await eventually('what is ignored is named', () => conditionOf('FieldsIgnored'));
    assert.match(ignored.message ?? '', /spec\.template\.helmRelease\.values \(deletion\.grace\)/);
    assert.match(ignored.message ?? '', /metadata\.annotations\[sleepmode\.loft\.sh\/scope\]/);
    await eventually('it is protected', () => conditionOf('DeletionPrevented'));
    await assert.rejects(
      virtualclusterinstances.delete(place),
      (error) =>
        statusOf(error) === 403 &&
        /"kept" is not to be deleted: helmRelease\.values of spec\.template set deletion\.prevent/.test(
          apiMessage(error),
        ),
    );
    await virtualclusterinstances.patch(place, { spec: protect(false) });
    await eventually(
      'it is not any more',
      async () => (await conditionOf('DeletionPrevented')) === undefined,
    );
    const finalizers = async () => (await virtualclusterinstances.get(place))?.metadata.finalizers ?? [];
    await eventually('the platform holds it', async () => (await finalizers()).length > 0);
    await virtualclusterinstances.delete(place);
    await virtualclusterinstances.patch(place, { metadata: { finalizers: null } });
  });

  it('the snapshot key of a deleted project is kept, and old records get their uid', async () => {
    const { admin, resources, operations } = context();
    const { metadata } = await resources.projects.create({ metadata: { name: 'kept' }, spec: {} });
    await eventually('its namespace', () => admin.core.readNamespace({ name: 'p-kept' }));
    const key = randomBytes(32).toString('base64');
    const body = { metadata: { name: 'snapshot-key' }, data: { key } };
    await admin.core.createNamespacedSecret({ namespace: 'p-kept', body });
    const operationId = randomUUID();
    await operations.database.query(async (db) => {
      const operation = { project: 'kept', name: 'old', uid: 'u-old', type: 'snapshot' } as const;
      const more = { actor: 'anna', idempotencyKey: operationId, expectedMs: 1 };
      const step = { key: 'save', title: 'Save', undo: '', expectedMs: 1 };
      await insertOperation(db, { id: operationId, ...operation, ...more }, [step]);
      const name = { project: 'kept', tenantCluster: 'old', uid: 'u-old', name: 's' };
      await insertSnapshot(db, name, { operationId, projectUid: '', file: 'kept/old/s.vcps' });
    });
    await resources.projects.delete({ name: 'kept' });
    const gone = async () => (await resources.projects.get({ name: 'kept' })) === undefined;
    await eventually('the project is gone', gone);
    const place = { namespace: 'vcluster-platform-snapshot-keys', name: `project-${metadata.uid}` };
    assert.equal((await admin.core.readNamespacedSecret(place)).data?.['key'], key);
    const row = await operations.database.query((db) => findSnapshotOf(db, operationId));
    assert.equal(row?.projectUid, metadata.uid);

    // Until nobody needs it: what is gone for long goes, and its key with the last of it.
    const management = await context().as('vcluster-platform:worker');
    const ofWorker = { management, resources: managementResources(management), operations };
    await operations.database.query((db) => failSnapshot(db, operationId));
    assert.equal((await createSnapshotRetentionActivities(ofWorker).expireSnapshots()).deleting, 0);
    const soon = createSnapshotRetentionActivities({ ...ofWorker, goneSnapshotDays: 1e-9 });
    const first = await soon.expireSnapshots();
    assert.deepEqual(first, { deleting: 1, keys: 0 });
    await operations.database.query((db) => deleteSnapshot(db, operationId)); // what its workflow does
    assert.deepEqual(await soon.expireSnapshots(), { deleting: 0, keys: 1 });
    await assert.rejects(admin.core.readNamespacedSecret(place), (error) => statusOf(error) === 404);
  });
}
