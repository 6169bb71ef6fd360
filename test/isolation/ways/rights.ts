import type { Way } from '../way.ts';
import { management } from '../world.ts';

const api = '/kubernetes/management';
const rbac = `${api}/apis/rbac.authorization.k8s.io/v1`;
const reviews = `${api}/apis/authorization.k8s.io/v1`;
const group = 'rbac.authorization.k8s.io';

/** A binding that would make its subject administrator of everything. */
const everything = {
  apiVersion: `${group}/v1`,
  metadata: { name: 'way-to-everything' },
  roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'cluster-admin' },
  subjects: [{ apiGroup: group, kind: 'Group', name: 'system:authenticated' }],
};
const aboutAna = {
  apiVersion: 'authorization.k8s.io/v1',
  kind: 'SubjectAccessReview',
  spec: {
    user: 'ana',
    resourceAttributes: { verb: 'get', group: 'management.loft.sh', resource: 'projects' },
  },
};

/** The roles and bindings that decide, and what decides in the gateway: not read, not written, not gone round. */
export const rightsWays: readonly Way[] = (['eve', 'rex', 'bob', 'scoped'] as const).flatMap((who): Way[] => [
  ...['clusterroles', 'clusterrolebindings', 'namespaces/p-red/roles', 'namespaces/p-red/rolebindings'].map(
    (path): Way => ({
      who,
      tries: `reads ${path}, which show RBAC`,
      request: `GET ${rbac}/${path}`,
      sees: 403,
    }),
  ),
  {
    who,
    tries: 'binds everybody to cluster-admin',
    request: `POST ${rbac}/clusterrolebindings`,
    body: { ...everything, kind: 'ClusterRoleBinding' },
    sees: 403,
  },
  {
    who,
    tries: 'binds everybody to cluster-admin in project red',
    request: `POST ${rbac}/namespaces/p-red/rolebindings`,
    body: { ...everything, kind: 'RoleBinding' },
    sees: 403,
  },
  {
    who,
    tries: "widens the role that holds the gateway's readers",
    request: `PATCH ${rbac}/clusterroles/vcluster-platform:gateway-reader`,
    body: { rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }] },
    headers: { 'content-type': 'application/merge-patch+json' },
    sees: 403,
  },
  {
    who,
    tries: 'asks the management API what ana may',
    request: `POST ${reviews}/subjectaccessreviews`,
    body: aboutAna,
    sees: 403,
  },
  {
    who,
    tries: "acts as the gateway's own reader of roles and bindings",
    request: `GET ${rbac}/clusterrolebindings`,
    headers: { 'impersonate-user': 'vcluster-platform:gateway-reader' },
    sees: 403,
  },
]);

/** A filtered watch that begins with what there is. */
export const watchWays: readonly Way[] = (['eve', 'bob'] as const).flatMap((who) =>
  ['virtualclusterinstances', 'spaceinstances', 'projects'].map(
    (plural): Way => ({
      who,
      tries: `watches all ${plural}, from the beginning`,
      request: `GET ${management}/${plural}?watch=true&timeoutSeconds=2`,
      sees: 200,
      never: /"p-red"|"name":"red"/,
    }),
  ),
);
