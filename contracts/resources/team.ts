import { type Static, Type } from 'typebox';
import { Access, UserOrTeam } from './access.ts';
import { AccessKeyCount } from './access-key-count.ts';
import { SecretRef } from './cluster.ts';
import { Conditions } from './condition.ts';
import { ObjectMeta } from './object-meta.ts';
import { openObject } from './open-object.ts';
import { ClusterRoleRef } from './user.ts';

export const TeamSpec = openObject({
  displayName: Type.Optional(Type.String()),
  description: Type.Optional(Type.String()),
  owner: Type.Optional(UserOrTeam),
  username: Type.Optional(Type.String()),
  users: Type.Optional(Type.Array(Type.String(), { description: 'Names of users' })),
  groups: Type.Optional(
    Type.Array(Type.String(), { description: 'Users with one of these groups are members too' }),
  ),
  imagePullSecrets: Type.Optional(Type.Array(SecretRef)),
  clusterRoles: Type.Optional(Type.Array(ClusterRoleRef)),
  access: Type.Optional(Type.Array(Access)),
});
export type TeamSpec = Static<typeof TeamSpec>;

/** A set of users that owns things and holds roles together. Cluster-scoped. */
export const Team = Type.Object({
  apiVersion: Type.Optional(Type.String()),
  kind: Type.Optional(Type.String()),
  metadata: ObjectMeta,
  spec: Type.Optional(TeamSpec),
  status: Type.Optional(
    openObject({
      accessKeys: Type.Optional(AccessKeyCount),
      conditions: Type.Optional(Conditions),
      observedGeneration: Type.Optional(Type.Integer()),
    }),
  ),
});
export type Team = Static<typeof Team>;
