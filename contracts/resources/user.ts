import { type Static, Type } from 'typebox';
import { Access, UserOrTeam } from './access.ts';
import { AccessKeyCount } from './access-key-count.ts';
import { SecretRef } from './cluster.ts';
import { Conditions } from './condition.ts';
import { ObjectMeta } from './object-meta.ts';
import { anyObject, type CelRule, openObject } from './open-object.ts';

/** Role of the management API that a user or team holds everywhere. */
export const ClusterRoleRef = openObject({ name: Type.Optional(Type.String()) });
export type ClusterRoleRef = Static<typeof ClusterRoleRef>;

/** Kubernetes' and the platform's own identities are never given to a user by hand. */
export const reservedGroupsRule: CelRule = {
  rule: "!has(self.groups) || self.groups.all(g, !g.startsWith('system:') && !g.startsWith('loft:') && !g.startsWith('vcluster-platform:'))",
  message: 'groups that begin with "system:", "loft:" or "vcluster-platform:" are reserved',
};

export const UserSpec = openObject(
  {
    displayName: Type.Optional(Type.String()),
    description: Type.Optional(Type.String()),
    owner: Type.Optional(UserOrTeam),
    username: Type.Optional(Type.String()),
    icon: Type.Optional(Type.String()),
    email: Type.Optional(Type.String()),
    subject: Type.Optional(
      Type.String({ description: 'User name towards Kubernetes; the name of the resource if left out' }),
    ),
    groups: Type.Optional(Type.Array(Type.String(), { maxItems: 200 })),
    ssoGroups: Type.Optional(Type.Array(Type.String(), { maxItems: 200 })),
    passwordRef: Type.Optional(SecretRef),
    codesRef: Type.Optional(SecretRef),
    imagePullSecrets: Type.Optional(Type.Array(SecretRef)),
    tokenGeneration: Type.Optional(Type.Integer()),
    disabled: Type.Optional(Type.Boolean()),
    clusterRoles: Type.Optional(Type.Array(ClusterRoleRef)),
    access: Type.Optional(Type.Array(Access)),
    extraClaims: Type.Optional(anyObject()),
  },
  {
    rules: [
      {
        rule: "!has(self.subject) || !(self.subject.startsWith('system:') || self.subject.startsWith('loft:') || self.subject.startsWith('vcluster-platform:'))",
        message: 'subjects that begin with "system:", "loft:" or "vcluster-platform:" are reserved',
      },
      reservedGroupsRule,
      { ...reservedGroupsRule, rule: reservedGroupsRule.rule.replaceAll('self.groups', 'self.ssoGroups') },
    ],
  },
);
export type UserSpec = Static<typeof UserSpec>;

/** Somebody who logs in. Cluster-scoped. */
export const User = Type.Object({
  apiVersion: Type.Optional(Type.String()),
  kind: Type.Optional(Type.String()),
  metadata: ObjectMeta,
  spec: Type.Optional(UserSpec),
  status: Type.Optional(
    openObject({
      teams: Type.Optional(Type.Array(Type.String())),
      accessKeys: Type.Optional(AccessKeyCount),
      conditions: Type.Optional(Conditions),
      observedGeneration: Type.Optional(Type.Integer()),
    }),
  ),
});
export type User = Static<typeof User>;
