import { type Static, Type } from 'typebox';

/** The OpenID provider that people log in at. */
const OidcConfig = Type.Object({
  issuerUrl: Type.String({
    description: 'As in the issuer of its tokens; https, or http on a loopback address',
  }),
  clientId: Type.String(),
  clientSecretFile: Type.Optional(Type.String({ description: 'Absent: a public client' })),
  displayName: Type.Optional(Type.String()),
  scopes: Type.Optional(Type.Array(Type.String(), { description: 'Default openid, email, profile' })),
  usernameClaim: Type.Optional(
    Type.String({ description: 'Default email, which is used only if it is verified' }),
  ),
  usernamePrefix: Type.Optional(Type.String({ description: 'Prefix of the user name in Kubernetes' })),
  groupsClaim: Type.Optional(Type.String({ description: 'Default groups' })),
  groupsPrefix: Type.Optional(Type.String()),
  groups: Type.Optional(
    Type.Array(Type.String(), { description: 'Only these groups are used; absent: all' }),
  ),
  createUsers: Type.Optional(
    Type.Boolean({
      description: 'Default true: a first login creates a User; false: only existing Users may log in',
    }),
  ),
});
export type OidcConfig = Static<typeof OidcConfig>;

export const AccessKeysPerOwner = Type.Optional(
  Type.Integer({
    minimum: 1,
    description:
      'Maximum number of access keys of a user or team; default 100. Logins are counted separately: beyond the limit the least recently used ends',
  }),
);

/** How people prove who they are. */
export const AuthConfig = Type.Object({
  loginAccessKeyTtlSeconds: Type.Optional(
    Type.Integer({
      minimum: 60,
      description: 'Lifetime of the key of a password login; default 20 days',
    }),
  ),
  accessKeyMaxTtlSeconds: Type.Optional(
    Type.Integer({ minimum: 60, description: 'Maximum lifetime of keys that users create for themselves' }),
  ),
  accessKeysPerOwner: AccessKeysPerOwner,
  sessionIdleSeconds: Type.Optional(Type.Integer({ minimum: 60, description: 'Default 12 hours' })),
  sessionMaxSeconds: Type.Optional(Type.Integer({ minimum: 60, description: 'Default 7 days' })),
  passwordDisabled: Type.Optional(Type.Boolean()),
  oidc: Type.Optional(OidcConfig),
});
export type AuthConfig = Static<typeof AuthConfig>;
