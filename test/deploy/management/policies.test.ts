import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ClusterClient } from '../../../adapters/kubernetes/client.ts';
import { apiMessage } from '../../../adapters/kubernetes/failures.ts';
import { type ManagementResources, managementResources } from '../../../adapters/kubernetes/resources.ts';
import { accessKeyBounds, platformNamespace } from '../../../contracts/names.ts';
import type { AppParameter } from '../../../contracts/resources/app-parameter.ts';
import { eventually } from '../../support/eventually.ts';
import {
  applyProjectNamespace,
  startManagementApi,
  type TestManagementApi,
} from '../../support/management-api.ts';
import { activityCases } from './activity-cases.ts';
import { allowedCases } from './allowed-cases.ts';
import { spaceTemplateCases } from './space-template-cases.ts';
import { deletionCases } from './deletion-cases.ts';
import { replacedCases } from './replaced-cases.ts';
import { sleepCases } from './sleep-cases.ts';
import { wakerCases } from './waker-cases.ts';

const changedBy = 'vcluster-platform.io/changed-by';
const force = 'sleepmode.loft.sh/force';
const namespace = 'p-demo';

describe('admission policies of the management API', () => {
  let api: TestManagementApi;
  let anna: ManagementResources;
  let bob: ManagementResources;
  let worker: ManagementResources;
  let admin: ManagementResources;
  before(async () => {
    api = await startManagementApi();
    await applyProjectNamespace(api.admin, 'demo', {
      allowedTemplates: [
        { name: 'default', isDefault: true },
        { name: '*' },
        { kind: 'SpaceTemplate', name: '*' },
      ],
    });
    await bindInProject('anna', 'loft-management-project-admin');
    await bindInProject('bob', 'loft-management-project-user');
    await bindInProject('bob', 'loft-test-editor');
    await api.admin.rbac.createClusterRole({
      body: {
        metadata: { name: 'loft-test-editor' },
        rules: [
          {
            apiGroups: ['management.loft.sh'],
            resources: ['virtualclusterinstances'],
            verbs: ['get', 'update', 'patch'],
          },
        ],
      },
    });
    await bindEverywhere('carl', 'loft-test-users', [
      {
        apiGroups: ['management.loft.sh'],
        resources: ['users', 'teams', 'projects'],
        verbs: ['create', 'update', 'patch'],
      },
      {
        apiGroups: ['rbac.authorization.k8s.io'],
        resources: ['clusterroles'],
        verbs: ['bind'],
        resourceNames: ['view'],
      },
    ]);
    // As a member of a project has it.
    await bindEverywhere('anna', 'loft-test-uses-all-templates', [
      {
        apiGroups: ['management.loft.sh'],
        resources: ['virtualclustertemplates', 'spacetemplates'],
        verbs: ['get', 'use'],
      },
    ]);
    const as = async (user: string, groups: string[] = []) =>
      managementResources((await api.as(user, groups)) as ClusterClient);
    anna = await as('anna', ['loft:user:anna']);
    bob = await as('bob', ['loft:user:bob']);
    worker = await as('vcluster-platform:worker');
    admin = api.resources;
    await eventually('the roles are in force', () =>
      anna.virtualclusterinstances.create({ metadata: { namespace, name: 'first' }, spec: {} }),
    );
  });
  after(() => api.stop());

  function bindInProject(user: string, role: string) {
    return api.admin.rbac.createNamespacedRoleBinding({
      namespace,
      body: {
        metadata: { name: `${user}-${role}` },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
      },
    });
  }
  async function bindEverywhere(user: string, role: string, rules: object[]) {
    await api.admin.rbac.createClusterRole({ body: { metadata: { name: role }, rules: rules as never } });
    await api.admin.rbac.createClusterRoleBinding({
      body: {
        metadata: { name: role },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
      },
    });
  }
  const refusal = (promise: Promise<unknown>) =>
    promise.then(
      () => 'accepted',
      (error: unknown) => apiMessage(error),
    );
  const actorOf = async (name: string) =>
    (await admin.virtualclusterinstances.get({ namespace, name }))?.metadata.annotations?.[changedBy];

  it('stamps the creator and the last change of spec or sleep annotations, which cannot be forged', async () => {
    const name = { namespace, name: 'stamped' };
    const made = await anna.virtualclusterinstances.create({
      metadata: { ...name, annotations: { [changedBy]: 'evil' } },
      spec: {},
    });
    assert.equal(made.metadata.annotations?.[changedBy], 'anna');
    const patch = (as: ManagementResources, body: object) => as.virtualclusterinstances.patch(name, body);
    await patch(bob, { metadata: { annotations: { [changedBy]: 'evil', other: 'x' } } });
    assert.equal(await actorOf('stamped'), 'anna', 'a forged value');
    await patch(bob, { metadata: { annotations: { [changedBy]: null } } });
    assert.equal(await actorOf('stamped'), 'anna', 'a removed value');
    await patch(bob, { metadata: { annotations: null } });
    assert.equal(await actorOf('stamped'), 'anna', 'all annotations removed');
    await patch(bob, { metadata: { labels: { a: 'b' } } });
    assert.equal(await actorOf('stamped'), 'anna', 'a label');
    await patch(bob, { metadata: { annotations: { [force]: 'true' } } });
    assert.equal(await actorOf('stamped'), 'bob', 'a sleep annotation');
    await patch(anna, { metadata: { annotations: { [force]: null } } });
    assert.equal(await actorOf('stamped'), 'anna', 'a sleep annotation removed');
    await patch(bob, { spec: { parameters: 'a: 1' } });
    assert.equal(await actorOf('stamped'), 'bob', 'the spec');
    await patch(worker, { spec: { clusterRef: { cluster: 'local', namespace: 'loft-demo-v-stamped' } } });
    assert.equal(await actorOf('stamped'), 'bob', "the platform's own write");
  });

  it('sets the creator as owner of a tenant cluster without one, and keeps the owner', async () => {
    const name = { namespace, name: 'owned' };
    const made = await anna.virtualclusterinstances.create({ metadata: name });
    assert.deepEqual(made.spec?.owner, { user: 'anna' });
    const kept = await anna.virtualclusterinstances.patch(name, { spec: { owner: null } });
    assert.deepEqual(kept.spec?.owner, { user: 'anna' });
    const applied = await anna.virtualclusterinstances.apply(
      { metadata: name, spec: { displayName: 'x' } },
      'gitops',
    );
    assert.deepEqual(applied.spec?.owner, { user: 'anna' });
    const given = await anna.virtualclusterinstances.create({
      metadata: { namespace, name: 'given' },
      spec: { owner: { team: 'devs' } },
    });
    assert.deepEqual(given.spec?.owner, { team: 'devs' });
  });

  it('refuses an inline template where a template is required, unless the project allows it', async () => {
    const make = (as: ManagementResources, name: string) =>
      refusal(as.virtualclusterinstances.create({ metadata: { namespace, name }, spec: { template: {} } }));
    assert.match(await make(bob, 'inline-bob'), /requires a template/);
    assert.equal(await make(anna, 'inline-anna'), 'accepted');
    const patched = bob.virtualclusterinstances.patch(
      { namespace, name: 'inline-anna' },
      { spec: { displayName: 'x' } },
    );
    assert.equal(await refusal(patched), 'accepted', 'a change of something else');
    await api.admin.core.patchNamespace({
      name: namespace,
      body: [{ op: 'add', path: '/metadata/labels/vcluster-platform.io~1require-template', value: 'false' }],
    });
    await eventually('bob may', async () => (await make(bob, 'inline-bob')) === 'accepted');
  });

  activityCases(() => api);
  allowedCases(() => api);
  deletionCases(() => api);
  replacedCases(() => api);
  sleepCases(() => api);
  spaceTemplateCases(() => api);
  wakerCases(() => api);

  it('keeps tenant clusters in their host namespaces and projects', async () => {
    const make = (namespace: string, name: string, clusterRef?: object) =>
      refusal(
        anna.virtualclusterinstances.create({
          metadata: { namespace, name },
          spec: clusterRef === undefined ? {} : { clusterRef },
        }),
      );
    assert.match(
      await make(namespace, 'thief', { cluster: 'local', namespace: 'kube-system' }),
      /only an administrator/,
    );
    assert.equal(
      await make(namespace, 'honest', { cluster: 'local', namespace: 'loft-demo-v-honest' }),
      'accepted',
    );
    const outside = admin.virtualclusterinstances.create({
      metadata: { namespace: 'default', name: 'x' },
      spec: {},
    });
    assert.match(await refusal(outside), /namespace of its project/);
    const longProject = `p-${'p'.repeat(20)}`;
    await applyProjectNamespace(api.admin, longProject.slice(2));
    const long = admin.virtualclusterinstances.create({
      metadata: { namespace: longProject, name: 'n'.repeat(36) },
      spec: {},
    });
    assert.match(await refusal(long), /64 characters, 63 are possible/);
  });

  it('clusterRef cannot change once set, and cannot name a namespace of Kubernetes or the platform', async () => {
    for (const [kind, infix] of [
      ['virtualclusterinstances', 'v'],
      ['spaceinstances', 's'],
    ] as const) {
      const name = { namespace, name: 'settled' };
      const clusterRef = { cluster: 'local', namespace: `loft-demo-${infix}-settled` };
      await admin[kind].create({ metadata: name, spec: { owner: { user: 'anna' }, clusterRef } });
      assert.match(
        await refusal(admin[kind].patch(name, { spec: null } as never)),
        /cannot (change|be removed)/,
      );
      assert.match(
        await refusal(admin[kind].patch(name, { spec: { clusterRef: null } } as never)),
        /cannot change/,
      );
      for (const taken of ['kube-system', 'default', 'vcluster-platform', 'kube-anything']) {
        const thief = admin[kind].create({
          metadata: { namespace, name: 'thief' },
          spec: { clusterRef: { cluster: 'local', namespace: taken } },
        });
        assert.match(await refusal(thief), /belongs to Kubernetes or to the platform/, taken);
      }
      const joined = `loft-demo-${infix}-a-${infix}-b`;
      const shared = anna[kind].create({
        metadata: { namespace, name: `a-${infix}-b` },
        spec: { clusterRef: { cluster: 'local', namespace: joined } },
      });
      assert.match(await refusal(shared), /only an administrator/, 'project demo-x-a and name b have it too');
      const left = anna[kind].create({ metadata: { namespace, name: `a-${infix}-b` }, spec: {} });
      assert.equal(await refusal(left), 'accepted');
    }
  });

  it('refuses a namespacePattern without project or name; an existing one stays', async () => {
    const project = '{{ .Values.loft.project }}';
    const make = (name: string, namespacePattern: object) =>
      refusal(admin.projects.create({ metadata: { name }, spec: { namespacePattern } }));
    assert.match(
      await make('p1', { virtualCluster: 'team-{{ .Values.loft.name }}' }),
      /namespacePattern.virtualCluster does not tell projects apart/,
    );
    assert.match(
      await make('p1', { space: `team-${project}` }),
      /namespacePattern.space does not tell names apart/,
    );
    assert.match(await make('p1', { virtualCluster: 'all' }), /does not tell projects apart/);
    const good = { virtualCluster: `t-{{- .Values.loft.virtualClusterName }}-${project}`, space: '' };
    assert.equal(await make('p1', good), 'accepted');
    const change = (spec: object) => refusal(admin.projects.patch({ name: 'p1' }, { spec }));
    assert.match(
      await change({ namespacePattern: { space: '{{ .Values.loft.space }}' } }),
      /tell projects apart/,
    );
    assert.equal(await change({ displayName: 'x', namespacePattern: good }), 'accepted');
  });

  it('refuses templates with expressions that RE2 does not know or defaults of another type', async () => {
    let count = 0;
    const make = (parameter: Partial<AppParameter>, inVersion = false) => {
      const parameters = [{ variable: 'fine' }, { variable: 'size', ...parameter }];
      const spec = inVersion ? { versions: [{ version: '1.0.0', parameters }] } : { parameters };
      const name = `declares-${(count += 1)}`;
      return refusal(admin.virtualclustertemplates.create({ metadata: { name }, spec }));
    };
    await eventually('the policy is in force', async () => (await make({ validation: '(' })) !== 'accepted');
    for (const fine of [
      { validation: '(?i)^[a-z]+$', invalidation: '^[[:alpha:]]+$' },
      { type: 'number', defaultValue: '1.5' },
      { type: 'boolean', defaultValue: 'Yes' },
      { type: 'string', defaultValue: '0755' },
    ] as const)
      assert.equal(await make(fine), 'accepted', JSON.stringify(fine));
    assert.match(await make({ validation: '(' }), /error parsing regexp: missing closing \): `\(`/);
    assert.match(await make({ invalidation: '(?=a)' }), /invalid or unsupported Perl syntax: `\(\?=`/);
    assert.match(await make({ validation: '[z-a]' }, true), /invalid character class range/);
    assert.match(
      await make({ type: 'number', defaultValue: '0755' }),
      /default of parameter "size" is not a number in decimal/,
    );
    assert.match(
      await make({ type: 'boolean', defaultValue: 'maybe' }, true),
      /is not a boolean: write true/,
    );
  });

  it('users can grant only roles that they may bind', async () => {
    const carl = managementResources(await api.as('carl'));
    const user = (name: string, role: string) =>
      refusal(carl.users.create({ metadata: { name }, spec: { clusterRoles: [{ name: role }] } }));
    assert.equal(await user('u1', 'view'), 'accepted');
    assert.match(await user('u2', 'cluster-admin'), /you cannot grant cluster role cluster-admin/);
    await admin.teams.create({
      metadata: { name: 'admins' },
      spec: { clusterRoles: [{ name: 'cluster-admin' }] },
    });
    await api.admin.rbac.createClusterRole({
      body: {
        metadata: { name: 'loft-test-teams' },
        rules: [{ apiGroups: ['management.loft.sh'], resources: ['teams'], verbs: ['bind'] }],
      },
    });
    await api.admin.rbac.createClusterRoleBinding({
      body: {
        metadata: { name: 'loft-test-teams' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'loft-test-teams' },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'carl' }],
      },
    });
    await admin.teams.create({ metadata: { name: 'plain' } });
    await eventually('carl may say who belongs to a team', () =>
      carl.teams.patch({ name: 'plain' }, { spec: { users: ['carl'] } }),
    );
    const join = carl.teams.patch({ name: 'admins' }, { spec: { users: ['carl'] } });
    assert.match(await refusal(join), /you cannot grant cluster role cluster-admin/);
    const project = (name: string, spec: object) =>
      refusal(carl.projects.create({ metadata: { name }, spec }));
    assert.equal(await project('one', { members: [{ name: 'x', clusterRole: 'view' }] }), 'accepted');
    assert.match(await project('two', { members: [{ name: 'x', clusterRole: 'admin' }] }), /in this project/);
    assert.match(await project('three', { owner: { user: 'carl' } }), /loft-management-project-admin/);
    const members = ['admin', 'user', 'viewer'].flatMap((role) =>
      ['x', 'y'].map((name) => ({ name, clusterRole: `loft-management-project-${role}` })),
    );
    assert.match(await project('four', { members }), /loft-management-project-admin in this project/);
    await admin.projects.create({ metadata: { name: 'four' }, spec: { members, owner: { user: 'x' } } });
  });

  it('users can grant only rights that they have on the object', async () => {
    const dora = managementResources(await api.as('dora'));
    await bindEverywhere('dora', 'loft-test-dora', [
      {
        apiGroups: ['management.loft.sh'],
        resources: ['projects', 'clusters', 'users', 'teams'],
        verbs: ['create', 'get', 'update', 'patch'],
      },
    ]);
    await admin.projects.create({ metadata: { name: 'given' } });
    await admin.teams.create({ metadata: { name: 'crew' } });
    await admin.users.create({ metadata: { name: 'dora' } });
    await admin.clusters.create({ metadata: { name: 'east' }, spec: { local: true } });
    await eventually('dora may', () =>
      dora.projects.patch({ name: 'given' }, { metadata: { labels: { a: 'b' } } }),
    );
    const project = (spec: object) => refusal(dora.projects.patch({ name: 'given' }, { spec }));
    const access = (verbs: string[]) => [{ users: ['dora'], verbs }];
    assert.match(await project({ access: access(['delete']) }), /rights on given that you do not have/);
    assert.match(await project({ access: access(['*']) }), /rights on given that you do not have/);
    assert.equal(await project({ access: access(['get', 'update']) }), 'accepted');
    assert.match(await project({ allowedClusters: [{ name: '*' }] }), /cannot change spec.allowedClusters/);
    assert.match(await project({ quotas: { project: { pods: '9' } } }), /cannot change spec.quotas/);
    assert.equal(await project({ displayName: 'Given' }), 'accepted');
    const cluster = (spec: object) => refusal(dora.clusters.patch({ name: 'east' }, { spec }));
    assert.match(await cluster({ owner: { user: 'dora' } }), /rights on east/);
    assert.match(await cluster({ access: access(['use']) }), /rights on east/);
    assert.equal(await cluster({ displayName: 'East' }), 'accepted');
    assert.match(
      await refusal(dora.teams.patch({ name: 'crew' }, { spec: { users: ['dora'] } })),
      /who belongs to crew/,
    );
    assert.match(
      await refusal(dora.teams.patch({ name: 'crew' }, { spec: { groups: ['x'] } })),
      /who belongs to crew/,
    );
    for (const spec of [{ groups: ['admins'] }, { ssoGroups: ['admins'] }, { subject: 'anna' }]) {
      assert.match(await refusal(dora.users.patch({ name: 'dora' }, { spec })), /who belongs to dora/);
      assert.match(
        await refusal(dora.users.create({ metadata: { name: 'new' }, spec })),
        /who belongs to new/,
      );
    }
    assert.equal(
      await refusal(admin.teams.patch({ name: 'crew' }, { spec: { users: ['dora'] } })),
      'accepted',
    );
  });

  it('only users who may bind a user can change its logins or create its keys', async () => {
    const ella = managementResources(await api.as('ella'));
    await bindEverywhere('ella', 'loft-test-ella', [
      {
        apiGroups: ['management.loft.sh'],
        resources: ['users', 'accesskeys', 'teams'],
        verbs: ['create', 'get', 'update', 'patch'],
      },
      { apiGroups: ['management.loft.sh'], resources: ['users'], verbs: ['bind'], resourceNames: ['hers'] },
    ]);
    const passwordRef = { secretName: 'mine', secretNamespace: 'vcluster-platform-passwords', key: 'hash' };
    const oidc = { 'vcluster-platform.io/oidc-identity': 'https://issuer sub' };
    const keyHash = (digit: string) => digit.repeat(64);
    for (const name of ['boss', 'hers'])
      await admin.users.create({ metadata: { name }, spec: { passwordRef, disabled: true } });
    await admin.teams.create({ metadata: { name: 'owners' } });
    await admin.accesskeys.create({
      metadata: { name: 'of-boss' },
      spec: { user: 'boss', keyHash: keyHash('a') },
    });
    await eventually('ella may', () => ella.users.patch({ name: 'boss' }, { spec: { displayName: 'Boss' } }));
    const change = (name: string, patch: object) => refusal(ella.users.patch({ name }, patch));
    const patches: [string, object][] = [
      ['passwordRef', { spec: { passwordRef: { secretName: 'hers' } } }],
      ['passwordRef', { spec: { passwordRef: null } }],
      ['codesRef', { spec: { codesRef: passwordRef } }],
      ['disabled', { spec: { disabled: false } }],
      ['disabled', { spec: { disabled: null } }],
      ['email', { spec: { email: 'ella@example.com' } }],
      ['username', { spec: { username: 'ella' } }],
      ['tokenGeneration', { spec: { tokenGeneration: 2 } }],
      ['extraClaims', { spec: { extraClaims: { a: 'b' } } }],
      ['oidc-identity', { metadata: { annotations: oidc } }],
      ['oidc-groups-from', { metadata: { annotations: { 'vcluster-platform.io/oidc-groups-from': '0' } } }],
      ['passwordRef', { spec: null }],
    ];
    for (const [field, patch] of patches) {
      assert.match(await change('boss', patch), new RegExp(`how user boss logs in \\(.*${field}`));
      assert.equal(await refusal(admin.users.patch({ name: 'boss' }, patch)), 'accepted');
      await admin.users.patch({ name: 'boss' }, { spec: { passwordRef, disabled: true } });
    }
    assert.equal(
      await change('boss', { spec: { description: 'x' }, metadata: { labels: { a: 'b' } } }),
      'accepted',
    );
    assert.equal(await change('hers', { spec: { disabled: false } }), 'accepted');
    const make = (name: string, body: object) => refusal(ella.users.create({ metadata: { name }, ...body }));
    assert.match(await make('new', { spec: { passwordRef } }), /how user new logs in/);
    assert.match(
      await refusal(ella.users.create({ metadata: { name: 'new', annotations: oidc } })),
      /how user new logs in/,
    );
    assert.equal(await make('new', { spec: { email: 'new@example.com', disabled: true } }), 'accepted');

    const key = (name: string, spec: object) =>
      refusal(ella.accesskeys.create({ metadata: { name }, spec: { keyHash: keyHash('b'), ...spec } }));
    assert.match(await key('k1', { user: 'boss' }), /access keys of user boss/);
    assert.match(await key('k2', { team: 'owners' }), /access keys of team owners/);
    assert.match(await key('k3', {}), /that needs verb bind/);
    assert.equal(await key('k4', { user: 'hers' }), 'accepted');
    const full = (kind: keyof typeof accessKeyBounds, name: string) =>
      api.admin.core.patchNamespacedConfigMap({
        name: accessKeyBounds[kind],
        namespace: platformNamespace,
        body: [{ op: 'add', path: '/data', value: { [name]: '7' } }],
      });
    await full('users', 'hers');
    await eventually('the bound is known', async () =>
      /user hers has 7 access keys, which is the limit/.test(await key('k5', { user: 'hers' }))
        ? true
        : undefined,
    );
    await full('teams', 'owners');
    const ofTeam = () =>
      refusal(
        admin.accesskeys.create({
          metadata: { name: 'k6' },
          spec: { keyHash: keyHash('c'), team: 'owners' },
        }),
      );
    await eventually('that of the team is', async () => /team owners has 7 access keys/.test(await ofTeam()));
    for (const spec of [
      { ttl: 0, disabled: false },
      { scope: null, ttlAfterLastActivity: true },
    ])
      assert.match(
        await refusal(ella.accesskeys.patch({ name: 'of-boss' }, { spec })),
        /access keys of user boss/,
      );
    assert.equal(
      await refusal(ella.accesskeys.patch({ name: 'of-boss' }, { metadata: { labels: { a: 'b' } } })),
      'accepted',
    );
  });

  it('only users with every right on a tenant cluster can change its access', async () => {
    const name = { namespace, name: 'guarded' };
    await anna.virtualclusterinstances.create({ metadata: name, spec: {} });
    const patch = (as: ManagementResources, spec: object) =>
      refusal(as.virtualclusterinstances.patch(name, { spec }));
    for (const spec of [
      { owner: { user: 'bob' } },
      { access: [{ users: ['bob'], verbs: ['use'] }] },
      { extraAccessRules: [{ users: ['bob'], clusterRole: 'cluster-admin' }] },
    ]) {
      assert.match(await patch(bob, spec), /only users with every right/);
      assert.equal(await patch(anna, spec), 'accepted');
    }
    assert.equal(await patch(bob, { displayName: 'x' }), 'accepted');
  });

  it("only the platform and administrators can remove the platform's finalizer", async () => {
    const finalizers = ['loft.sh/cleanup'];
    for (const kind of ['virtualclusterinstances', 'spaceinstances'] as const) {
      const name = { namespace, name: 'finalized' };
      const made = anna[kind].create({ metadata: name, spec: { templateRef: { name: 'x' } } });
      await made;
      const patch = (as: ManagementResources, given: string[] | null) =>
        refusal(as[kind].patch(name, { metadata: { finalizers: given } }));
      assert.equal(await patch(worker, finalizers), 'accepted');
      assert.equal(await patch(anna, [...finalizers, 'gitops.example/hold']), 'accepted');
      for (const given of [null, [], ['gitops.example/hold']])
        assert.match(await patch(anna, given), /belongs to the platform/);
      await anna[kind].delete(name);
      assert.match(await patch(anna, null), /belongs to the platform/, 'while it is being deleted');
      assert.equal(await patch(kind === 'spaceinstances' ? admin : worker, null), 'accepted');
      assert.equal(await admin[kind].get(name), undefined);
    }
  });

  it('spaces are held to their namespace, owner and grantable roles', async () => {
    const make = (as: ManagementResources, name: string, spec: object = {}) =>
      refusal(as.spaceinstances.create({ metadata: { namespace, name }, spec }));
    assert.equal(await make(bob, 'mine'), 'accepted');
    const mine = await admin.spaceinstances.get({ namespace, name: 'mine' });
    assert.deepEqual([mine?.spec?.owner, mine?.metadata.annotations?.[changedBy]], [{ user: 'bob' }, 'bob']);
    const clusterRef = { cluster: 'local', namespace: 'kube-system' };
    assert.match(await make(bob, 'thief', { clusterRef }), /connected cluster can choose/);
    const own = { clusterRef: { cluster: 'local', namespace: 'loft-demo-s-own' } };
    assert.equal(await make(bob, 'own', own), 'accepted');
    const giving = (clusterRole: string) => ({ extraAccessRules: [{ users: ['bob'], clusterRole }] });
    for (const role of ['admin', 'edit', 'cluster-admin', 'anything'])
      assert.match(await make(bob, `with-${role}`, giving(role)), new RegExp(`can grant the role ${role}`));
    for (const role of ['view', 'loft-cluster-space-admin'])
      assert.equal(await make(anna, `with-${role}`, giving(role)), 'accepted');
    const patch = (as: ManagementResources, spec: object) =>
      refusal(as.spaceinstances.patch({ namespace, name: 'mine' }, { spec }));
    assert.match(await patch(anna, giving('admin')), /can grant the role admin/);
    assert.equal(await patch(admin, giving('admin')), 'accepted', 'an administrator of all clusters');
    assert.equal(await patch(anna, { displayName: 'x' }), 'accepted', 'what is there already stays');
    await bindInProject('bob', 'loft-test-space-editor');
    await api.admin.rbac.createClusterRole({
      body: {
        metadata: { name: 'loft-test-space-editor' },
        rules: [
          {
            apiGroups: ['management.loft.sh'],
            resources: ['spaceinstances'],
            verbs: ['get', 'update', 'patch'],
          },
        ],
      },
    });
    await eventually(
      'bob may change it',
      async () => (await patch(bob, { displayName: 'y' })) === 'accepted',
    );
    for (const spec of [
      giving('view'),
      { owner: { user: 'eve' } },
      { access: [{ users: ['eve'], verbs: ['use'] }] },
    ])
      assert.match(await patch(bob, spec), /only users with every right on space mine/);
    const outside = admin.spaceinstances.create({ metadata: { namespace: 'default', name: 'x' } });
    assert.match(await refusal(outside), /namespace of its project/);
  });

  it("the gateway's credential allows impersonation only", async () => {
    const gateway = managementResources(await api.as('vcluster-platform:gateway'));
    for (const plural of ['projects', 'users', 'accesskeys'] as const) {
      assert.match(await refusal(gateway[plural].list()), /forbidden/);
    }
    const { AuthorizationV1Api } = await import('@kubernetes/client-node');
    const reviews = api.admin.kubeConfig.makeApiClient(AuthorizationV1Api);
    for (const [resource, name, expected] of [
      ['users', 'vcluster-platform:gateway-reader', true],
      ['users', 'vcluster-platform:worker', false],
      ['users', 'anna', false],
      ['groups', 'system:masters', false],
      ['groups', 'system:authenticated', true],
      ['serviceaccounts', 'default', false],
      ['uids', 'x', false],
    ] as const) {
      const spec = {
        user: 'vcluster-platform:gateway',
        resourceAttributes: { verb: 'impersonate', resource, name },
      };
      const { status } = await reviews.createSubjectAccessReview({ body: { spec } });
      assert.equal(status?.allowed, expected, `${resource} ${name}`);
    }
  });
});
