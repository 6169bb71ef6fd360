import type { PolicyRule, RbacQuestion, RbacUser } from '../../domain/access/rbac.ts';
import type { WorldObject } from './rbac-worlds.ts';

const apiGroup = 'rbac.authorization.k8s.io';
const group = 'management.loft.sh';
const user = (name: string) => ({ apiGroup, kind: 'User', name });
const verbs = ['get'];

const clusterRole = (name: string, ...rules: PolicyRule[]): WorldObject => ({
  kind: 'ClusterRole',
  name,
  content: { rules },
});
const bound = (role: string, subject: object, namespace?: string, kind = 'ClusterRole'): WorldObject => ({
  kind: namespace === undefined ? 'ClusterRoleBinding' : 'RoleBinding',
  name: `hand-${role}`,
  ...(namespace === undefined ? {} : { namespace }),
  content: { roleRef: { apiGroup, kind, name: role }, subjects: [subject] },
});

/** One user for each role, so that what one allows shows in nobody else's answers. */
export const handWritten: WorldObject[] = [
  clusterRole('all', { verbs: ['*'], apiGroups: ['*'], resources: ['*'] }),
  bound('all', user('all')),
  clusterRole('named', {
    verbs: ['*'],
    apiGroups: [group],
    resources: ['projects'],
    resourceNames: ['alpha'],
  }),
  bound('named', user('named')),
  clusterRole('nameless', { verbs, apiGroups: [group], resources: ['projects'], resourceNames: [''] }),
  bound('nameless', user('nameless')),
  clusterRole('logs', { verbs, apiGroups: [''], resources: ['*/log'] }),
  bound('logs', user('logs')),
  clusterRole('pods', { verbs, apiGroups: [''], resources: ['pods'] }),
  bound('pods', user('pods'), 'n1'),
  clusterRole('pod-parts', { verbs, apiGroups: [''], resources: ['pods/*'] }),
  bound('pod-parts', user('pod-parts')),
  clusterRole('paths', { verbs, nonResourceURLs: ['/healthz/*', '/metrics', '/a**'] }),
  bound('paths', user('paths')),
  clusterRole('paths-there', { verbs, nonResourceURLs: ['*'] }),
  bound('paths-there', user('paths-there'), 'n1'),
  {
    kind: 'Role',
    name: 'local',
    namespace: 'n1',
    content: { rules: [{ verbs, apiGroups: [''], resources: ['pods'] }] },
  },
  bound('local', { kind: 'ServiceAccount', name: 'robot' }, 'n1', 'Role'),
  bound('local', user('elsewhere'), 'n2', 'Role'), // n2 has no role of that name
  bound('nowhere', user('nowhere')),
  clusterRole('aggregated'), // rules: none, as before a controller filled them
  bound('aggregated', user('aggregated')),
];

const ask = (question: Partial<RbacQuestion>): RbacQuestion =>
  'path' in question
    ? { verb: 'get', path: '', ...question }
    : { verb: 'get', group, resource: 'projects', ...question };
const as = (name: string, ...groups: string[]): RbacUser => ({ user: name, groups });

export const cases: [what: string, allowed: boolean, who: RbacUser, question: RbacQuestion][] = [
  ['everything on resources', true, as('all'), ask({ verb: 'use', name: 'alpha', namespace: 'n1' })],
  ['is nothing on paths', false, as('all'), ask({ path: '/metrics' })],
  ['verb * as a verb', true, as('all'), ask({ verb: '*', resource: '*' })],
  [
    'verb * of who has one verb',
    false,
    as('pods'),
    ask({ verb: '*', group: '', resource: 'pods', namespace: 'n1' }),
  ],
  ['a subresource under *', true, as('all'), ask({ subresource: 'status', name: 'alpha' })],
  ['a name', true, as('named'), ask({ name: 'alpha' })],
  ['another name', false, as('named'), ask({ name: 'beta' })],
  ['a list where names are given', false, as('named'), ask({ verb: 'list' })],
  ['a list of one name', true, as('named'), ask({ verb: 'list', name: 'alpha' })],
  ['a watch of one name', true, as('named'), ask({ verb: 'watch', name: 'alpha' })],
  ['creation where names are given', false, as('named'), ask({ verb: 'create' })],
  ['deletion of all where names are given', false, as('named'), ask({ verb: 'deletecollection' })],
  ['a subresource of a named object', false, as('named'), ask({ subresource: 'status', name: 'alpha' })],
  ['in a namespace, by a ClusterRoleBinding', true, as('named'), ask({ name: 'alpha', namespace: 'n2' })],
  ['the empty name', true, as('nameless'), ask({ verb: 'get' })],
  ['a name besides the empty one', false, as('nameless'), ask({ name: 'alpha' })],
  ['*/log', true, as('logs'), ask({ group: '', resource: 'pods', subresource: 'log' })],
  ['*/log is not log as a resource', false, as('logs'), ask({ group: '', resource: 'log' })],
  ['*/log of another group', false, as('logs'), ask({ subresource: 'log' })],
  ['*/log is not */logs', false, as('logs'), ask({ group: '', resource: 'pods', subresource: 'logs' })],
  [
    'a resource is not its subresources',
    false,
    as('pods'),
    ask({ group: '', resource: 'pods', subresource: 'log', namespace: 'n1' }),
  ],
  ['a RoleBinding in its namespace', true, as('pods'), ask({ group: '', resource: 'pods', namespace: 'n1' })],
  ['a RoleBinding elsewhere', false, as('pods'), ask({ group: '', resource: 'pods', namespace: 'n2' })],
  ['a RoleBinding over all namespaces', false, as('pods'), ask({ group: '', resource: 'pods' })],
  [
    'pods/* is not a pattern',
    false,
    as('pod-parts'),
    ask({ group: '', resource: 'pods', subresource: 'log' }),
  ],
  [
    'but a name like any other',
    true,
    as('pod-parts'),
    ask({ group: '', resource: 'pods', subresource: '*' }),
  ],
  ['a path', true, as('paths'), ask({ path: '/metrics' })],
  ['a path below it', false, as('paths'), ask({ path: '/metrics/slis' })],
  ['a path below a star', true, as('paths'), ask({ path: '/healthz/etcd' })],
  ['the path before the star', false, as('paths'), ask({ path: '/healthz' })],
  ['several stars', true, as('paths'), ask({ path: '/apis' })],
  ['another verb on a path', false, as('paths'), ask({ verb: 'post', path: '/metrics' })],
  ['paths by a RoleBinding', false, as('paths-there'), ask({ path: '/metrics' })],
  [
    'a service account of the namespace of the binding',
    true,
    as('system:serviceaccount:n1:robot'),
    ask({ group: '', resource: 'pods', namespace: 'n1' }),
  ],
  [
    'one of another namespace',
    false,
    as('system:serviceaccount:n2:robot'),
    ask({ group: '', resource: 'pods', namespace: 'n1' }),
  ],
  ['a user of its short name', false, as('robot'), ask({ group: '', resource: 'pods', namespace: 'n1' })],
  [
    'a Role of another namespace',
    false,
    as('elsewhere'),
    ask({ group: '', resource: 'pods', namespace: 'n2' }),
  ],
  ['a role that is not there', false, as('nowhere'), ask({})],
  ['a role without rules', false, as('aggregated'), ask({})],
  ['a user is not a group', false, as('x', 'all'), ask({})],
  ['names differ by case', false, as('All'), ask({})],
  ['system:masters', true, as('x', 'system:masters'), ask({ verb: 'anything', resource: 'nothing' })],
  ['system:masters on paths', true, as('x', 'system:masters'), ask({ path: '/x' })],
  ['system:masters as a user', false, as('system:masters'), ask({})],
  [
    'discovery, which everybody has who is authenticated',
    true,
    as('x', 'system:authenticated'),
    ask({ path: '/apis/apps' }),
  ],
  ['and who is not has not', false, as('x'), ask({ path: '/apis/apps' })],
];
