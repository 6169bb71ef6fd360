import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { AuthorizationV1Api } from '@kubernetes/client-node';
import { connectCluster } from '../../adapters/kubernetes/client.ts';
import { eventually } from '../support/eventually.ts';
import { applyObject } from '../../local/bootstrap/apply-manifests.ts';
import { type ManagementFixture, startManagementFixture } from './management-fixture.ts';
import { hashOf } from './test-gateway.ts';
import { keyOf } from './user-calls.ts';

const group = 'rbac.authorization.k8s.io';
let fixture: ManagementFixture;

before(async () => {
  fixture = await startManagementFixture();
  // Ben may act as carl and as group devs, and as nobody else.
  const rules = [
    { apiGroups: [''], resources: ['users'], verbs: ['impersonate'], resourceNames: ['carl@example.com'] },
    { apiGroups: [''], resources: ['groups'], verbs: ['impersonate'], resourceNames: ['devs'] },
  ];
  const metadata = { name: 'impersonator' };
  const apiVersion = `${group}/v1`;
  const roleRef = { apiGroup: group, kind: 'ClusterRole', name: 'impersonator' };
  const subjects = [{ apiGroup: group, kind: 'Group', name: 'loft:user:ben' }];
  const role = { apiVersion, kind: 'ClusterRole', metadata, rules };
  const binding = { apiVersion, kind: 'ClusterRoleBinding', metadata, roleRef, subjects };
  for (const object of [role, binding]) await applyObject(fixture.admin, object);
});
after(() => fixture?.stop());

interface UserInfo {
  username: string;
  groups: string[];
  extra?: Record<string, string[]>;
}

async function whoami(user: string, ...flags: string[]): Promise<UserInfo> {
  const { code, stdout, stderr } = await fixture.kubectl(user, ['auth', 'whoami', '-o', 'json', ...flags]);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout).status.userInfo as UserInfo;
}

async function refusal(user: string, ...flags: string[]): Promise<string> {
  const { code, stderr } = await fixture.kubectl(user, ['get', 'configmaps', '-n', 'default', ...flags]);
  assert.notEqual(code, 0);
  return stderr;
}

describe('kubectl --as through the gateway', () => {
  it('acts as the other user with the given groups, and carries the original user', async () => {
    const info = await eventually('ben’s right is in force', () => whoami('ben', '--as=carl@example.com'));
    assert.equal(info.username, 'carl@example.com');
    assert.deepEqual(info.groups, ['system:authenticated']);
    assert.deepEqual(info.extra, { 'vcluster-platform.io/original-user': ['ben@example.com'] });
    const withGroup = await whoami('ben', '--as=carl@example.com', '--as-group=devs');
    assert.deepEqual(withGroup.groups, ['devs', 'system:authenticated']);
  });

  it("has the other user’s rights and not the caller's", async () => {
    const create = ['auth', 'can-i', 'create', 'virtualclusterinstances', '-n', 'p-alpha'];
    assert.equal((await fixture.kubectl('ben', create)).stdout, 'yes\n');
    assert.equal((await fixture.kubectl('ben', [...create, '--as=carl@example.com'])).stdout, 'no\n');
  });

  it('gives a user their own groups where the caller may act as all of these', async () => {
    const { groups } = await whoami('anna', '--as=ben@example.com');
    assert.deepEqual(groups, ['devs', 'system:authenticated', 'loft:user:ben']);
    const create = ['auth', 'can-i', 'create', 'virtualclusterinstances', '-n', 'p-alpha'];
    assert.equal((await fixture.kubectl('anna', [...create, '--as=ben@example.com'])).stdout, 'yes\n');
    assert.equal((await fixture.kubectl('anna', [...create, '--as=carl@example.com'])).stdout, 'no\n');
  });

  it('is there for administrators and impersonators out of the box, and gives no one more power', async () => {
    const bind = (name: string, role: string, user: string) =>
      applyObject(fixture.admin, {
        apiVersion: `${group}/v1`,
        kind: 'ClusterRoleBinding',
        metadata: { name },
        roleRef: { apiGroup: group, kind: 'ClusterRole', name: role },
        subjects: [{ apiGroup: group, kind: 'Group', name: `loft:user:${user}` }],
      } as never);
    for (const name of ['admin', 'helper'])
      await fixture.resources.users.create({ metadata: { name }, spec: {} });
    for (const name of ['admin', 'helper'])
      await fixture.resources.accesskeys.create({
        metadata: { name: `key-${name}` },
        spec: { user: name, keyHash: hashOf(keyOf(name)) },
      });
    const names = { users: ['admin', 'helper'], groups: ['loft:user:admin', 'loft:user:helper'] };
    const rules = Object.entries(names).map(([resource, resourceNames]) => ({
      apiGroups: [''],
      resources: [resource],
      verbs: ['impersonate'],
      resourceNames,
    }));
    const metadata = { name: 'gateway-more' };
    const role = { apiVersion: `${group}/v1`, kind: 'ClusterRole', metadata, rules };
    await applyObject(fixture.admin, role);
    await applyObject(fixture.admin, {
      apiVersion: `${group}/v1`,
      kind: 'ClusterRoleBinding',
      metadata,
      roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'gateway-more' },
      subjects: [{ apiGroup: group, kind: 'User', name: 'vcluster-platform:gateway' }],
    } as never);
    await bind('test-admin', 'loft-management-admin', 'admin');
    await bind('test-helper', 'loft-impersonator', 'helper');
    for (const user of ['admin', 'helper'])
      await eventually(`${user} acts as ben`, async () => {
        const { username, groups } = await whoami(user, '--as=ben@example.com');
        return username === 'ben@example.com' && groups.includes('loft:user:ben');
      });
    for (const flags of [
      ['--as=admin'],
      ['--as=anna@example.com'],
      ['--as=carl@example.com', '--as-group=loft:user:admin'],
      ['--as=carl@example.com', '--as-group=devs', '--as-group=loft:user:anna'],
    ])
      assert.match(await refusal('helper', ...flags), /rights over the whole platform that you do not have/);
    // Nor does an administrator become one who may do everything in the management API.
    assert.match(await refusal('admin', '--as=anna@example.com'), /rights over the whole platform/);
    assert.equal((await whoami('admin', '--as=helper')).username, 'helper');
  });

  it('of someone in another language acts as them', async () => {
    const { code, stderr } = await fixture.kubectl('anna', ['get', 'ns', '--as=j\u00f6rg']);
    assert.notEqual(code, 0);
    assert.match(stderr, /only users and groups that the platform knows/); // read, and asked for
  });

  it('is refused where RBAC does not allow it', async () => {
    assert.match(
      await refusal('ben', '--as=anna@example.com'),
      /you may not impersonate user "anna@example.com"/,
    );
    assert.match(
      await refusal('ben', '--as=carl@example.com', '--as-group=loft:user:anna'),
      /you may not impersonate group "loft:user:anna"/,
    );
    assert.match(
      await refusal('carl', '--as=ben@example.com'),
      /you may not impersonate user "ben@example.com"/,
    );
  });

  it('is refused for reserved identities even to an administrator', async () => {
    for (const flags of [
      ['--as=system:admin'],
      ['--as=system:serviceaccount:kube-system:default'],
      ['--as=vcluster-platform:gateway-reader'],
      ['--as=ben@example.com', '--as-group=system:masters'],
      ['--as=ben@example.com', '--as-group=System :masters'],
    ])
      assert.match(await refusal('anna', ...flags), /is reserved and cannot be impersonated/);
  });

  it('is refused with uid and extra instead of dropping them', async () => {
    assert.match(await refusal('anna', '--as=ben@example.com', '--as-uid=0'), /not uid or extra/);
  });

  it('has a clear error when the gateway itself may not impersonate that user', async () => {
    assert.match(
      await refusal('anna', '--as=stranger@example.com'),
      /only users and groups that the platform knows/,
    );
  });

  it('selves show the other user, and no key', async () => {
    const path = '/kubernetes/management/apis/management.loft.sh/v1/selves';
    const asBen = { 'impersonate-user': 'ben@example.com', 'impersonate-group': 'devs' };
    const answer = await fixture.call('anna', 'POST', path, {}, asBen);
    assert.equal(answer.status, 201, answer.text);
    const { status } = answer.json() as { status: { user: { name: string } } & Record<string, unknown> };
    assert.equal(status.user.name, 'ben');
    assert.equal(status['subject'], 'ben@example.com');
    assert.deepEqual(status['groups'], ['devs', 'system:authenticated']);
    assert.equal(status['accessKey'], undefined);
    const key = { spec: { accessKey: 'key-of-ben' } };
    assert.equal((await fixture.call('anna', 'POST', path, key, asBen)).status, 404);
    assert.equal((await fixture.call('ben', 'POST', path, {}, { 'impersonate-user': 'anna' })).status, 403);
  });

  it('is refused on paths that are not proxied', async () => {
    const answer = await fixture.call('anna', 'GET', '/api/v1/projects', undefined, {
      'impersonate-user': 'ben@example.com',
    });
    assert.equal(answer.status, 400, answer.text);
  });

  it('no other extra and no uid can be impersonated with the gateway’s own credential', async () => {
    const review = async (headers: Record<string, string>) => {
      const client = fixture.parts.gateway.management.dispatcher;
      const answer = await client.request({
        method: 'GET',
        path: '/api',
        headers: { 'impersonate-user': 'ben@example.com', ...headers },
      });
      await answer.body.dump();
      return answer.statusCode;
    };
    assert.equal(await review({}), 200);
    assert.equal(await review({ 'impersonate-extra-vcluster-platform.io%2foriginal-user': 'x' }), 200);
    assert.equal(await review({ 'impersonate-extra-scopes': 'x' }), 403);
    assert.equal(await review({ 'impersonate-uid': '0' }), 403);
  });
});

describe('upgrades at a real API server', () => {
  const upgrade = (path: string, user = 'anna') => fixture.kubectl(user, ['exec', ...path.split(' ')]);

  it('404 and 403 of an upgrade reach the client', async () => {
    assert.match((await upgrade('-n default nothing -- true')).stderr, /pods "nothing" not found/);
    assert.match(
      (await upgrade('-n default nothing -- true', 'carl')).stderr,
      /cannot get resource "pods"|forbidden/i,
    );
  });

  it('the error of an unreachable node reaches the client, for SPDY and WebSocket', async () => {
    const metadata = { name: 'stuck', namespace: 'default' };
    const spec = {
      nodeName: 'no-such-node',
      containers: [{ name: 'a', image: 'a' }],
      automountServiceAccountToken: false,
    };
    await applyObject(fixture.admin, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'default', namespace: 'default' },
    });
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec };
    await applyObject(fixture.admin, pod);
    for (const webSockets of ['true', 'false']) {
      const { code, stderr } = await fixture.kubectl(
        'anna',
        ['exec', '-n', 'default', 'stuck', '--', 'true'],
        {
          env: { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: webSockets },
        },
      );
      assert.notEqual(code, 0);
      assert.match(stderr, /no-such-node/);
    }
    await eventually('no stream is left', () => fixture.parts.gateway.streams.size === 0);
  });
});

describe('the identity that the gateway reads as', () => {
  it('reads, and may do nothing else that not everybody may', async () => {
    const rightsOf = async (user: string) =>
      connectCluster(await fixture.apiServer.kubeconfig(user)).kubeConfig.makeApiClient(AuthorizationV1Api);
    const rulesOf = async (user: string) => {
      const rights = await rightsOf(user);
      const { status } = await rights.createSelfSubjectRulesReview({
        body: { spec: { namespace: 'default' } },
      });
      return (status?.resourceRules ?? []).map((rule) => JSON.stringify(rule));
    };
    const everybodys = await rulesOf('nobody');
    const reader = 'vcluster-platform:gateway-reader';
    const own = (await rulesOf(reader)).filter((rule) => !everybodys.includes(rule));
    const verbs = own.flatMap((rule) => (JSON.parse(rule) as { verbs: string[] }).verbs);
    assert.deepEqual([...new Set(verbs)].toSorted(), ['get', 'list', 'watch']);
    const spec = { user: 'anna', resourceAttributes: { verb: 'get', resource: 'secrets' } };
    await assert.rejects((await rightsOf(reader)).createSubjectAccessReview({ body: { spec } }), {
      code: 403,
    });
  });
});
