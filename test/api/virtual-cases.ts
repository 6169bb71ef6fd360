import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { eventually } from '../support/eventually.ts';
import type { AccessFixture } from './access-fixture.ts';

const base = '/kubernetes/management/apis/management.loft.sh/v1';

interface Named {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly canUse?: boolean; readonly canUpdate?: boolean };
}

/** Mia is a member of alpha, team ops (tom) sees alpha and administers beta, carl is a member of nothing. */
export function virtualCases(fixture: () => AccessFixture): void {
  const call = (user: string, method: string, path: string, body?: unknown) =>
    fixture().call(user, method, `${base}/${path}`, body);
  const read = async <T>(user: string, path: string): Promise<T> => {
    const answer = await call(user, 'GET', path);
    assert.equal(answer.status, 200, answer.text);
    return answer.json() as T;
  };
  const namesOf = (objects: readonly Named[]) => objects.map(({ metadata }) => metadata.name);

  before(async () => {
    const { projects, spacetemplates, virtualclustertemplates } = fixture().resources;
    for (const name of ['t1', 's1']) await spacetemplates.create({ metadata: { name }, spec: {} });
    await virtualclustertemplates.patch(
      { name: 't2' },
      { spec: { parameters: [{ variable: 'token', type: 'password', defaultValue: 'canary-5d1f' }] } },
    );
    const s1 = { kind: 'SpaceTemplate', name: 's1', isDefault: true };
    const allowedTemplates = [s1, { name: 't1' }, { name: 't2', isDefault: true }, { name: 'gone' }];
    await projects.patch({ name: 'alpha' }, { spec: { allowedTemplates } });
    await eventually('mia may use t2', async () => {
      const { status } = await read<Named>('mia', 'virtualclustertemplates/t2');
      return status?.canUse === true;
    });
  });

  it('templates of a project are whole, those that it allows, and say which is the default', async () => {
    interface Templates {
      readonly defaultVirtualClusterTemplate?: string;
      readonly virtualClusterTemplates: readonly (Named & { readonly spec?: object })[];
      readonly defaultSpaceTemplate?: string;
      readonly spaceTemplates: readonly Named[];
    }
    for (const [user, canUpdate] of [
      ['mia', false],
      ['tom', false],
      ['anna', true],
    ] as const) {
      const given = await read<Templates>(user, 'projects/alpha/templates');
      assert.deepEqual(namesOf(given.virtualClusterTemplates), ['t1', 't2'], user);
      assert.equal(given.defaultVirtualClusterTemplate, 't2');
      assert.deepEqual([namesOf(given.spaceTemplates), given.defaultSpaceTemplate], [['s1'], 's1']);
      for (const { status } of [...given.virtualClusterTemplates, ...given.spaceTemplates])
        assert.deepEqual([status?.canUse, status?.canUpdate], [true, canUpdate]);
      assert.equal(JSON.stringify(given).includes('canary-5d1f'), canUpdate, 'a password is hidden');
    }
    const none = await read<Templates>('tom', 'projects/beta/templates');
    assert.deepEqual([none.virtualClusterTemplates, none.defaultVirtualClusterTemplate], [[], undefined]);
  });

  it('a template is used by those whose project allows it, of its own kind', async () => {
    const seen = async (path: string) => (await call('mia', 'GET', path)).status;
    assert.deepEqual([await seen('spacetemplates/s1'), await seen('virtualclustertemplates/t1')], [200, 200]);
    assert.deepEqual([await seen('spacetemplates/t1'), await seen('virtualclustertemplates/s1')], [403, 403]);
    const { items } = await read<{ items: Named[] }>('mia', 'spacetemplates');
    assert.deepEqual(namesOf(items), ['s1']);
  });

  it('clusters and members of a project', async () => {
    interface Clusters {
      readonly clusters: readonly Named[];
    }
    assert.deepEqual((await read<Clusters>('mia', 'projects/alpha/clusters')).clusters, []);
    assert.deepEqual(namesOf((await read<Clusters>('tom', 'projects/beta/clusters')).clusters), ['local']);
    interface Members {
      readonly users: readonly object[];
      readonly teams: readonly object[];
    }
    const { users, teams } = await read<Members>('mia', 'projects/alpha/members');
    assert.deepEqual(users, [{ info: { name: 'mia', username: 'mia' } }]);
    assert.deepEqual(teams, [{ info: { name: 'ops', username: 'ops' } }]);
  });

  it('callers who do not see a project learn nothing of it', async () => {
    for (const subresource of ['templates', 'clusters', 'members']) {
      const [foreign, none] = await Promise.all(
        ['alpha', 'none'].map(async (name) => {
          const { status, text } = await call('carl', 'GET', `projects/${name}/${subresource}`);
          return { status, text: text.replace(name, '…') };
        }),
      );
      assert.equal(foreign?.status, 404);
      assert.deepEqual(foreign, none);
    }
  });

  it('an unknown subresource is what is not found', async () => {
    for (const [user, path] of [
      ['anna', 'projects/alpha/nodetypes'],
      ['mia', 'projects/alpha/nodetypes'],
      ['anna', 'namespaces/p-alpha/virtualclusterinstances/vc-0/nothing'],
      ['anna', 'users/anna/nothing/more'],
    ] as const) {
      const { status, text } = await call(user, 'GET', path);
      assert.deepEqual(
        [status, /the server could not find the requested resource/.test(text)],
        [404, true],
        path,
      );
    }
    assert.equal((await call('anna', 'GET', 'projects/alpha/status')).status, 200);
  });

  it('reviews of management.loft.sh answer as those of Kubernetes do', async () => {
    const ask = async (user: string, plural: string, spec: object) => {
      const answer = await call(user, 'POST', plural, { spec });
      assert.equal(answer.status, 201, answer.text);
      return (answer.json() as { status: { allowed: boolean } }).status.allowed;
    };
    const group = 'management.loft.sh';
    const on = (verb: string, rest: object) => ({
      resourceAttributes: { verb, group, version: 'v1', ...rest },
    });
    const instance = { resource: 'virtualclusterinstances', namespace: 'p-alpha' };
    const own = { ...instance, name: 'vc-2' };
    for (const [user, spec, expected] of [
      ['mia', on('use', own), true],
      ['tom', on('use', own), false],
      ['mia', on('create', instance), true],
      ['mia', on('create', { ...instance, subresource: 'restricted' }), false],
      ['tom', on('create', { ...instance, namespace: 'p-beta', subresource: 'restricted' }), true],
      ['carl', on('create', instance), false],
      ['mia', on('list', { resource: 'projects' }), true],
      ['mia', on('get', { resource: 'users', name: 'mia' }), true],
      ['mia', on('get', { resource: 'users', name: 'tom' }), false],
      ['mia', { resourceAttributes: { verb: 'get', resource: 'secrets', namespace: 'p-alpha' } }, false],
      ['anna', { nonResourceAttributes: { verb: 'get', path: '/metrics' } }, true],
      ['mia', { nonResourceAttributes: { verb: 'get', path: '/metrics' } }, false],
    ] as const)
      assert.equal(
        await ask(user, 'selfsubjectaccessreviews', spec),
        expected,
        `${user} ${JSON.stringify(spec)}`,
      );
    const stored = (verb: string, rest: object) => ({
      resourceAttributes: { verb, group: 'storage.loft.sh', ...rest },
    });
    for (const [user, rest, expected] of [
      ['mia', own, true],
      ['tom', own, false],
    ] as const)
      assert.equal(await ask(user, 'selfsubjectaccessreviews', stored('use', rest)), expected, user);
    const mia = { user: 'mia@example.com', groups: ['loft:user:mia'] };
    assert.equal(await ask('anna', 'subjectaccessreviews', { ...on('use', own), ...mia }), true);
    assert.equal(
      await ask('anna', 'subjectaccessreviews', { ...on('use', own), user: 'tom@example.com' }),
      false,
    );
    assert.equal(
      (await call('mia', 'POST', 'subjectaccessreviews', { spec: { ...on('use', own), ...mia } })).status,
      403,
    );
    assert.equal((await call('mia', 'POST', 'selfsubjectaccessreviews', { spec: {} })).status, 400);
  });

  it('users read themselves and their teams, and no one else', async () => {
    await eventually('tom is known to be in ops', async () =>
      (await read<{ status?: { teams?: string[] } }>('tom', 'users/tom')).status?.teams?.includes('ops'),
    );
    assert.equal((await read<Named>('tom', 'teams/ops')).metadata.name, 'ops');
    for (const [user, path] of [
      ['tom', 'users/mia'],
      ['mia', 'teams/ops'],
      ['tom', 'users'],
    ] as const)
      assert.equal((await call(user, 'GET', path)).status, 403, `${user} ${path}`);
    assert.equal((await call('tom', 'PUT', 'users/tom', { metadata: { name: 'tom' } })).status, 403);
    const asMia = { 'impersonate-user': 'mia@example.com' };
    const impersonated = await fixture().call('anna', 'GET', `${base}/users/anna`, undefined, asMia);
    assert.equal(impersonated.status, 403, impersonated.text);
    const profile = await read<{ username?: string }>('mia', 'users/mia/profile');
    assert.equal(profile.username, 'mia');
    assert.equal((await call('mia', 'GET', 'users/tom/profile')).status, 404);
  });

  it('permissions and clusters of users and teams say by what they hold them', async () => {
    interface Permissions {
      readonly teamMemberships: readonly object[];
      readonly projectMemberships: readonly {
        readonly name: string;
        readonly role: object;
        readonly assignedVia: object;
      }[];
      readonly managementRoles: readonly object[];
    }
    const role = (name: string, isAdmin: boolean) => ({ name: `loft-management-project-${name}`, isAdmin });
    const ops = { name: 'ops', kind: 'Team' };
    const memberships = [
      { name: 'alpha', role: role('viewer', false), assignedVia: ops },
      { name: 'beta', role: role('admin', true), assignedVia: ops },
    ];
    const byName = (given: Permissions) =>
      given.projectMemberships.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const ofTom = await read<Permissions>('tom', 'users/tom/permissions');
    assert.deepEqual([ofTom.teamMemberships, byName(ofTom)], [[{ name: 'ops' }], memberships]);
    assert.deepEqual(byName(await read<Permissions>('tom', 'teams/ops/permissions')), memberships);
    const ofAnna = await read<Permissions>('anna', 'users/anna/permissions');
    assert.deepEqual(ofAnna.managementRoles, [
      { name: 'loft-management-admin', assignedVia: { name: 'anna', kind: 'User' } },
    ]);
    const clusters = async (user: string, path: string) =>
      (await read<{ clusters: { cluster: Named }[] }>(user, path)).clusters.map(
        ({ cluster }) => cluster.metadata.name,
      );
    assert.deepEqual(await clusters('anna', 'users/anna/clusters'), ['local']);
    assert.deepEqual(await clusters('anna', 'teams/ops/clusters'), []);
    for (const path of ['users/tom/permissions', 'teams/ops/permissions', 'teams/ops/clusters'])
      assert.equal((await call('mia', 'GET', path)).status, 404, path);
  });

  it('selves/self says who one is', async () => {
    const { status } = await read<{ status: { user: { name: string; teams: Named[] } } }>(
      'tom',
      'selves/self',
    );
    assert.equal(status.user.name, 'tom');
    assert.deepEqual((await read<{ status: object }>('tom', 'selves/tom')).status, status);
    assert.equal((await call('tom', 'GET', 'selves/mia')).status, 404);
  });

  it('features and announcements are empty lists', async () => {
    for (const plural of ['features', 'announcements'])
      assert.deepEqual((await read<{ items: unknown[] }>('mia', plural)).items, []);
  });

  it('discovery and OpenAPI name them', async () => {
    const kubectl = async (...args: string[]) => {
      const { code, stdout, stderr } = await fixture().kubectl('mia', args);
      assert.equal(code, 0, stderr);
      return stdout;
    };
    const resources = await kubectl('api-resources', '--api-group=management.loft.sh', '--no-headers');
    for (const plural of ['selves', 'ownedaccesskeys', 'features', 'virtualclusterinstances'])
      assert.match(resources, new RegExp(`^${plural} `, 'm'));
    assert.match(await kubectl('explain', 'selves'), /Who the platform takes the caller for/);
    assert.match(await kubectl('explain', 'ownedaccesskeys.spec.ttl'), /From its creation/);
    assert.match(await kubectl('explain', 'virtualclusterinstances.spec.templateRef'), /templateRef/);
    interface Listed {
      readonly resources: readonly { readonly name: string; readonly kind: string }[];
    }
    const root = (await fixture().call('mia', 'GET', base)).json() as unknown as Listed;
    assert.ok(
      root.resources.some(({ name, kind }) => name === 'projects/templates' && kind === 'ProjectTemplates'),
    );
    assert.match(await kubectl('get', 'ownedaccesskeys', '-o', 'name'), /^$|ownedaccesskey/);
  });

  it('an access key of one’s own is changed by PUT in what can change', async () => {
    const made = await call('mia', 'POST', 'ownedaccesskeys', {
      metadata: { name: 'mias-own' },
      spec: { displayName: 'first', ttl: 3_600 },
    });
    assert.equal(made.status, 201, made.text);
    interface Key {
      readonly spec: { readonly displayName?: string; readonly ttl?: number; readonly disabled?: boolean };
    }
    const path = 'ownedaccesskeys/mias-own';
    const key = await eventually('the gateway knows it', () => read<Key>('mia', path));
    const put = (spec: object) =>
      eventually('no one else has changed it meanwhile', async () => {
        const now = await read<Key>('mia', path);
        const answer = await call('mia', 'PUT', path, { ...now, spec: { ...now.spec, ...spec } });
        return answer.status !== 409 && answer;
      });
    const stale = await call('mia', 'PUT', path, {
      metadata: { name: 'mias-own', resourceVersion: '1' },
      spec: {},
    });
    assert.equal(stale.status, 409, stale.text);
    assert.equal((await put({ ttl: 7_200 })).status, 400);
    const changed = await put({ displayName: 'second', disabled: true });
    assert.equal(changed.status, 200, changed.text);
    const { spec } = changed.json() as unknown as Key;
    assert.deepEqual([spec.displayName, spec.disabled, spec.ttl], ['second', true, key.spec.ttl]);
    assert.equal((await call('tom', 'PUT', path, key)).status, 404);
  });
}
