import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { connectCluster } from '../../adapters/kubernetes/client.ts';
import { findProgram } from '../../toolchain/find-program.ts';
import { eventually } from '../support/eventually.ts';
import { type AccessFixture, startAccessFixture } from './access-fixture.ts';
import { keyOf } from './user-calls.ts';
import { hashOf } from './test-gateway.ts';

const path = '/kubernetes/project/alpha/space/demo';
const namespace = 'loft-alpha-s-demo';
const name = { namespace: 'p-alpha', name: 'demo' };
/** A promise to those whose rights are taken away, six times as long for a machine that others load. */
const inTime = { timeoutMs: 60_000 };
const configMaps = `${path}/api/v1/namespaces/${namespace}/configmaps`;

describe('/kubernetes/project/…/space/…', () => {
  let fixture: AccessFixture;
  before(async () => {
    fixture = await startAccessFixture();
    const { resources, clusterAdmin } = fixture;
    await fixture.addUser('mia');
    await fixture.addUser('tom');
    const space = await resources.spaceinstances.create({ metadata: name, spec: { owner: { user: 'mia' } } });
    const marks = { 'vcluster-platform.io/instance-uid': space.metadata.uid };
    await clusterAdmin.core.createNamespace({ body: { metadata: { name: namespace, labels: marks } } });
    await clusterAdmin.core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'notes' } } });
  });
  after(() => fixture?.stop());

  const kubectl = (user: string, ...args: string[]) =>
    fixture.kubectl(user, ['-n', namespace, ...args], { path });
  const patch = (spec: object) => fixture.resources.spaceinstances.patch(name, { spec });
  const sees = async (user: string) => (await fixture.call(user, 'GET', configMaps)).status === 200;

  it('503 until the namespace is created, even if clusterRef is set', async () => {
    const ask = () => fixture.call('mia', 'GET', configMaps);
    await eventually('mia may use it', async () => (await ask()).status === 503);
    assert.match(String((await ask()).json()['message']), /space demo is not ready: it is being created/);
    await patch({ clusterRef: { cluster: 'local', namespace } });
    await eventually('the gateway has seen it', async () => {
      const space = fixture.parts.gateway.cache.instance({
        kind: 'space',
        project: 'alpha',
        name: 'demo',
      });
      return space?.spec?.clusterRef?.namespace === namespace;
    });
    assert.equal((await ask()).status, 503);
    await fixture.resources.spaceinstances.patchStatus(name, { phase: 'Ready', observedHash: 'a' });
    await eventually('the controllers give her the role', () => sees('mia'), inTime);
    await eventually('the place that only the spec says is noted in the status', async () => {
      const { clusterRef } = (await fixture.resources.spaceinstances.get(name))?.status ?? {};
      return clusterRef?.cluster === 'local' && clusterRef.namespace === namespace;
    });
  });

  it('forwards the owner under their own identity in this namespace', async () => {
    const who = await kubectl('mia', 'auth', 'whoami', '-o', 'jsonpath={.status.userInfo}');
    assert.equal(who.code, 0, who.stderr);
    const { username, groups } = JSON.parse(who.stdout);
    assert.equal(username, 'mia@example.com');
    assert.deepEqual(groups, ['system:authenticated', 'loft:user:mia']);
    assert.equal((await kubectl('mia', 'create', 'configmap', 'more')).code, 0);
    assert.equal((await kubectl('mia', 'get', 'ns', namespace)).code, 0);
    assert.match((await kubectl('mia', 'auth', 'can-i', 'create', 'deployments')).stdout, /^yes/);
    assert.match((await kubectl('mia', 'auth', 'can-i', 'delete', 'namespaces')).stdout, /^no/);
    assert.equal((await kubectl('mia', 'api-resources')).code, 0);
    assert.equal((await kubectl('mia', 'explain', 'pods.spec')).code, 0);
    // Its use waits to be recorded: there is no database here.
    assert.match(await fixture.parts.gateway.metrics.text(), /^vcp_gateway_activity_unrecorded 1$/m);
  });

  it('404: an invisible space and a missing one get the same answer, before the path is evaluated', async () => {
    for (const [project, space] of [
      ['alpha', 'demo'],
      ['alpha', 'nothing'],
      ['nothing', 'demo'],
    ])
      for (const rest of ['/api', '/api/v1/nodes', `/api/v1/namespaces/${namespace}/configmaps`]) {
        const answer = await fixture.call(
          'tom',
          'GET',
          `/kubernetes/project/${project}/space/${space}${rest}`,
        );
        assert.deepEqual([rest, answer.status], [rest, 404]);
        assert.equal(
          answer.json()['message'],
          `space "${space}" not found in project "${project}", or you may not see it`,
        );
      }
  });

  it('403: requests outside of the namespace, even if another path allows them', async () => {
    const direct = await fixture.call('anna', 'GET', '/kubernetes/cluster/local/api/v1/nodes');
    assert.equal(direct.status, 200);
    for (const user of ['anna', 'mia'])
      for (const [method, rest] of [
        ['GET', '/api/v1/nodes'],
        ['GET', '/api/v1/namespaces'],
        ['GET', '/api/v1/namespaces/kube-system'],
        ['GET', '/api/v1/namespaces/kube-system/configmaps'],
        ['GET', '/api/v1/configmaps'],
        ['DELETE', `/api/v1/namespaces/${namespace}`],
        ['PUT', `/api/v1/namespaces/${namespace}/finalize`],
        ['GET', '/metrics'],
        ['POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings'],
      ] as const) {
        const body = method === 'GET' ? undefined : {};
        const answer = await fixture.call(user, method, path + rest, body);
        assert.deepEqual([rest, answer.status, answer.json()['kind']], [rest, 403, 'Status']);
        assert.match(
          String(answer.json()['message']),
          /^space demo is limited to namespace loft-alpha-s-demo of cluster local/,
        );
      }
    const made = await fixture.call('mia', 'POST', configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'stray', namespace: 'kube-system' },
    });
    assert.equal(made.status, 400, 'a body of another namespace');
    assert.equal(
      (await fixture.clusterAdmin.core.listNamespacedConfigMap({ namespace: 'default' })).items.some(
        ({ metadata }) => metadata?.name === 'stray',
      ),
      false,
    );
  });

  it('grants namespaced rights only, without the right to change the quota', async () => {
    for (const args of [
      ['create', 'quota', 'q', '--hard=pods=9'],
      ['create', 'rolebinding', 'up', '--clusterrole=cluster-admin', '--user=mia@example.com'],
      ['create', 'role', 'up', '--verb=*', '--resource=resourcequotas'],
      ['get', 'cm', '--as=system:admin'],
    ]) {
      const { code, stderr } = await kubectl('mia', ...args);
      assert.deepEqual([args.join(' '), code], [args.join(' '), 1]);
      assert.match(stderr, /forbidden|attempting to grant/i);
    }
    assert.equal(
      (await kubectl('mia', 'create', 'role', 'own', '--verb=get', '--resource=configmaps')).code,
      0,
    );
  });

  it('RBAC follows access rules, access and members within seconds, and ends watches that lose their right', async () => {
    await patch({ extraAccessRules: [{ users: ['tom'], clusterRole: 'loft-cluster-space-admin' }] });
    await eventually('tom may', () => sees('tom'), inTime);
    const raw = `/api/v1/namespaces/${namespace}/configmaps?watch=true`;
    const watch = spawn(findProgram('kubectl'), [
      '--kubeconfig',
      fixture.kubeconfig('tom', path),
      'get',
      '--raw',
      raw,
    ]);
    let seen = '';
    watch.stdout.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    await eventually('the watch shows what is there', () => seen.includes('notes'));
    await patch({ extraAccessRules: [] });
    await eventually('the watch ends', () => watch.exitCode !== null, inTime);
    assert.equal((await fixture.call('tom', 'GET', configMaps)).status, 404);
    const bound = async () =>
      (await fixture.clusterAdmin.rbac.listNamespacedRoleBinding({ namespace })).items.flatMap(
        ({ subjects = [] }) => subjects.map(({ name: subject }) => subject),
      );
    await eventually(
      'nothing is bound to him',
      async () => !(await bound()).includes('loft:user:tom'),
      inTime,
    );
    await patch({ access: [{ users: ['tom'], verbs: ['get', 'use'] }] });
    await eventually('tom may again', () => sees('tom'), inTime);
    await patch({ access: [] });
    await eventually('not any more', async () => !(await sees('tom')), inTime);
  });

  it('bindings of the platform are restored when users of the space delete or change them', async () => {
    const binding = { namespace, name: 'vcluster-platform:access:loft-cluster-space-admin' };
    const { rbac } = fixture.clusterAdmin;
    await rbac.deleteNamespacedRoleBinding(binding);
    await eventually('it is back', () => sees('mia'));
    const bent = await rbac.readNamespacedRoleBinding(binding);
    bent.metadata = { ...bent.metadata, labels: {} };
    bent.subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'loft:user:tom' }];
    await rbac.replaceNamespacedRoleBinding({ ...binding, body: bent });
    await eventually(
      'it is as it was',
      async () =>
        (await rbac.readNamespacedRoleBinding(binding)).subjects
          ?.map(({ name: subject }) => subject)
          .join() === 'loft:user:mia',
    );
  });

  it('reports roles of access rules that cannot be granted', async () => {
    await patch({ extraAccessRules: [{ users: ['tom'], clusterRole: 'cluster-admin' }] });
    const condition = await eventually('the condition', async () =>
      (await fixture.resources.spaceinstances.get(name))?.status?.conditions?.find(
        ({ type }) => type === 'AccessGranted',
      ),
    );
    assert.match(condition.message ?? '', /not granted: cluster-admin/);
    await patch({ extraAccessRules: [] });
    await eventually('it goes', async () => {
      const { status } = (await fixture.resources.spaceinstances.get(name)) ?? {};
      return status?.conditions?.every(({ type }) => type !== 'AccessGranted');
    });
  });

  it('a key scoped to the space has access to it and to no other', async () => {
    for (const [key, space] of [
      ['one', 'demo'],
      ['two', 'other'],
    ] as const) {
      await fixture.resources.accesskeys.create({
        metadata: { name: `scoped-${key}` },
        spec: {
          user: 'mia',
          keyHash: hashOf(keyOf(`scoped-${key}`)),
          scope: { spaces: [{ project: 'alpha', space }] },
        },
      });
    }
    await eventually('the key of this space opens it', () => sees('scoped-one'));
    const other = () => fixture.call('scoped-two', 'GET', configMaps);
    await eventually('the other is known', async () => (await other()).status !== 401);
    assert.equal((await other()).status, 403);
    assert.equal((await fixture.call('scoped-one', 'GET', '/kubernetes/cluster/local/api')).status, 403);
  });

  it('lists over all namespaces show each caller only visible spaces', async () => {
    const list = async (user: string) => {
      const all = '/kubernetes/management/apis/management.loft.sh/v1/spaceinstances';
      const answer = await fixture.call(user, 'GET', all);
      return [answer.status, ((answer.json()['items'] ?? []) as object[]).length];
    };
    assert.deepEqual(await list('mia'), [200, 1]);
    assert.deepEqual(await list('tom'), [200, 0]);
    assert.deepEqual(await list('anna'), [200, 1]);
    const rest = async (user: string) =>
      ((await fixture.call(user, 'GET', '/api/v1/spaces')).json()['items'] as object[]).length;
    assert.deepEqual([await rest('mia'), await rest('tom')], [1, 0]);
  });

  it("does not bind roles in another space's namespace, and reports it", async () => {
    const thief = { namespace: 'p-alpha', name: 'thief' };
    const spec = { owner: { user: 'tom' }, clusterRef: { cluster: 'local', namespace } };
    await fixture.resources.spaceinstances.create({ metadata: thief, spec });
    await fixture.resources.spaceinstances.patchStatus(thief, { phase: 'Ready', observedHash: 'a' });
    const condition = await eventually('the controllers say so', async () => {
      const found = await fixture.resources.spaceinstances.get(thief);
      return found?.status?.conditions?.find(({ reason }) => reason === 'NamespaceNotOurs');
    });
    assert.match(condition.message ?? '', /no roles are bound there/);
    const bindings = await fixture.clusterAdmin.rbac.listNamespacedRoleBinding({ namespace });
    const bound = bindings.items.flatMap(({ subjects = [] }) => subjects.map(({ name: group }) => group));
    assert.ok(!bound.includes('loft:user:tom'), bound.join());
    await fixture.resources.spaceinstances.delete(thief);
  });

  it('has its bindings back as soon as somebody deletes them, with no look in between', async () => {
    const { rbac } = fixture.clusterAdmin;
    const ours = async () => {
      const { items } = await rbac.listNamespacedRoleBinding({ namespace });
      return items.flatMap(({ metadata }) => metadata?.name ?? []).filter((name) => name.includes(':access'));
    };
    const before = await ours();
    assert.notEqual(before.length, 0);
    const startedAt = performance.now();
    const times = 6;
    for (let round = 0; round < times; round++) {
      for (const name of before) await rbac.deleteNamespacedRoleBinding({ namespace, name });
      await eventually('they are back', async () => (await ours()).length === before.length);
    }
    // Looks alone are 15 s apart.
    assert.ok(performance.now() - startedAt < times * 15_000);
  });

  it('can be read while it is asleep by who leaves it so', async () => {
    await fixture.resources.spaceinstances.patchStatus(name, { phase: 'Sleeping' });
    await eventually('the gateway has seen it', () => {
      const space = fixture.parts.gateway.cache.instance({
        kind: 'space',
        project: 'alpha',
        name: 'demo',
      });
      return space?.status?.phase === 'Sleeping';
    });
    const unnoticed = { 'x-sleep-mode-ignore': 'true' };
    assert.equal((await fixture.call('mia', 'GET', configMaps, undefined, unnoticed)).status, 200);
    const waking = await fixture.call('mia', 'GET', configMaps);
    assert.deepEqual([waking.status, waking.headers['retry-after']], [503, '1'], 'there is no database');
    await assert.rejects(
      connectCluster(
        await fixture.cluster.kubeconfig('vcluster-platform:gateway'),
      ).core.listNamespacedConfigMap({
        namespace,
      }),
      { code: 403 },
      'the gateway itself has no right there',
    );
  });
});
