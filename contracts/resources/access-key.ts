import { type Static, Type } from 'typebox';
import { Conditions } from './condition.ts';
import { ObjectMeta } from './object-meta.ts';
import { anyObject, openObject } from './open-object.ts';
import { reservedGroupsRule } from './user.ts';

const accessKeyTypes = [
  '',
  'Login',
  'User',
  'Other',
  'Reset',
  'OIDCRefreshToken',
  'NetworkPeer',
  'Workspace',
] as const;

const ProjectScope = openObject({ project: Type.Optional(Type.String()) });

/** What a key may do at most; a scope narrows its owner's rights and never widens them. */
export const AccessKeyScope = openObject({
  roles: Type.Optional(
    Type.Array(
      openObject({
        role: Type.Optional(Type.String()),
        projects: Type.Optional(Type.Array(Type.String())),
        virtualClusters: Type.Optional(Type.Array(Type.String())),
      }),
    ),
  ),
  projects: Type.Optional(Type.Array(ProjectScope)),
  spaces: Type.Optional(
    Type.Array(openObject({ project: Type.Optional(Type.String()), space: Type.Optional(Type.String()) })),
  ),
  virtualClusters: Type.Optional(
    Type.Array(
      openObject({ project: Type.Optional(Type.String()), virtualCluster: Type.Optional(Type.String()) }),
    ),
  ),
  clusters: Type.Optional(Type.Array(openObject({ cluster: Type.Optional(Type.String()) }))),
  rules: Type.Optional(Type.Array(anyObject())),
  allowLoftCli: Type.Optional(Type.Boolean()),
});
export type AccessKeyScope = Static<typeof AccessKeyScope>;

/** What a key was made with, and ends with: another access key, or the session of a browser. */
export const IssuedBy = openObject({
  accessKey: Type.Optional(Type.String({ description: 'Name of the key' })),
  uid: Type.Optional(Type.String({ description: 'uid of that key' })),
  session: Type.Optional(Type.String({ description: 'SHA-256 of the id of the session' })),
});
export type IssuedBy = Static<typeof IssuedBy>;

export const AccessKeySpec = openObject(
  {
    displayName: Type.Optional(Type.String()),
    description: Type.Optional(Type.String()),
    user: Type.Optional(Type.String({ description: 'Name of the user the key acts as' })),
    team: Type.Optional(Type.String({ description: 'Name of the team the key acts as' })),
    subject: Type.Optional(Type.String()),
    groups: Type.Optional(Type.Array(Type.String(), { maxItems: 200 })),
    key: Type.Optional(
      Type.String({
        description: 'Only in imported resources: replaced by keyHash at once, never read by the gateway',
      }),
    ),
    keyHash: Type.Optional(
      Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256 of the key, lower-case hex' }),
    ),
    disabled: Type.Optional(Type.Boolean()),
    ttl: Type.Optional(
      Type.Integer({ minimum: 0, description: 'Seconds from creation; 0 or absent: never expires' }),
    ),
    ttlAfterLastActivity: Type.Optional(Type.Boolean()),
    scope: Type.Optional(AccessKeyScope),
    type: Type.Optional(Type.Enum([...accessKeyTypes])),
    identity: Type.Optional(anyObject()),
    identityRefresh: Type.Optional(Type.String()),
    oidcProvider: Type.Optional(anyObject()),
    oidcLogin: Type.Optional(anyObject()),
    parent: Type.Optional(Type.String()),
    issuedBy: Type.Optional(IssuedBy),
  },
  {
    rules: [
      {
        // Neither: keys of agents in exports of vCluster Platform; the gateway does not accept them.
        rule: "!((has(self.user) && self.user != '') && (has(self.team) && self.team != ''))",
        message: 'an access key belongs to a user or to a team, not to both',
      },
      {
        rule: "(has(self.key) && self.key != '') || has(self.keyHash)",
        message: 'keyHash is missing: set the lower-case hex SHA-256 of the key',
      },
      {
        rule: '!has(oldSelf.keyHash) || (has(self.keyHash) && self.keyHash == oldSelf.keyHash)',
        message: 'keyHash cannot change; make a new access key instead',
      },
      {
        rule: "!has(oldSelf.keyHash) || !has(self.key) || self.key == ''",
        message:
          'the key is kept as keyHash only and cannot change: leave spec.key out of what is applied again, or make a new access key',
      },
      {
        rule: "(has(self.user) ? self.user : '') == (has(oldSelf.user) ? oldSelf.user : '') && (has(self.team) ? self.team : '') == (has(oldSelf.team) ? oldSelf.team : '')",
        message: 'the owner of an access key cannot change; make a new one instead',
      },
      reservedGroupsRule,
    ],
  },
);
export type AccessKeySpec = Static<typeof AccessKeySpec>;

/** A bearer credential of a user or a team, of which only the hash is kept. Cluster-scoped. */
export const AccessKey = Type.Object({
  apiVersion: Type.Optional(Type.String()),
  kind: Type.Optional(Type.String()),
  metadata: ObjectMeta,
  spec: AccessKeySpec,
  status: Type.Optional(
    openObject({
      lastActivity: Type.Optional(Type.String({ format: 'date-time' })),
      ownerUid: Type.Optional(
        Type.String({ description: 'Of the user or team: a later one of the name does not get the key' }),
      ),
      conditions: Type.Optional(Conditions),
      observedGeneration: Type.Optional(Type.Integer()),
    }),
  ),
});
export type AccessKey = Static<typeof AccessKey>;
