import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { it } from 'node:test';
import { applyObject } from '../../local/bootstrap/apply-manifests.ts';
import type { Operation, Snapshot } from '../../contracts/operations.ts';
import type { Database } from '../../db/client.ts';
import { insertOperation } from '../../db/queries/operations.ts';
import { completeSnapshot, insertSnapshot } from '../../db/queries/snapshots.ts';
import { eventually } from '../support/eventually.ts';
import type { ManagementFixture } from './management-fixture.ts';
import { hashOf } from './test-gateway.ts';
import { type FixtureAnswer, keyOf } from './user-calls.ts';

interface Context {
  readonly fixture: ManagementFixture;
  readonly database: Database;
  newInstance(name: string): Promise<void>;
}

const rbac = 'rbac.authorization.k8s.io';
const base = '/api/v1/projects/alpha/virtualclusters';

/**
 * Records belong to a uid: carl, who is no member of the project but has all rights on single tenant clusters (as their
 * owner has), tries what is another's or was a former one's of his names. Ben administers the project, anna the platform.
 */
export function recordCases(context: () => Context): void {
  const call = (user: string, method: string, path: string, body?: unknown) =>
    context().fixture.call(user, method, path, body);
  const restore = (user: string, name: string, parameters: object) =>
    call(user, 'POST', `${base}/${name}/operations`, { type: 'restore', parameters });
  const items = async <T>(user: string, path: string) =>
    (await call(user, 'GET', path)).json()['items'] as T[];
  const snapshotsOf = (user: string, name: string) => items<Snapshot>(user, `${base}/${name}/snapshots`);

  it('restoring from an invisible snapshot is 404, as listing it is', async () => {
    const victim = await instance('victim', 'secrets');
    await instance('mine');
    await grant('mine', ['*']);
    const listed = await call('carl', 'GET', `${base}/victim/snapshots`);
    assert.equal(listed.status, 404);
    for (const parameters of [
      { snapshot: 'secrets', sourceTenantCluster: 'victim' },
      { snapshot: 'secrets', sourceTenantCluster: 'victim', sourceUid: victim },
      { snapshot: 'none', sourceTenantCluster: 'victim' },
    ]) {
      const answer = await restore('carl', 'mine', parameters);
      assert.deepEqual([answer.status, answer.json()['detail']], [404, listed.json()['detail']]);
    }
    // Not by his own name with the other's uid either.
    isNotFound(await restore('carl', 'mine', { snapshot: 'secrets', sourceUid: victim }));
    const own = await restore('carl', 'mine', { snapshot: 'own' });
    assert.equal(own.status, 202, own.text);
    const byAdministrator = await restore('ben', 'mine', {
      snapshot: 'secrets',
      sourceTenantCluster: 'victim',
    });
    assert.equal(byAdministrator.status, 202, byAdministrator.text);
    const { id, parameters } = byAdministrator.json() as unknown as Operation;
    assert.equal(parameters['sourceUid'], victim);
    const trail = async () => {
      const [event] = await items<Record<string, unknown>>('anna', `/api/v1/audit?operationId=${id}`);
      return event?.['sourceTenantCluster'] === 'victim' && event['sourceUid'] === victim;
    };
    await eventually('the audit log names the source', trail);
    const refused = async () =>
      (await items<Record<string, unknown>>('anna', '/api/v1/audit?user=carl@example.com&code=404')).some(
        (event) => event['sourceTenantCluster'] === 'victim',
      );
    await eventually('the audit log names what was refused', refused);
  });

  it('restoring from a tenant cluster that the caller may see but not change is refused', async () => {
    await instance('shown', 'secrets');
    await instance('taker');
    await grant('shown', ['get']);
    await grant('taker', ['*']);
    assert.equal((await snapshotsOf('carl', 'shown')).length, 1);
    const answer = await restore('carl', 'taker', { snapshot: 'secrets', sourceTenantCluster: 'shown' });
    assert.equal(answer.status, 403, answer.text);
    assert.equal((await call('carl', 'DELETE', `${base}/shown/snapshots/secrets`)).status, 403);
  });

  it('a key scoped to one tenant cluster restores only that one’s snapshots', async () => {
    await instance('other', 'secrets');
    await instance('scoped', 'own');
    const scope = { virtualClusters: [{ project: 'alpha', virtualCluster: 'scoped' }] };
    await context().fixture.resources.accesskeys.create({
      metadata: { name: 'key-scoped' },
      spec: { user: 'ben', keyHash: hashOf(keyOf('scoped')), scope },
    });
    await eventually(
      'the key is known',
      async () => (await call('scoped', 'GET', '/auth/session')).status === 200,
    );
    assert.equal((await restore('scoped', 'scoped', { snapshot: 'own' })).status, 202);
    for (const name of ['other', 'no-such'])
      isNotFound(await restore('scoped', 'scoped', { snapshot: 'secrets', sourceTenantCluster: name }));
    for (const [name, body] of [
      ['scoped', { type: 'sleep' }],
      ['scoped', { type: 'delete' }],
      ['scoped', { type: 'snapshot' }],
      ['other', { type: 'restore', parameters: { snapshot: 'secrets' } }],
    ] as const)
      assert.equal((await call('scoped', 'POST', `${base}/${name}/operations`, body)).status, 403);
  });

  it('a new tenant cluster of the same name gets neither snapshots nor operations of the deleted one', async () => {
    const former = await instance('dev', 'kept');
    const { id } = (
      await call('ben', 'POST', `${base}/dev/operations`, { type: 'sleep' })
    ).json() as unknown as Operation;
    await context().fixture.resources.virtualclusterinstances.delete({ namespace: 'p-alpha', name: 'dev' });
    const gone = async () =>
      (await context().fixture.resources.virtualclusterinstances.get({
        namespace: 'p-alpha',
        name: 'dev',
      })) === undefined;
    await eventually('dev is gone', gone);
    await instance('dev');
    await grant('dev', ['*']);
    assert.deepEqual(await snapshotsOf('carl', 'dev'), []);
    assert.deepEqual(await items('carl', '/api/v1/projects/alpha/snapshots').then(namesOf), ['shown']);
    assert.deepEqual(await items('carl', `${base}/dev/operations`), []);
    const ofProject = await items<Operation>('carl', '/api/v1/projects/alpha/operations');
    assert.ok(!ofProject.some((operation) => operation.id === id));
    for (const [method, path] of [
      ['GET', `/api/v1/operations/${id}`],
      ['GET', `/api/v1/operations/${id}/events`],
      ['POST', `/api/v1/operations/${id}/cancel`],
      ['DELETE', `${base}/dev/snapshots/kept`],
      ['DELETE', `${base}/dev/snapshots/kept?uid=${former}`],
    ] as const)
      isNotFound(await call('carl', method, path));
    isNotFound(await restore('carl', 'dev', { snapshot: 'kept', sourceUid: former }));

    // His own of the same name, and the administrators' way to both.
    const later = await uidOf('dev');
    await snapshot({ project: 'alpha', name: 'dev', uid: later, projectUid: await projectUid() }, 'kept');
    assert.deepEqual(
      (await snapshotsOf('carl', 'dev')).map(({ uid }) => uid),
      [later],
    );
    const both = (await snapshotsOf('ben', 'dev')).map(({ uid }) => uid);
    assert.deepEqual(new Set(both), new Set([former, later]));
    assert.equal((await call('ben', 'GET', `/api/v1/operations/${id}`)).status, 200);
    const chosen = await restore('ben', 'dev', { snapshot: 'kept', sourceUid: former });
    assert.equal(chosen.status, 202, chosen.text);
    assert.equal((await call('ben', 'DELETE', `${base}/dev/snapshots/kept?uid=${former}`)).status, 202);
    assert.equal((await call('carl', 'DELETE', `${base}/dev/snapshots/kept`)).status, 202);
  });

  it('a new project of the same name gets no records of the deleted one; the platform’s administrators do', async () => {
    const record = { project: 'alpha', name: 'ancient', uid: 'u-ancient', projectUid: 'p-former' };
    const id = await snapshot(record, 'old');
    for (const user of ['ben', 'carl']) {
      assert.ok(!(await items('ben', '/api/v1/projects/alpha/snapshots').then(namesOf)).includes('ancient'));
      isNotFound(await call(user, 'GET', `/api/v1/operations/${id}`));
      isNotFound(await call(user, 'DELETE', `${base}/ancient/snapshots/old`));
    }
    assert.equal((await call('anna', 'GET', `/api/v1/operations/${id}`)).status, 200);
    assert.equal((await snapshotsOf('anna', 'ancient')).length, 1);
    // Nobody knows whose the oldest are.
    await snapshot({ ...record, name: 'unknown', uid: '', projectUid: '' }, 'old');
    isNotFound(await call('ben', 'DELETE', `${base}/unknown/snapshots/old`));
    assert.equal((await call('anna', 'DELETE', `${base}/unknown/snapshots/old`)).status, 202);
  });

  async function instance(name: string, kept?: string): Promise<string> {
    await context().newInstance(name);
    const uid = await uidOf(name);
    if (kept !== undefined)
      await snapshot({ project: 'alpha', name, uid, projectUid: await projectUid() }, kept);
    return uid;
  }

  async function uidOf(name: string): Promise<string> {
    const found = await context().fixture.resources.virtualclusterinstances.get({
      namespace: 'p-alpha',
      name,
    });
    return found?.metadata.uid ?? assert.fail(`there is no ${name}`);
  }

  async function projectUid(): Promise<string> {
    return (await context().fixture.resources.projects.get({ name: 'alpha' }))?.metadata.uid ?? assert.fail();
  }

  /** A complete snapshot in the catalogue, and the operation that made it. */
  async function snapshot(
    record: { project: string; name: string; uid: string; projectUid: string },
    name: string,
  ): Promise<string> {
    const operationId = randomUUID();
    const { project, uid, projectUid: ofProject } = record;
    const row = { id: operationId, type: 'snapshot', project, name: record.name, uid } as const;
    await context().database.query(async (db) => {
      const more = { projectUid: ofProject, actor: 'dora', idempotencyKey: operationId, expectedMs: 1 };
      await insertOperation(db, { ...row, ...more }, [
        { key: 'save', title: 'Save', undo: '', expectedMs: 1 },
      ]);
      const key = { project, tenantCluster: record.name, uid, name };
      await insertSnapshot(db, key, {
        operationId,
        projectUid: ofProject,
        file: `${project}/a/${name}.vcps`,
      });
      await completeSnapshot(db, operationId, { sizeBytes: 1, sha256: 'ab', revision: 1, totalKeys: 1 });
    });
    return operationId;
  }

  /** What the controllers make of an owner, or of access with these verbs. */
  async function grant(name: string, verbs: string[]): Promise<void> {
    const metadata = { name: `carl-${name}`, namespace: 'p-alpha' };
    const resources = ['virtualclusterinstances', 'virtualclusterinstances/snapshot'];
    const rules = [{ apiGroups: ['management.loft.sh'], resources, resourceNames: [name], verbs }];
    const roleRef = { apiGroup: rbac, kind: 'Role', name: metadata.name };
    const subjects = [{ apiGroup: rbac, kind: 'Group', name: 'loft:user:carl' }];
    const { admin } = context().fixture;
    const apiVersion = `${rbac}/v1`;
    await applyObject(admin, { apiVersion, kind: 'Role', metadata, rules } as never);
    await applyObject(admin, { apiVersion, kind: 'RoleBinding', metadata, roleRef, subjects } as never);
    await eventually(
      `carl may see ${name}`,
      async () => (await call('carl', 'GET', `${base}/${name}/snapshots`)).status === 200,
    );
  }
}

function namesOf(snapshots: unknown[]): string[] {
  return (snapshots as Snapshot[]).map(({ tenantCluster }) => tenantCluster);
}

function isNotFound(answer: FixtureAnswer): void {
  assert.equal(answer.status, 404, answer.text);
}
