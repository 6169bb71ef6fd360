import { type Static, Type } from 'typebox';
import { reservedPrefixes } from '../names.ts';
import { Access, UserOrTeam } from './access.ts';
import { AccessKeyCount } from './access-key-count.ts';
import { SecretRef } from './cluster.ts';
import { Conditions } from './condition.ts';
import { ObjectMeta } from './object-meta.ts';
import { anyObject, type CelRule, openObject } from './open-object.ts';

/** Role of the management API that a user or team holds everywhere. */
export const ClusterRoleRef = openObject({ name: Type.Optional(Type.String()) });
export type ClusterRoleRef = Static<typeof ClusterRoleRef>;

const prefixes = reservedPrefixes.map((prefix) => `"${prefix}"`);
const reserved = `that begin with ${prefixes.slice(0, -1).join(', ')} or ${prefixes.at(-1)} are reserved`;

/**
 * Kubernetes' and the platform's own identities are never given to a user by hand. Admission compares as Kubernetes
 * does; the gateway refuses look-alikes too (domain/accounts/reserved-names.ts).
 */
export const reservedGroupsRule: CelRule = {
  rule: `!has(self.groups) || self.groups.all(g, ${reservedPrefixes.map((prefix) => `!g.startsWith('${prefix}')`).join(' && ')})`,
  message: `groups ${reserved}`,
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
        rule: `!has(self.subject) || !(${reservedPrefixes.map((prefix) => `self.subject.startsWith('${prefix}')`).join(' || ')})`,
        message: `subjects ${reserved}`,
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
