import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CoreV1Api } from '@kubernetes/client-node';
import { requestJson } from '../../adapters/kubernetes/request.ts';
import { eventually } from '../support/eventually.ts';
import type { AccessFixture } from './access-fixture.ts';
import { keyOf } from './user-calls.ts';

const base = '/kubernetes/management/apis/management.loft.sh/v1';
const merge = { 'content-type': 'application/merge-patch+json' };
const encoded = (text: string) => Buffer.from(text).toString('base64');

interface Secret {
  readonly metadata: { readonly name: string; readonly resourceVersion: string; readonly uid: string };
  readonly spec: {
    readonly data?: Record<string, string>;
    readonly owner?: object;
    readonly access?: readonly object[];
    readonly displayName?: string;
  };
  readonly status?: { readonly conditions: readonly { readonly message?: string }[] };
}

/** Mia is a user of project alpha, tom (team ops) looks at alpha and administers beta, carl is nobody, anna administers all. */
export function secretCases(fixture: () => AccessFixture): void {
  const call = (
    user: string,
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ) => fixture().call(user, method, `${base}/${path}`, body, headers);
  const alpha = 'namespaces/p-alpha/projectsecrets';
  const beta = 'namespaces/p-beta/projectsecrets';
  const loft = 'namespaces/loft/sharedsecrets';
  const named = (
    name: string,
    spec: object = { data: { word: encoded('hello') } },
    metadata: object = {},
  ) => ({
    metadata: { name, creationTimestamp: null, ...metadata },
    spec,
  });
  const make = async (user: string, path: string, object: object) => {
    const answer = await eventually('the gateway may keep secrets there', async () => {
      const given = await call(user, 'POST', path, object);
      return given.status === 503 ? undefined : given;
    });
    assert.equal(answer.status, 201, answer.text);
    return answer.json() as unknown as Secret;
  };
  const read = async (user: string, path: string): Promise<Secret> => {
    const answer = await call(user, 'GET', path);
    assert.equal(answer.status, 200, answer.text);
    return answer.json() as unknown as Secret;
  };
  const statusOf = async (user: string, method: string, path: string, body?: unknown, headers = {}) =>
    (await call(user, method, path, body, headers)).status;
  const listed = async (user: string, path: string) => {
    const answer = await call(user, 'GET', path);
    assert.equal(answer.status, 200, answer.text);
    return (answer.json() as unknown as { items: Secret[] }).items
      .map(({ metadata }) => metadata.name)
      .toSorted();
  };

  it('a member keeps one in the project, owns it, changes it and deletes it; others of the project do not see it', async () => {
    const made = await make('mia', alpha, named('mias'));
    assert.deepEqual(made.spec, { data: { word: encoded('hello') }, owner: { user: 'mia' } });
    const kept = await fixture()
      .admin.kubeConfig.makeApiClient(CoreV1Api)
      .readNamespacedSecret({ namespace: 'p-alpha', name: 'mias' });
    assert.equal(kept.metadata?.labels?.['loft.sh/project-secret'], 'true');
    assert.equal(kept.metadata?.annotations?.['loft.sh/project-secret-owner'], '{"user":"mia"}');
    const before = await read('mia', `${alpha}/mias`);
    const put = await call('mia', 'PUT', `${alpha}/mias`, {
      ...before,
      spec: { ...before.spec, data: { ...before.spec.data, more: encoded('x') } },
    });
    assert.equal(put.status, 200, put.text);
    assert.equal(await statusOf('mia', 'PUT', `${alpha}/mias`, before), 409, 'read before the change');
    const patch = { spec: { data: { word: null }, displayName: 'Words' } };
    const patched = await call('mia', 'PATCH', `${alpha}/mias`, patch, merge);
    assert.equal(patched.status, 200, patched.text);
    const { spec } = await read('anna', `${alpha}/mias`);
    assert.deepEqual(
      [spec.data, spec.displayName, spec.owner],
      [{ more: encoded('x') }, 'Words', { user: 'mia' }],
    );
    assert.deepEqual(await listed('mia', alpha), ['mias']);
    assert.deepEqual(await listed('mia', 'projectsecrets'), ['mias']);
    assert.deepEqual(await listed('tom', alpha), []);
    for (const [user, status] of [
      ['tom', 404],
      ['carl', 404],
    ] as const)
      for (const method of ['GET', 'DELETE'])
        assert.equal(await statusOf(user, method, `${alpha}/mias`), status, `${user} ${method}`);
    assert.equal(await statusOf('carl', 'GET', alpha), 403);
    assert.equal(await statusOf('tom', 'POST', alpha, named('toms')), 403, 'who may only look creates none');
    assert.equal(await statusOf('carl', 'POST', alpha, named('carls')), 403);
    assert.equal(await statusOf('mia', 'POST', beta, named('mias')), 403);
    assert.equal((await call('anna', 'POST', 'namespaces/p-none/projectsecrets', named('none'))).status, 404);
    assert.equal(await statusOf('mia', 'DELETE', `${alpha}/mias`), 200);
    assert.equal(await statusOf('mia', 'GET', `${alpha}/mias`), 404);
  });

  it('access shares it, and gives no more than it says', async () => {
    await make(
      'mia',
      alpha,
      named('shared', { data: {}, access: [{ verbs: ['get', 'update'], teams: ['ops'] }] }),
    );
    await eventually('tom is in ops', async () => (await statusOf('tom', 'GET', `${alpha}/shared`)) === 200);
    const seen = await read('tom', `${alpha}/shared`);
    const put = (spec: object) =>
      statusOf('tom', 'PUT', `${alpha}/shared`, { ...seen, spec: { ...seen.spec, ...spec } });
    assert.equal(await put({ owner: { user: 'tom' } }), 403);
    assert.equal(await put({ access: [{ verbs: ['*'], users: ['tom'] }] }), 403);
    assert.equal(await put({ access: [] }), 403);
    assert.equal(await put({ data: { word: encoded('new') } }), 200);
    assert.equal(await statusOf('tom', 'PATCH', `${alpha}/shared`, { spec: { data: {} } }, merge), 403);
    assert.equal(await statusOf('tom', 'DELETE', `${alpha}/shared`), 403);
    const asks = async (group: string, verb: string) => {
      const resourceAttributes = {
        verb,
        group,
        resource: 'projectsecrets',
        namespace: 'p-alpha',
        name: 'shared',
      };
      const path =
        group === 'management.loft.sh'
          ? `${base}/selfsubjectaccessreviews`
          : '/kubernetes/management/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
      const body = {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes: { ...resourceAttributes, group: 'management.loft.sh' } },
      };
      const answer = await fixture().call('tom', 'POST', path, body);
      return (answer.json() as { status: { allowed: boolean } }).status.allowed;
    };
    for (const group of ['management.loft.sh', 'authorization.k8s.io'])
      assert.deepEqual([await asks(group, 'update'), await asks(group, 'use')], [true, false], group);
    assert.equal(await statusOf('anna', 'DELETE', `${alpha}/shared`), 200);
  });

  it('those of the platform are in one namespace, for administrators and whom access names', async () => {
    await make(
      'anna',
      loft,
      named('motto', { data: { word: encoded('all') }, access: [{ verbs: ['get'], users: ['mia'] }] }),
    );
    assert.deepEqual(await listed('mia', 'sharedsecrets'), ['motto']);
    assert.deepEqual(await listed('mia', 'namespaces/vcluster-platform/sharedsecrets'), []);
    assert.deepEqual(await listed('tom', 'sharedsecrets'), []);
    assert.equal((await read('mia', `${loft}/motto`)).spec.data?.['word'], encoded('all'));
    const patch = { spec: { data: { word: encoded('mine') } } };
    assert.equal(await statusOf('mia', 'PATCH', `${loft}/motto`, patch, merge), 403);
    assert.equal(await statusOf('tom', 'PATCH', `${loft}/motto`, patch, merge), 404);
    assert.equal(await statusOf('mia', 'POST', loft, named('mias')), 403);
    assert.equal(
      await statusOf('anna', 'POST', 'namespaces/vcluster-platform/sharedsecrets', named('no')),
      400,
    );
    assert.equal(
      await statusOf('anna', 'GET', 'namespaces/vcluster-platform/sharedsecrets/cluster-local-gateway'),
      404,
    );
    const stored = await fixture().kubectl('mia', [
      'get',
      'sharedsecrets.storage.loft.sh',
      '-A',
      '-o',
      'json',
    ]);
    assert.match(stored.stdout, /"apiVersion": "storage.loft.sh\/v1"[^]*"name": "motto"/, stored.stderr);
    assert.equal(await statusOf('anna', 'DELETE', `${loft}/motto`), 200);
  });

  it('a later user of the name holds nothing of what the former one had', async () => {
    await fixture().addUser('pat');
    const access = [{ verbs: ['get'], users: ['pat', 'nobody-yet'] }];
    await make('anna', alpha, named('former', { data: {}, owner: { user: 'pat' }, access }));
    assert.equal((await read('pat', `${alpha}/former`)).metadata.name, 'former');
    // As if it had been given to another pat, who was deleted since.
    const uids = { 'loft:user:pat': '00000000-0000-4000-8000-000000000000' };
    await requestJson(fixture().admin.kubeConfig, {
      method: 'PATCH',
      path: '/api/v1/namespaces/p-alpha/secrets/former',
      contentType: 'application/merge-patch+json',
      body: { metadata: { annotations: { 'vcluster-platform.io/named-uids': JSON.stringify(uids) } } },
    });
    await fixture().addUser('nobody-yet');
    for (const name of ['pat', 'nobody-yet'])
      assert.equal(await statusOf(name, 'GET', `${alpha}/former`), 404, name);
    const { spec } = await read('anna', `${alpha}/former`);
    assert.deepEqual([spec.owner, spec.access], [undefined, [{ verbs: ['get'], users: [] }]]);
    assert.equal(
      await statusOf('anna', 'PATCH', `${alpha}/former`, { spec: { owner: { user: 'pat' } } }, merge),
      200,
    );
    assert.equal(await statusOf('pat', 'GET', `${alpha}/former`), 200);
    assert.equal(await statusOf('anna', 'DELETE', `${alpha}/former`), 200);
  });

  it('what cannot be kept is refused by its field, and no value comes back', async () => {
    const value = 'canary-of-a-value-81c2';
    for (const object of [
      named('bad', { data: { word: value } }),
      named('bad', { data: { 'no key': encoded(value) } }),
      named('bad', { data: encoded(value) }),
      named('bad', { stringData: { word: value } }),
      named('bad', { owner: { user: 'mia', team: 'ops' }, data: { word: encoded(value) } }),
      named('snapshot-key', { data: { key: encoded(value) } }),
      named('Not A Name', { data: { word: encoded(value) } }),
      named('bad', {}, { annotations: { 'loft.sh/project-secret-owner': value } }),
      named('bad', {}, { finalizers: [value] }),
      { ...named('bad'), kind: 'SharedSecret' },
    ]) {
      const { status, text } = await call('mia', 'POST', alpha, object);
      assert.equal(status, 400, text);
      assert.ok(!text.includes(value) && !text.includes(encoded(value)), text);
    }
    const long = named('bad', {}, { labels: { word: `${value} ` } });
    const refused = await call('mia', 'POST', alpha, long);
    assert.deepEqual([refused.status, refused.text.includes(value)], [400, false], refused.text);
    assert.equal(await statusOf('mia', 'GET', `${alpha}?watch=true`), 405);
    const referring = named('of-motto', {}, { labels: { 'loft.sh/sharedsecret-name': 'motto' } });
    assert.match(
      (await make('mia', alpha, referring)).status?.conditions[0]?.message ?? '',
      /not used by this version.*sharedsecret-name/,
    );
    assert.equal(await statusOf('mia', 'POST', `${alpha}?dryRun=All`, named('dry')), 201);
    assert.deepEqual(await listed('mia', alpha), ['of-motto']);
    assert.equal(await statusOf('mia', 'DELETE', `${alpha}/of-motto`), 200);
  });

  it('keys of a project open its secrets, those of a tenant cluster none', async () => {
    await make('mia', alpha, named('scoped'));
    const { resources } = fixture();
    const scopes = {
      project: { projects: [{ project: 'alpha' }] },
      other: { projects: [{ project: 'beta' }] },
      tenant: { virtualClusters: [{ project: 'alpha', virtualCluster: 'vc-0' }] },
    };
    for (const [name, scope] of Object.entries(scopes)) {
      const key = `${keyOf('mia')}-${name}`;
      await resources.accesskeys.create({
        metadata: { name: `mia-${name}` },
        spec: { user: 'mia', key, scope },
      });
      const asked = await eventually('the key is known', async () => {
        const answer = await fixture().call('mia', 'GET', `${base}/${alpha}/scoped`, undefined, {
          authorization: `Bearer ${key}`,
        });
        return answer.status !== 401 && answer;
      });
      assert.equal(asked.status, name === 'project' ? 200 : 403, name);
    }
    assert.equal(await statusOf('mia', 'DELETE', `${alpha}/scoped`), 200);
  });

  it('kubectl applies, explains and deletes them', async () => {
    const kubectl = async (args: string[], input?: string) => {
      const { code, stdout, stderr } = await fixture().kubectl(
        'mia',
        args,
        input === undefined ? {} : { input },
      );
      assert.equal(code, 0, stderr);
      return stdout.trim();
    };
    const manifest = (word: string) =>
      JSON.stringify({
        apiVersion: 'management.loft.sh/v1',
        kind: 'ProjectSecret',
        metadata: { name: 'applied', namespace: 'p-alpha' },
        spec: { data: { word: encoded(word) } },
      });
    for (const [word, outcome] of [
      ['one', 'created'],
      ['one', 'unchanged'],
      ['two', 'configured'],
    ] as const)
      assert.equal(
        await kubectl(['apply', '-f', '-'], manifest(word)),
        `projectsecret.management.loft.sh/applied ${outcome}`,
      );
    assert.match(await kubectl(['get', 'projectsecrets', '-n', 'p-alpha']), /^NAME +AGE\napplied /);
    assert.match(await kubectl(['explain', 'projectsecrets.spec.data']), /Values in base64/);
    assert.equal(
      await kubectl(['auth', 'can-i', 'delete', 'projectsecrets/applied', '-n', 'p-alpha']),
      'yes',
    );
    await kubectl(['delete', 'projectsecrets', 'applied', '-n', 'p-alpha']);
  });
}
