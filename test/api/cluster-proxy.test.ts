import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { connectCluster } from '../../adapters/kubernetes/client.ts';
import { eventually } from '../support/eventually.ts';
import { type AccessFixture, startAccessFixture } from './access-fixture.ts';

const path = '/kubernetes/cluster/local';
let fixture: AccessFixture;
before(async () => {
  fixture = await startAccessFixture();
  await eventually(
    'the controllers have reconciled the cluster',
    async () => (await fixture.kubectl('anna', ['get', 'nodes'], { path })).code === 0,
  );
});
after(() => fixture?.stop());

describe('/kubernetes/cluster/…', () => {
  it('forwards an administrator under their own identity', async () => {
    const who = await fixture.kubectl('anna', ['auth', 'whoami', '-o', 'json'], { path });
    assert.equal(who.code, 0, who.stderr);
    const { userInfo } = JSON.parse(who.stdout).status;
    assert.equal(userInfo.username, 'anna@example.com');
    assert.deepEqual(userInfo.groups, ['system:authenticated', 'loft:user:anna']);
    const made = await fixture.kubectl('anna', ['create', 'namespace', 'made-by-anna'], { path });
    assert.equal(made.code, 0, made.stderr);
    assert.ok(await fixture.clusterAdmin.core.readNamespace({ name: 'made-by-anna' }));
  });

  it('404: an invisible one and a missing one get the same answer', async () => {
    for (const name of ['local', 'nothing']) {
      const answer = await fixture.call('carl', 'GET', `/kubernetes/cluster/${name}/api`);
      assert.equal(answer.status, 404);
      assert.equal(answer.json()['message'], `connected cluster "${name}" not found, or you may not see it`);
    }
    assert.equal((await fixture.call('anna', 'GET', '/kubernetes/cluster/nothing/api')).status, 404);
  });

  it("403: a caller who may see but not use it; with use, the cluster's own RBAC decides", async () => {
    await fixture.addUser('gus');
    await fixture.resources.clusters.patch(
      { name: 'local' },
      { spec: { access: [{ users: ['gus'], verbs: ['get'] }] } },
    );
    const list = () => fixture.call('gus', 'GET', `${path}/api/v1/namespaces`);
    await eventually('he may see it', async () => (await list()).status === 403);
    assert.match(String((await list()).json()['message']), /may see connected cluster local, but not use it/);
    await fixture.resources.clusters.patch(
      { name: 'local' },
      { spec: { access: [{ users: ['gus'], verbs: ['get', 'use'] }] } },
    );
    await eventually('the cluster itself refuses', async () => {
      const { status, text } = await list();
      return status === 403 && text.includes('User \\"gus@example.com\\" cannot list resource');
    });
    assert.equal((await fixture.call('gus', 'GET', `${path}/version`)).status, 200);
  });

  it("the gateway's credential there may impersonate listed names only", async () => {
    const gateway = connectCluster(await fixture.cluster.kubeconfig('vcluster-platform:gateway'));
    await assert.rejects(gateway.core.listNamespace(), { code: 403 });
    const { AuthorizationV1Api } = await import('@kubernetes/client-node');
    const reviews = gateway.kubeConfig.makeApiClient(AuthorizationV1Api);
    const may = async (resource: string, name: string) => {
      const body = { spec: { resourceAttributes: { verb: 'impersonate', resource, name } } };
      return (await reviews.createSelfSubjectAccessReview({ body })).status?.allowed;
    };
    for (const [resource, name, expected] of [
      ['users', 'anna@example.com', true],
      ['groups', 'loft:user:anna', true],
      ['users', 'nobody', false],
      ['groups', 'loft:user:nobody', false],
      ['groups', 'system:masters', false],
      ['users', 'vcluster-platform:worker', false],
      ['serviceaccounts', 'default', false],
    ] as const)
      assert.equal(await may(resource, name), expected, `${resource} ${name}`);
  });

  it('a former administrator of the platform is no longer administrator there', async () => {
    await fixture.addUser('ada', { clusterRoles: [{ name: 'loft-management-admin' }] });
    const list = () => fixture.kubectl('ada', ['get', 'secrets', '-A'], { path });
    await eventually('she administers it', async () => (await list()).code === 0);
    await fixture.resources.users.patch({ name: 'ada' }, { spec: { clusterRoles: [] } });
    await eventually('she does not any more', async () => (await list()).code !== 0);
  });
});
