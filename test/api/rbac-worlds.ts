import fc from 'fast-check';
import type { PolicyRule, RbacQuestion, RbacUser } from '../../domain/access/rbac.ts';

/** One role or binding as it should be; without `content` it should not be there. */
export interface WorldObject {
  readonly kind: 'Role' | 'ClusterRole' | 'RoleBinding' | 'ClusterRoleBinding';
  readonly name: string;
  readonly namespace?: string;
  readonly content?: Record<string, unknown>;
}

export interface Asked {
  readonly who: RbacUser;
  readonly question: RbacQuestion;
}

export const namespaces = ['n1', 'n2', 'n-3'];
const rbacGroup = 'rbac.authorization.k8s.io';
const roleNames = ['r1', 'r2', 'r:3', 'missing'];
const users = [
  'anna',
  'ben',
  'Anna',
  'group-a',
  'system:serviceaccount:n1:robot',
  'system:serviceaccount:n2:robot',
];
const groups = [
  'group-a',
  'group-b',
  'anna',
  'system:authenticated',
  'system:serviceaccounts',
  'system:masters',
];

const some = <T>(values: readonly T[], maxLength = 4) =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength });
/** Every second one allows all, or hardly a question would be allowed. */
const someOrAll = (values: readonly string[]) => fc.oneof(fc.constant(['*']), some([...values, '*']));

const verbs = ['get', 'list', 'watch', 'create', 'deletecollection', 'GET'];
const apiGroups = ['', 'management.loft.sh'];
const resources = ['pods', 'spaceinstances'];
const subresources = ['log', 'status'];
const names = ['a', 'A'];
const paths = ['/', '/healthz', '/healthz/etcd', '/apis', '/apis/apps', '/metrics', '/a*b', ''];

const resourceRule: fc.Arbitrary<PolicyRule> = fc.record(
  {
    verbs: someOrAll(verbs),
    apiGroups: someOrAll(apiGroups),
    resources: someOrAll([
      ...resources,
      ...resources.map((resource) => `${resource}/log`),
      '*/log',
      '*/status',
      '*/*',
      'pods/*',
      '*/',
    ]),
    resourceNames: fc.oneof(fc.constant([]), some([...names, '', '*'])),
  },
  { requiredKeys: ['verbs', 'apiGroups', 'resources'] },
);

const pathRule: fc.Arbitrary<PolicyRule> = fc.record({
  verbs: someOrAll(verbs),
  nonResourceURLs: some([
    '*',
    '**',
    '/',
    '/*',
    '/healthz',
    '/healthz*',
    '/healthz/*',
    '/a**',
    '/*b',
    '/apis/',
    ...paths.slice(0, -1),
  ]),
});

const rulesOf = (rule: fc.Arbitrary<PolicyRule>) => fc.array(rule, { maxLength: 4 });

const subject = (namespaced: boolean) =>
  fc.oneof(
    fc.record({
      apiGroup: fc.constant(rbacGroup),
      kind: fc.constant('User'),
      name: fc.constantFrom(...users),
    }),
    fc.record({
      apiGroup: fc.constant(rbacGroup),
      kind: fc.constant('Group'),
      name: fc.constantFrom(...groups),
    }),
    fc.record(
      {
        kind: fc.constant('ServiceAccount'),
        name: fc.constantFrom('robot', 'other'),
        namespace: fc.constantFrom(...namespaces),
      },
      { requiredKeys: namespaced ? ['kind', 'name'] : ['kind', 'name', 'namespace'] },
    ),
  );

const binding = (namespaced: boolean) =>
  fc.record(
    {
      roleRef: fc.record({
        apiGroup: fc.constant(rbacGroup),
        kind: fc.constantFrom(...(namespaced ? ['Role', 'ClusterRole'] : ['ClusterRole'])),
        name: fc.constantFrom(...roleNames),
      }),
      subjects: fc.array(subject(namespaced), { maxLength: 3 }),
    },
    { requiredKeys: ['roleRef'] },
  );

const contentOf = {
  Role: rulesOf(resourceRule).map((rules) => ({ rules })),
  ClusterRole: rulesOf(fc.oneof(resourceRule, pathRule)).map((rules) => ({ rules })),
  RoleBinding: binding(true),
  ClusterRoleBinding: binding(false),
};

/** Every place where a role or binding can be. */
const places: WorldObject[] = [
  ...namespaces.flatMap((namespace): WorldObject[] => [
    ...roleNames.slice(0, -1).map((name): WorldObject => ({ kind: 'Role', name, namespace })),
    ...['b1', 'b2', 'b3', 'b4', 'b5', 'b6'].map(
      (name): WorldObject => ({ kind: 'RoleBinding', name, namespace }),
    ),
  ]),
  ...roleNames.slice(0, -1).map((name): WorldObject => ({ kind: 'ClusterRole', name })),
  ...['c1', 'c2', 'c3', 'c4', 'c5'].map((name): WorldObject => ({ kind: 'ClusterRoleBinding', name })),
];

/** Changes of a world: about a third of its places get something else or nothing. */
export const changes: fc.Arbitrary<WorldObject[]> = fc
  .tuple(
    ...places.map((place) =>
      fc.option(
        fc.record({
          place: fc.constant(place),
          content: fc.option(contentOf[place.kind] as fc.Arbitrary<Record<string, unknown>>, { freq: 5 }),
        }),
        { freq: 2 },
      ),
    ),
  )
  .map((changed) =>
    changed.flatMap((change) =>
      change === null
        ? []
        : [{ ...change.place, ...(change.content === null ? {} : { content: change.content }) }],
    ),
  );

const who: fc.Arbitrary<RbacUser> = fc.record({
  user: fc.constantFrom(...users, 'system:serviceaccount:n-3:other', 'nobody'),
  // Rarely a member of system:masters, who may everything.
  groups: fc.uniqueArray(
    fc.oneof(
      { weight: 24, arbitrary: fc.constantFrom(...groups.slice(0, -1)) },
      { weight: 1, arbitrary: fc.constant('system:masters') },
    ),
    { maxLength: 4 },
  ),
});

const optional = <T>(values: readonly T[]) => fc.option(fc.constantFrom(...values), { nil: undefined });

const question: fc.Arbitrary<RbacQuestion> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .record({
        verb: fc.constantFrom(...verbs, '*'),
        group: fc.constantFrom(...apiGroups, '*'),
        resource: fc.constantFrom(...resources, '*', 'pods/log'),
        subresource: optional([...subresources, '*', '']),
        namespace: optional([...namespaces, 'n4', '']),
        name: optional([...names, '*', '']),
      })
      .map(
        (record) =>
          Object.fromEntries(
            Object.entries(record).filter(([, value]) => value !== undefined),
          ) as unknown as RbacQuestion,
      ),
  },
  {
    weight: 1,
    arbitrary: fc.record({ verb: fc.constantFrom(...verbs, '*'), path: fc.constantFrom(...paths) }),
  },
);

export const asked: fc.Arbitrary<Asked> = fc.record({ who, question });
