import type { Way } from '../way.ts';
import { type Actor, management } from '../world.ts';

const strangers = ['eve', 'rex', 'bob'] as const satisfies Actor[];
const mergePatch = { 'content-type': 'application/merge-patch+json' };

/** What of ana's each kind of the management API holds: its path below `management`, and a change that takes it over. */
const objectsOfAna: Record<string, { path: string; patch: unknown }> = {
  virtualclusterinstances: {
    path: 'namespaces/p-red/virtualclusterinstances/dev',
    patch: { spec: { owner: { user: 'eve' } } },
  },
  spaceinstances: {
    path: 'namespaces/p-red/spaceinstances/work',
    patch: { spec: { owner: { user: 'eve' } } },
  },
  projects: {
    path: 'projects/red',
    patch: {
      spec: { members: [{ kind: 'User', name: '*', clusterRole: 'loft-management-project-admin' }] },
    },
  },
  users: { path: 'users/ana', patch: { spec: { passwordRef: { secretName: 'x', secretNamespace: 'y' } } } },
  accesskeys: { path: 'accesskeys/key-ana', patch: { spec: { disabled: true } } },
  teams: { path: 'teams/anas', patch: { spec: { users: ['eve', 'rex', 'bob'] } } },
  clusters: { path: 'clusters/local', patch: { spec: { unusable: true } } },
  virtualclustertemplates: {
    path: 'virtualclustertemplates/default',
    patch: { spec: { template: { helmRelease: { values: 'apiServer: {egress: Direct}' } } } },
  },
  spacetemplates: {
    path: 'spacetemplates/default',
    patch: { spec: { template: { access: { defaultClusterRole: 'admin' } } } },
  },
};

const collectionOf = (path: string) => path.slice(0, path.lastIndexOf('/'));

/** The management API by plain Kubernetes verbs, and the paths of tenant clusters and spaces. */
export const kubernetesWays: readonly Way[] = strangers.flatMap((who): Way[] => [
  ...Object.entries(objectsOfAna).flatMap(([plural, { path, patch }]): Way[] => {
    // A member sees the project of his own, and the cluster and templates that it allows.
    const mayRead = who !== 'eve' && ['projects', 'clusters', 'virtualclustertemplates'].includes(plural);
    return [
      {
        who,
        tries: `reads ana's ${plural}`,
        request: `GET ${management}/${path}`,
        sees: mayRead ? [200, 403, 404] : [403, 404],
      },
      {
        who,
        tries: `changes ana's ${plural}`,
        request: `PATCH ${management}/${path}`,
        body: patch,
        headers: mergePatch,
        sees: [403, 404],
      },
      {
        who,
        tries: `deletes ana's ${plural}`,
        request: `DELETE ${management}/${path}`,
        sees: [403, 404],
      },
      {
        who,
        tries: `lists ${plural} where ana's are`,
        request: `GET ${management}/${collectionOf(path)}`,
        sees: [200, 403],
      },
      {
        who,
        tries: `deletes all ${plural} where ana's are`,
        request: `DELETE ${management}/${collectionOf(path)}`,
        sees: 403,
      },
    ];
  }),
  ...['virtualclusterinstances', 'spaceinstances', 'virtualclusterinstances/dev/kubeconfig'].map(
    (path): Way => ({
      who,
      tries: `reads status, scale or subresources: ${path}`,
      request:
        `GET ${management}/namespaces/p-red/${path}/${path.includes('/') ? '' : path.startsWith('v') ? 'dev' : 'work'}/status`.replace(
          '//status',
          '/status',
        ),
      sees: [403, 404],
    }),
  ),
  {
    who,
    tries: "gets a kubeconfig with a key for ana's tenant cluster",
    request: `POST ${management}/namespaces/p-red/virtualclusterinstances/dev/kubeconfig`,
    body: { spec: { certificateTTL: 3600 } },
    sees: 404,
  },
  {
    who,
    tries: "reads ana's keys by her name",
    request: `GET ${management}/users/ana/accesskeys`,
    sees: [403, 404],
  },
  {
    who,
    tries: 'lists keys of his own and sees hers',
    request: `GET ${management}/ownedaccesskeys`,
    sees: 200,
    never: /key-ana/,
  },
  {
    who,
    tries: 'reads one of her keys as his own',
    request: `GET ${management}/ownedaccesskeys/key-ana`,
    sees: 404,
  },
  {
    who,
    tries: 'switches off one of her keys',
    request: `PATCH ${management}/ownedaccesskeys/key-ana`,
    body: { spec: { disabled: true } },
    headers: mergePatch,
    sees: 404,
  },
  {
    who,
    tries: 'deletes one of her keys',
    request: `DELETE ${management}/ownedaccesskeys/key-ana`,
    sees: 404,
  },
  {
    who,
    tries: 'makes a key that acts as ana',
    request: `POST ${management}/ownedaccesskeys`,
    body: { spec: { user: 'ana' } },
    sees: 403,
  },
  {
    who,
    tries: "sets ana's password",
    request: `POST ${management}/users/ana/profile`,
    body: { spec: { newPassword: 'taken-over-1234', currentPassword: 'x' } },
    sees: [400, 403, 404],
  },
  {
    who,
    tries: "reads in ana's tenant cluster",
    request: 'GET /kubernetes/project/red/virtualcluster/dev/api/v1/namespaces/default/configmaps',
    sees: 404,
  },
  {
    who,
    tries: "writes in ana's tenant cluster",
    request: 'DELETE /kubernetes/project/red/virtualcluster/dev/api/v1/namespaces/default/configmaps/note',
    sees: 404,
  },
  {
    who,
    tries: "reads in ana's space",
    request: 'GET /kubernetes/project/red/space/work/api/v1/namespaces/loft-red-s-work/configmaps',
    sees: 404,
  },
  {
    who,
    tries: "deletes in ana's space",
    request: 'DELETE /kubernetes/project/red/space/work/api/v1/namespaces/loft-red-s-work/configmaps/note',
    sees: 404,
  },
  {
    who,
    tries: 'reads Secrets of the host namespace through the connected cluster',
    request: 'GET /kubernetes/cluster/local/api/v1/namespaces/loft-red-v-dev/secrets',
    sees: [403, 404],
  },
  {
    who,
    tries: 'lists namespaces of the connected cluster',
    request: 'GET /kubernetes/cluster/local/api/v1/namespaces',
    sees: [403, 404],
  },
  {
    who,
    tries: "reads Secrets of the project's namespace in the management API",
    request: 'GET /kubernetes/management/api/v1/namespaces/p-red/secrets',
    sees: 403,
  },
  {
    who,
    tries: 'acts as ana by impersonation',
    request: `GET ${management}/namespaces/p-red/virtualclusterinstances/dev`,
    headers: { 'impersonate-user': 'ana' },
    sees: [403, 404],
  },
]);

/** Ways out of one's own: bob's tenant path and space path do not lead to ana's. */
export const pathWays: readonly Way[] = [
  {
    who: 'bob',
    tries: "reads ana's space through the path of his own",
    request: 'GET /kubernetes/project/blue/space/work/api/v1/namespaces/loft-red-s-work/configmaps',
    sees: 403,
  },
  {
    who: 'bob',
    tries: 'leaves his space for all namespaces',
    request: 'GET /kubernetes/project/blue/space/work/api/v1/configmaps',
    sees: 403,
  },
  {
    who: 'bob',
    tries: "climbs from his tenant cluster's path to ana's",
    request: 'GET /kubernetes/project/blue/virtualcluster/dev/../../../red/virtualcluster/dev/api',
    sees: [400, 404],
  },
  {
    who: 'bob',
    tries: "asks his project for the other project's tenant cluster",
    request: 'GET /api/v1/projects/blue/virtualclusters/red%2Fdev/operations',
    sees: [400, 404],
  },
  {
    who: 'viv',
    tries: 'writes where she may look',
    request: 'DELETE /kubernetes/project/red/virtualcluster/dev/api/v1/namespaces/default/configmaps/note',
    sees: 403,
  },
  {
    who: 'viv',
    tries: 'sleeps what she may look into',
    request: 'POST /api/v1/projects/red/virtualclusters/dev/operations',
    body: { type: 'sleep' },
    sees: [403, 404],
    verb: 'tenant:sleep',
  },
  {
    who: 'viv',
    tries: 'deletes what she may look into',
    request: `DELETE ${management}/namespaces/p-red/virtualclusterinstances/dev`,
    sees: [403, 404],
  },
  {
    who: 'viv',
    tries: "reads ana's snapshots",
    request: 'DELETE /api/v1/projects/red/virtualclusters/dev/snapshots/none',
    sees: [403, 404],
  },
  {
    who: 'scoped',
    tries: 'reaches her own space with a key for her tenant cluster alone',
    request: 'GET /kubernetes/project/red/space/work/api/v1/namespaces/loft-red-s-work/configmaps',
    sees: [403, 404],
  },
  {
    who: 'scoped',
    tries: 'makes a wider key',
    request: `POST ${management}/ownedaccesskeys`,
    body: { spec: {} },
    sees: 403,
  },
  {
    who: 'scoped',
    tries: 'makes a tenant cluster',
    request: `POST ${management}/namespaces/p-red/virtualclusterinstances`,
    body: {
      apiVersion: 'management.loft.sh/v1',
      kind: 'VirtualClusterInstance',
      metadata: { name: 'more' },
      spec: { templateRef: { name: 'default' } },
    },
    sees: 403,
  },
  ...(
    [
      `GET ${management}/namespaces/p-red/virtualclusterinstances`,
      'GET /api/v1/virtualclusters',
      'GET /api/v1/spaces',
      'GET /api/v1/projects',
      'GET /api/v1/audit',
      'POST /api/v1/projects/red/virtualclusters/dev/operations',
      'GET /kubernetes/project/red/virtualcluster/dev/api',
      'GET /kubernetes/project/red/space/work/api',
      'GET /kubernetes/cluster/local/api',
      'GET /metrics',
      'GET /temporal',
      'GET /auth/session',
      'POST /auth/logout',
      `GET ${management}/selves`,
    ] as const
  ).map((request): Way => ({ who: 'nobody', tries: `calls ${request}`, request, sees: [302, 401] })),
  ...['GET', 'POST', 'PATCH', 'DELETE'].flatMap((method): Way[] =>
    ['/temporal', '/temporal/api/v1/namespaces/vcluster-platform/workflows'].map((path) => ({
      who: 'ria',
      tries: `${method} of Temporal's UI`,
      request: `${method} ${path}`,
      sees: [403, 404],
    })),
  ),
  { who: 'rex', tries: 'reads the metrics', request: 'GET /metrics', sees: 403 },
  {
    who: 'rex',
    tries: 'sees projects of others',
    request: 'GET /api/v1/projects',
    sees: 200,
    never: /"blue"/,
  },
  {
    who: 'bob',
    tries: 'asks who ana is',
    request: `POST ${management}/selves`,
    body: { apiVersion: 'management.loft.sh/v1', kind: 'Self', spec: { user: 'ana' } },
    sees: [200, 201],
    never: /"ana"/,
  },
];
