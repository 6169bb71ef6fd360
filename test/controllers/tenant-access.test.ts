import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { AuthorizationV1Api } from '@kubernetes/client-node';
import { briefAnswers, type ClusterClient, connectCluster } from '../../adapters/kubernetes/client.ts';
import { type AccessFixture, startAccessFixture } from '../api/access-fixture.ts';
import { startApiServer, type TestApiServer } from '../support/api-server.ts';
import { eventually } from '../support/eventually.ts';
import { startTcpRelay, type TcpRelay } from '../support/tcp-relay.ts';

const name = { namespace: 'p-alpha', name: 'demo' };
const secrets = { resource: 'secrets', verb: 'create', namespace: 'default' };
const inTime = { timeoutMs: 10_000 };

describe('RBAC inside tenant clusters, reconciled by controllers', () => {
  let tenant: TestApiServer;
  let fixture: AccessFixture;
  let reviews: AuthorizationV1Api;
  /** Takes connections to tenant clusters called `hung-…` and says nothing. */
  let silence: TcpRelay;
  before(async () => {
    // The controller manager gives the roles `view` and `edit` their rules.
    tenant = await startApiServer({ controllerManager: true });
    const { port } = new URL(tenant.url);
    silence = await startTcpRelay(Number(port));
    silence.hang();
    const there = connectCluster(tenant.adminKubeconfig);
    const hung = new Map<string, ClusterClient>();
    fixture = await startAccessFixture((of) => {
      if (!of.startsWith('hung-')) return there;
      const kubeconfig = tenant.adminKubeconfig.replaceAll(`:${port}`, `:${silence.port}`);
      const client = hung.get(of) ?? connectCluster(kubeconfig, { limits: briefAnswers });
      hung.set(of, client);
      return client;
    });
    reviews = there.kubeConfig.makeApiClient(AuthorizationV1Api);
    await fixture.addUser('mia');
    await fixture.addUser('tom', { groups: ['staff'] });
    await makeReady(name.name);
  });
  after(async () => {
    await fixture?.stop();
    await silence?.stop();
    await tenant?.stop();
  });

  /** Tenant cluster `of` of project alpha, owned by mia, as if it were deployed in a namespace of its own. */
  async function makeReady(of: string): Promise<void> {
    const { resources } = fixture;
    const place = { namespace: 'p-alpha', name: of };
    const clusterRef = { cluster: 'local', namespace: `loft-alpha-v-${of}`, virtualCluster: of };
    const { metadata } = await resources.virtualclusterinstances.create({
      metadata: place,
      spec: { templateRef: { name: 'default' }, owner: { user: 'mia' }, clusterRef },
    });
    const marks = { 'vcluster-platform.io/instance-uid': metadata.uid };
    await fixture.clusterAdmin.core.createNamespace({
      body: { metadata: { name: clusterRef.namespace, labels: marks } },
    });
    const status = { phase: 'Ready', observedHash: 'a', virtualCluster: { clusterRef } } as const;
    await resources.virtualclusterinstances.patchStatus(place, status);
  }

  const can = async (user: string, resourceAttributes: object) => {
    const groups = user.startsWith('vcluster-platform:') ? [] : [`loft:user:${user}`];
    const body = { spec: { user, groups, resourceAttributes } };
    return (await reviews.createSubjectAccessReview({ body })).status?.allowed === true;
  };
  const acts = (resource: string, name: string) =>
    can('vcluster-platform:gateway', { verb: 'impersonate', resource, name });
  const patch = (spec: object) => fixture.resources.virtualclusterinstances.patch(name, { spec });

  it("only the owner and the platform's administrators are cluster-admin", async () => {
    await eventually('the owner may', () => can('mia', secrets), inTime);
    assert.ok(await can('anna', secrets));
    assert.equal(await can('tom', secrets), false);
    assert.ok(await acts('users', 'mia@example.com'));
    assert.ok(await acts('groups', 'loft:user:mia'));
    for (const [resource, other] of [
      ['users', 'tom@example.com'],
      ['groups', 'loft:user:tom'],
      ['groups', 'staff'],
      ['groups', 'system:masters'],
      ['users', 'system:admin'],
      ['serviceaccounts', 'default'],
    ] as const)
      assert.equal(await acts(resource, other), false, other);
  });

  it('RBAC follows access, access rules and members within seconds', async () => {
    await patch({ access: [{ users: ['tom'], verbs: ['get', 'use'] }] });
    await eventually('tom may', () => can('tom', secrets), inTime);
    assert.ok(await acts('groups', 'staff'));
    await patch({ extraAccessRules: [{ users: ['tom'], clusterRole: 'view' }] });
    await eventually(
      'a rule takes the place of the default',
      async () => !(await can('tom', secrets)),
      inTime,
    );
    assert.ok(await can('tom', { resource: 'pods', verb: 'list', namespace: 'default' }));
    await patch({ access: [], extraAccessRules: [] });
    await eventually('tom is out', async () => !(await acts('users', 'tom@example.com')), inTime);
    const pods = { resource: 'pods', verb: 'list', namespace: 'default' };
    await eventually('so is his rule', async () => !(await can('tom', pods)), inTime);

    const members = [{ kind: 'Team', name: 'ops', clusterRole: 'loft-management-project-admin' }];
    await fixture.resources.teams.create({ metadata: { name: 'ops' }, spec: { users: ['tom'] } });
    await fixture.resources.projects.patch({ name: 'alpha' }, { spec: { members } });
    const opsMay = async () => {
      const body = { spec: { user: 'x', groups: ['loft:team:ops'], resourceAttributes: secrets } };
      return (await reviews.createSubjectAccessReview({ body })).status?.allowed === true;
    };
    await eventually('administrators of the project may', opsMay, inTime);
    await eventually('the gateway acts as one', () => acts('users', 'tom@example.com'), inTime);
    await fixture.resources.projects.patch({ name: 'alpha' }, { spec: { members: [] } });
    await eventually('they may not any more', async () => !(await opsMay()), inTime);
  });

  it("the gateway's RBAC is repaired when a tenant's administrator deletes or widens it", async () => {
    const { rbac } = connectCluster(tenant.adminKubeconfig);
    await rbac.deleteClusterRoleBinding({ name: 'vcluster-platform:gateway' });
    await rbac.deleteClusterRole({ name: 'vcluster-platform:gateway' });
    await rbac.deleteClusterRoleBinding({ name: 'vcluster-platform:access:cluster-admin' });
    assert.equal(await can('mia', secrets), false);
    await eventually('the gateway may again', () => acts('users', 'mia@example.com'), { timeoutMs: 30_000 });
    await eventually('so may the owner', () => can('mia', secrets), { timeoutMs: 30_000 });
    const role = await rbac.readClusterRole({ name: 'vcluster-platform:gateway' });
    role.rules = [{ apiGroups: [''], resources: ['users', 'groups'], verbs: ['impersonate'] }];
    await rbac.replaceClusterRole({ name: 'vcluster-platform:gateway', body: role });
    assert.ok(await acts('groups', 'system:masters'));
    await eventually('the rule is by name again', async () => !(await acts('groups', 'system:masters')), {
      timeoutMs: 30_000,
    });
  });

  it('hanging tenant clusters do not delay the others', async (context) => {
    for (let index = 0; index < 40; index += 1) await makeReady(`hung-${index}`);
    // A change of users concerns every tenant cluster at the same time.
    await fixture.addUser('eva');
    const startedAt = performance.now();
    await patch({ access: [{ users: ['eva'], verbs: ['get', 'use'] }] });
    await eventually('eva may', () => can('eva', secrets), { timeoutMs: 30_000 });
    await patch({ access: [] });
    await eventually('eva may not', async () => !(await can('eva', secrets)), inTime);
    context.diagnostic(
      `granted and taken within ${Math.round(performance.now() - startedAt)} ms beside 40 that hang`,
    );
  });
});
