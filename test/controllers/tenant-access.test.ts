import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { AuthorizationV1Api } from '@kubernetes/client-node';
import { briefAnswers, type ClusterClient, connectCluster } from '../../adapters/kubernetes/client.ts';
import { type AccessFixture, startAccessFixture } from '../api/access-fixture.ts';
import { orUndefined } from '../../adapters/kubernetes/failures.ts';
import { requestJson } from '../../adapters/kubernetes/request.ts';
import { startApiServer, type TestApiServer } from '../support/api-server.ts';
import { eventually } from '../support/eventually.ts';
import { configuredClusterCases } from './configured-cluster-cases.ts';
import { manyNamesCases } from './many-names-cases.ts';
import { startTcpRelay, type TcpRelay } from '../support/tcp-relay.ts';

const name = { namespace: 'p-alpha', name: 'demo' };
const secrets = { resource: 'secrets', verb: 'create', namespace: 'default' };
/** A promise to those whose rights are taken away, six times as long for a machine that others load. */
const inTime = { timeoutMs: 60_000 };

describe('RBAC inside tenant clusters, reconciled by controllers', () => {
  let tenant: TestApiServer;
  let fixture: AccessFixture;
  let reviews: AuthorizationV1Api;
  let rbac: ClusterClient['rbac'];
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
    fixture = await startAccessFixture(
      (of) => {
        if (!of.startsWith('hung-')) return there;
        const kubeconfig = tenant.adminKubeconfig.replaceAll(`:${port}`, `:${silence.port}`);
        const client = hung.get(of) ?? connectCluster(kubeconfig, { limits: briefAnswers });
        hung.set(of, client);
        return client;
      },
      { tenantRepairMs: 2_000 },
    );
    rbac = there.rbac;
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
    await patch({ access: [], extraAccessRules: [{ users: ['tom'], clusterRole: 'view' }] });
    await eventually('he has his rule alone', async () => !(await can('tom', secrets)), inTime);
    const pods = { resource: 'pods', verb: 'list', namespace: 'default' };
    assert.ok(await can('tom', pods));
    await patch({ extraAccessRules: [] });
    await eventually('tom is out', async () => !(await acts('users', 'tom@example.com')), inTime);
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

  it("the roles of vCluster Platform's clients are made, and who is named in a rule loses nothing", async () => {
    const role = 'loft-cluster-space-admin';
    await patch({ extraAccessRules: [{ users: ['tom', 'mia', 'anna'], clusterRole: role }] });
    await eventually('tom may', () => can('tom', secrets), inTime);
    assert.ok(await can('tom', { resource: 'namespaces', verb: 'list' }));
    const nodes = { resource: 'nodes', verb: 'delete' };
    assert.equal(await can('tom', nodes), false);
    for (const user of ['mia', 'anna']) assert.ok(await can(user, nodes), `${user} keeps what they had`);
    await patch({ extraAccessRules: [] });
    const gone = () => orUndefined(rbac.readClusterRole({ name: role })).then((found) => found === undefined);
    await eventually('the role goes with its last holder', gone, inTime);
    assert.ok(await can('mia', nodes));
  });

  it("the gateway's RBAC is repaired when a tenant's administrator deletes or widens it", async () => {
    await rbac.deleteClusterRoleBinding({ name: 'vcluster-platform:gateway' });
    await rbac.deleteClusterRole({ name: 'vcluster-platform:gateway' });
    await rbac.deleteClusterRoleBinding({ name: 'vcluster-platform:access:cluster-admin' });
    await eventually('mia may not', async () => !(await can('mia', secrets)), { intervalMs: 20 });
    await eventually('the gateway may again', () => acts('users', 'mia@example.com'));
    await eventually('so may the owner', () => can('mia', secrets));
    const role = await rbac.readClusterRole({ name: 'vcluster-platform:gateway' });
    role.rules = [{ apiGroups: [''], resources: ['users', 'groups'], verbs: ['impersonate'] }];
    await rbac.replaceClusterRole({ name: 'vcluster-platform:gateway', body: role });
    assert.ok(await acts('groups', 'system:masters'));
    await eventually('the rule is by name again', async () => !(await acts('groups', 'system:masters')));
  });

  describe('what a tenant sets up against writes', () => {
    const rules = [
      { apiGroups: ['*'], apiVersions: ['*'], operations: ['*' as const], resources: ['*/*'], scope: '*' },
    ];
    const metadata = { name: 'left-behind' };
    const own = async (type: string) =>
      (await fixture.resources.virtualclusterinstances.get(name))?.status?.conditions?.find(
        (condition) => condition.type === type,
      );
    const says = (pattern: RegExp) =>
      eventually(
        `the instance says ${pattern}`,
        async () => {
          const condition = await own('AccessGranted');
          return condition?.status === 'False' && pattern.test(condition.message ?? '')
            ? condition
            : undefined;
        },
        { timeoutMs: 60_000 },
      );
    const recovers = () =>
      eventually('it is over', async () => (await own('AccessGranted')) === undefined, { timeoutMs: 60_000 });
    const there = () => connectCluster(tenant.adminKubeconfig).kubeConfig;
    const admission = async (method: 'POST' | 'DELETE', kind: string, body?: object) =>
      requestJson(there(), {
        method,
        path: `/apis/admissionregistration.k8s.io/v1/${kind}${body === undefined ? '/left-behind' : ''}`,
        ...(body === undefined ? {} : { body }),
      });

    afterEach(async () => {
      const kinds = ['validatingwebhookconfigurations', 'validatingadmissionpolicies'];
      for (const kind of [...kinds, 'validatingadmissionpolicybindings', 'mutatingadmissionpolicybindings'])
        await orUndefined(admission('DELETE', kind));
    });

    it('a webhook that cannot be called is named, in condition and event, before anybody waits for access', async () => {
      const clientConfig = { url: 'https://127.0.0.1:1/validate' };
      const webhook = { admissionReviewVersions: ['v1'], sideEffects: 'None', clientConfig, rules };
      await admission('POST', 'validatingwebhookconfigurations', {
        metadata,
        webhooks: [{ ...webhook, name: 'validate.policies.example', failurePolicy: 'Fail' }],
      });
      const { reason } = await says(
        /failed calling webhook "validate.policies.example" of ValidatingWebhookConfiguration "left-behind"/,
      );
      assert.equal(reason, 'WebhookFailed');
      const { core } = fixture.admin;
      const event = await eventually('an event', async () =>
        (await core.listNamespacedEvent({ namespace: 'p-alpha' })).items.find(
          (one) => one.reason === 'WebhookFailed',
        ),
      );
      assert.match(event.message ?? '', /"validate.policies.example"/);
      const { kind, name: about } = event.involvedObject;
      assert.deepEqual([kind, about], ['VirtualClusterInstance', 'demo']);
      await admission('DELETE', 'validatingwebhookconfigurations');
      await recovers();
    });

    it('a policy that denies everything is named, deletes nothing of ours, and what waited is written once it is gone', async () => {
      // It answers 422, as for a binding with another role, which would be deleted and made again.
      const writes = [{ ...rules[0], operations: ['CREATE' as const, 'UPDATE' as const] }];
      await admission('POST', 'validatingadmissionpolicies', {
        metadata,
        spec: {
          matchConstraints: { resourceRules: writes },
          validations: [{ expression: 'false', reason: 'Invalid' }],
        },
      });
      const spec = { policyName: 'left-behind', validationActions: ['Deny'] };
      await admission('POST', 'validatingadmissionpolicybindings', { metadata, spec });
      await patch({ access: [{ users: ['tom'], verbs: ['get', 'use'] }] });
      await says(/ValidatingAdmissionPolicy 'left-behind'/);
      await rbac.readClusterRoleBinding({ name: 'vcluster-platform:access:cluster-admin' });
      await admission('DELETE', 'validatingadmissionpolicybindings');
      await eventually('tom may', () => can('tom', secrets));
      await patch({ access: [] });
      await eventually('tom may not', async () => !(await can('tom', secrets)), inTime);
    });

    it('a policy that makes something else of our objects is told, and keeps no other object from being right', async () => {
      const expression =
        'Object{metadata: object.metadata}.metadata.name == "x" ? [] : [JSONPatch{op: "replace", path: "/subjects", value: []}]';
      await admission('POST', 'mutatingadmissionpolicies', {
        metadata,
        spec: {
          matchConstraints: {
            resourceRules: [
              {
                apiGroups: ['rbac.authorization.k8s.io'],
                apiVersions: ['*'],
                operations: ['CREATE', 'UPDATE'],
                resources: ['clusterrolebindings'],
              },
            ],
          },
          failurePolicy: 'Fail',
          reinvocationPolicy: 'Never',
          mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression } }],
        },
      });
      await admission('POST', 'mutatingadmissionpolicybindings', {
        metadata,
        spec: { policyName: 'left-behind' },
      });
      await patch({ access: [{ users: ['tom'], verbs: ['get', 'use'] }] });
      await says(/is changed on its way into the store.*MutatingAdmissionPolicy "left-behind"/);
      assert.ok(await acts('users', 'mia@example.com'), 'to try it has not broken what is there');
      await eventually('the role of the gateway is written', async () => {
        const role = await rbac.readClusterRole({ name: 'vcluster-platform:gateway' });
        return role.rules?.some(({ resourceNames }) => resourceNames?.includes('staff') === true);
      });
      await admission('DELETE', 'mutatingadmissionpolicybindings');
      await admission('DELETE', 'mutatingadmissionpolicies');
      await eventually('tom may', () => can('tom', secrets));
      await recovers();
    });

    it('a finalizer on a binding does not keep what it grants', async () => {
      await patch({ access: [], extraAccessRules: [] });
      await eventually('tom is out', async () => !(await can('tom', secrets)), inTime);
      await patch({ extraAccessRules: [{ users: ['tom'], clusterRole: 'view' }] });
      const pods = { resource: 'pods', verb: 'list', namespace: 'default' };
      await eventually('tom may look', () => can('tom', pods), inTime);
      await eventually('a finalizer on the binding', () =>
        requestJson(there(), {
          method: 'PATCH',
          path: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/vcluster-platform:access:view',
          contentType: 'application/merge-patch+json',
          body: { metadata: { finalizers: ['example.com/kept'] } },
        }),
      );
      await patch({ extraAccessRules: [] });
      await eventually('tom may not', async () => !(await can('tom', pods)), inTime);
    });
  });

  // Before there is another one, whose names would be made to exist in the same API server.
  configuredClusterCases(() => fixture);

  manyNamesCases(
    () => fixture,
    () => connectCluster(tenant.adminKubeconfig),
    (isShared) => patch({ access: isShared ? [{ users: ['*'], verbs: ['get', 'use'] }] : [] }),
  );

  it('a host namespace that is deleted by hand is told in phase, condition and event; one that is back, too', async () => {
    const lost = { namespace: 'p-alpha', name: 'lost' };
    await makeReady('lost');
    const { resources, clusterAdmin } = fixture;
    const look = async () => {
      // It is looked twice a minute, and when a cluster changes.
      const annotations = { looked: String(performance.now()) };
      await resources.clusters.patch({ name: 'local' }, { metadata: { annotations } });
      return (await resources.virtualclusterinstances.get(lost))?.status;
    };
    const found = async () => (await look())?.conditions?.find(({ type }) => type === 'NamespaceFound');
    await clusterAdmin.core.deleteNamespace({ name: 'loft-alpha-v-lost' });
    const { reason, message } = await eventually('it is told', found, { intervalMs: 500 });
    assert.ok(['NamespaceDeleting', 'NamespaceMissing'].includes(reason ?? ''), reason);
    assert.match(message ?? '', /Restore a snapshot, or update the tenant cluster/);
    const status = await look();
    assert.deepEqual([status?.phase, status?.reason], ['Failed', 'namespace_missing']);
    const ready = status?.conditions?.find(({ type }) => type === 'VirtualClusterReady');
    assert.equal(ready?.status, 'False');
    await eventually('an event', async () =>
      (await fixture.admin.core.listNamespacedEvent({ namespace: 'p-alpha' })).items.find(
        (one) => one.reason === reason && one.involvedObject.name === 'lost',
      ),
    );
    await requestJson(clusterAdmin.kubeConfig, {
      method: 'PUT',
      path: '/api/v1/namespaces/loft-alpha-v-lost/finalize',
      body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'loft-alpha-v-lost' }, spec: {} },
    });
    const { uid } = (await resources.virtualclusterinstances.get(lost))?.metadata ?? {};
    const labels = { 'vcluster-platform.io/instance-uid': uid ?? '' };
    await clusterAdmin.core.createNamespace({ body: { metadata: { name: 'loft-alpha-v-lost', labels } } });
    await eventually('it is well again', async () => (await look())?.phase === 'Ready', { intervalMs: 500 });
    assert.equal(await found(), undefined);
  });

  it('a control plane that does not answer is told once that has lasted, and that it answers again', async () => {
    const silent = { namespace: 'p-alpha', name: 'hung-told' };
    await makeReady(silent.name);
    const status = async () => (await fixture.resources.virtualclusterinstances.get(silent))?.status;
    const told = async (type: string) => (await status())?.conditions?.find((one) => one.type === type);
    const patient = { timeoutMs: 60_000, intervalMs: 500 };
    const { message, severity } = await eventually(
      'it is told',
      () => told('ControlPlaneReachable'),
      patient,
    );
    assert.match(message ?? '', /does not answer: .*"vcp retry vcluster hung-told"/);
    assert.equal(severity, 'Error', 'it stalls the instance');
    assert.equal((await status())?.phase, 'Ready', 'nobody put it to sleep');
    silence.open();
    await eventually('it answers', async () => (await told('ControlPlaneReachable')) === undefined, patient);
    silence.hang();
  });

  it('hanging tenant clusters do not delay the others', async (context) => {
    for (let index = 0; index < 40; index += 1) await makeReady(`hung-${index}`);
    // A change of users concerns every tenant cluster at the same time.
    await fixture.addUser('eva');
    const startedAt = performance.now();
    await patch({ access: [{ users: ['eva'], verbs: ['get', 'use'] }] });
    await eventually('eva may', () => can('eva', secrets));
    await patch({ access: [] });
    // One after the other the 40 would take 200 s.
    await eventually('eva may not', async () => !(await can('eva', secrets)));
    context.diagnostic(
      `granted and taken within ${Math.round(performance.now() - startedAt)} ms beside 40 that hang`,
    );
  });
});
