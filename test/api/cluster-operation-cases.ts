import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { OperationPreview } from '../../contracts/operation-preview.ts';
import type { Operation } from '../../contracts/operations.ts';
import { eventually } from '../support/eventually.ts';
import { openEvents } from './event-stream-client.ts';
import type { ManagementFixture } from './management-fixture.ts';

interface Context {
  readonly fixture: ManagementFixture;
}

/**
 * Operations of connected clusters. Anna administers the platform, ben project alpha; carl is let keep clusters, and no tenants.
 * There is no worker, so what is submitted waits.
 */
export function clusterOperationCases(context: () => Context): void {
  const path = (name: string) => `/api/v1/clusters/${name}/operations`;
  const post = (user: string, name: string, body: object) =>
    context().fixture.call(user, 'POST', path(name), body);
  const listed = async (user: string, of: string) => {
    const answer = await context().fixture.call(user, 'GET', of);
    assert.equal(answer.status, 200, answer.text);
    return (answer.json() as unknown as { items: Operation[] }).items;
  };
  const newCluster = async (name: string) => {
    const { parts, resources } = context().fixture;
    await resources.clusters.create({ metadata: { name }, spec: { networkPeer: true } });
    await eventually('the gateway has seen it', () => parts.gateway.cache.hasCluster(name), {
      intervalMs: 10,
    });
  };

  const detailOf = (answer: { json(): unknown }) => (answer.json() as { detail: string }).detail;

  it('202: a disconnect is queued, the same joins, another takes its place', async () => {
    await newCluster('east');
    const first = await post('anna', 'east', { type: 'disconnect' });
    assert.equal(first.status, 202, first.text);
    const operation = first.json() as unknown as Operation;
    const { type, kind, cluster, project, actor } = operation;
    assert.deepEqual(
      [type, kind, cluster, project, actor],
      ['disconnect', 'cluster', 'east', undefined, 'anna@example.com'],
    );
    const again = (await post('anna', 'east', { type: 'disconnect' })).json() as unknown as Operation;
    assert.deepEqual([again.id, again.joined], [operation.id, true]);
    const forced = { type: 'disconnect', parameters: { force: true } };
    const judged = await post('anna', 'east', { ...forced, dryRun: true });
    const { outcome, supersedes, cluster: about } = judged.json() as unknown as OperationPreview;
    assert.deepEqual([outcome, about], ['queued', 'east']);
    assert.deepEqual(
      supersedes.map(({ id }) => id),
      [operation.id],
    );
    assert.equal((await post('anna', 'east', forced)).status, 202);
    const states = (await listed('anna', path('east'))).map(({ state }) => state);
    assert.deepEqual(states, ['queued', 'superseded']);
  });

  it('409: while tenants live there; 422 and 400 for what is not understood', async () => {
    await newCluster('inhabited');
    const { parts, resources } = context().fixture;
    await resources.spaceinstances.create({
      metadata: { name: 'there', namespace: 'p-alpha' },
      spec: { clusterRef: { cluster: 'inhabited' } },
    });
    await eventually('the gateway has seen it', () => parts.gateway.cache.instances('space').length > 0);
    const refused = await post('anna', 'inhabited', { type: 'disconnect', dryRun: true });
    assert.equal(refused.status, 409, refused.text);
    assert.match(refused.text, /1 tenant cluster or space is .*\(space alpha\/there\)/);
    const deleting = { type: 'disconnect', parameters: { deleteTenants: true }, dryRun: true };
    assert.equal((await post('anna', 'inhabited', deleting)).status, 200);
    const bodies = [
      { type: 'sleep' },
      { type: 'upgrade', parameters: { force: true } },
      { type: 'upgrade', parameters: { image: 'a b' } },
    ];
    for (const body of bodies) assert.equal((await post('anna', 'inhabited', body)).status, 400);
    const image = {
      type: 'upgrade',
      parameters: { image: 'registry.example:5000/agent@sha256:0a' },
      dryRun: true,
    };
    assert.equal((await post('anna', 'inhabited', image)).status, 200);
  });

  /** `user` may do `verbs` with the connected cluster of that name, or with all. */
  const admit = async (user: string, verbs: string[], only?: string) => {
    const { rbac } = context().fixture.admin;
    const metadata = { name: `${user}-clusters` };
    const apiGroup = 'rbac.authorization.k8s.io';
    const rule = { apiGroups: ['management.loft.sh'], resources: ['clusters'], verbs };
    await rbac.createClusterRole({
      body: { metadata, rules: [{ ...rule, ...(only === undefined ? {} : { resourceNames: [only] }) }] },
    });
    await rbac.createClusterRoleBinding({
      body: {
        metadata,
        roleRef: { apiGroup, kind: 'ClusterRole', name: metadata.name },
        subjects: [{ kind: 'User', name: `${user}@example.com`, apiGroup }],
      },
    });
  };

  it('404 for who may not see it, 403 for who may not do it; to read them takes the right to update it', async () => {
    const { fixture } = context();
    await newCluster('walled');
    for (const type of ['disconnect', 'upgrade']) {
      const hidden = await post('ben', 'walled', { type });
      assert.equal(hidden.status, 404, hidden.text);
      const missing = await post('ben', 'never-there', { type });
      assert.equal(detailOf(hidden), detailOf(missing).replace('never-there', 'walled'));
    }
    assert.equal((await fixture.call('ben', 'GET', path('walled'))).status, 404);
    // As a member of a project that allows it, and as one who keeps clusters.
    await admit('ben', ['get'], 'walled');
    await admit('carl', ['get', 'update', 'delete']);
    for (const [user, status] of [
      ['ben', 403],
      ['carl', 200],
    ] as const)
      await eventually(`${user} may what was granted`, async () => {
        assert.equal((await fixture.call(user, 'GET', path('walled'))).status, status);
        return true;
      });
    for (const type of ['disconnect', 'upgrade'])
      assert.equal((await post('ben', 'walled', { type })).status, 403);
    const withTenants = await post('carl', 'walled', {
      type: 'disconnect',
      parameters: { deleteTenants: true },
    });
    assert.equal(withTenants.status, 403);
    assert.match(withTenants.text, /in all projects/);
    const { id } = (await post('anna', 'walled', { type: 'disconnect' })).json() as { id: string };

    const cases = [
      ['anna', 200, true],
      ['carl', 200, true],
      ['ben', 404, false],
    ] as const;
    for (const [user, status, sees] of cases) {
      assert.equal((await fixture.call(user, 'GET', `/api/v1/operations/${id}`)).status, status, user);
      const all = await listed(user, '/api/v1/operations?limit=200');
      assert.equal(
        all.some((operation) => operation.id === id),
        sees,
        user,
      );
      const ofKind = await listed(user, '/api/v1/operations?kind=cluster&cluster=walled');
      assert.equal(ofKind.length, Number(sees), user);
    }
    assert.equal((await fixture.call('ben', 'POST', `/api/v1/operations/${id}/cancel`)).status, 404);
    assert.equal((await fixture.call('carl', 'POST', `/api/v1/operations/${id}/cancel`)).status, 202);
    const objects = await fixture.kubectl('anna', ['get', 'operations', '-A', '-o', 'name']);
    assert.ok(!objects.stdout.includes(id), 'those objects are in namespaces');
  });

  it('the stream of events tells them to who may read them', async () => {
    const { fixture } = context();
    const [anna, ben] = [await openEvents(fixture, 'anna'), await openEvents(fixture, 'ben')];
    try {
      const { id } = (await post('anna', 'walled', { type: 'upgrade' })).json() as { id: string };
      const hears = ({ events }: typeof anna) =>
        events.some(({ event, data }) => event === 'operation' && (JSON.parse(data) as Operation).id === id);
      await eventually('anna is told', () => hears(anna));
      assert.equal(hears(ben), false);
    } finally {
      await Promise.all([anna.close(), ben.close()]);
    }
  });

  it('a disconnected cluster leaves its operations to the administrators of the platform', async () => {
    const { fixture } = context();
    await newCluster('passing');
    const { id } = (await post('anna', 'passing', { type: 'upgrade' })).json() as { id: string };
    await fixture.resources.clusters.delete({ name: 'passing' });
    await newCluster('passing');
    for (const [user, sees] of [
      ['anna', true],
      ['carl', false],
    ] as const) {
      const items = await listed(user, path('passing'));
      assert.equal(items.length, Number(sees), user);
      const { status } = await fixture.call(user, 'GET', `/api/v1/operations/${id}`);
      assert.equal(status, sees ? 200 : 404, user);
    }
  });
}
