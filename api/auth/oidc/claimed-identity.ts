import { createHash } from 'node:crypto';
import type { JWTPayload } from 'jose';
import type { OidcConfig } from '../../../contracts/config.ts';
import { PlatformError } from '../../../contracts/errors.ts';
import { isReservedName } from '../../../domain/reserved-names.ts';
import { isHeaderText } from '../../identity/identity.ts';

/** The identity in a verified token. */
export interface ClaimedIdentity {
  /** `<issuer> <sub>`: the one thing about a person that never changes. */
  readonly identity: string;
  /** User name towards Kubernetes. */
  readonly subject: string;
  /** A name for a new User; another may have it. */
  readonly name: string;
  readonly displayName: string;
  readonly email: string;
  readonly groups: readonly string[];
  /** Seconds since the epoch. */
  readonly issuedAt: number;
  readonly expiresAt: Date;
  readonly issuer: string;
}

const maxGroups = 200;

/**
 * What the claims say, by the configured rules. Reserved identities are refused before anybody asks what they may do.
 * @throws PlatformError `forbidden`
 */
export function claimedIdentity(claims: JWTPayload, config: OidcConfig): ClaimedIdentity {
  const { usernameClaim = 'email', usernamePrefix = '' } = config;
  const username = text(claims[usernameClaim]);
  if (username === '') refuse(`the identity provider does not send the claim "${usernameClaim}"`);
  if (usernameClaim === 'email' && claims['email_verified'] !== true)
    refuse('the identity provider has not verified the e-mail address');
  const subject = usernamePrefix + username;
  for (const name of [subject, username, text(claims.sub)]) {
    if (isReservedName(name)) refuse(`the name "${name.slice(0, 80)}" is reserved`);
  }
  if (!isHeaderText(subject)) refuse('the user name has characters that HTTP headers cannot carry');
  return {
    identity: `${text(claims.iss)} ${text(claims.sub)}`,
    subject,
    name: resourceName(username),
    displayName: text(claims['name']),
    email: text(claims['email']),
    groups: groupsOf(claims, config),
    issuedAt: claims.iat ?? 0,
    expiresAt: new Date((claims.exp ?? 0) * 1000),
    issuer: text(claims.iss),
  };
}

function groupsOf(
  claims: JWTPayload,
  { groupsClaim = 'groups', groupsPrefix = '', groups }: OidcConfig,
): string[] {
  const value = claims[groupsClaim];
  const given = (Array.isArray(value) ? value : value === undefined ? [] : [value]).filter(
    (group): group is string => typeof group === 'string' && group !== '',
  );
  const reserved = given.find((group) => isReservedName(group) || isReservedName(groupsPrefix + group));
  if (reserved !== undefined) refuse(`the group "${reserved.slice(0, 80)}" is reserved`);
  const taken = groups === undefined ? given : given.filter((group) => groups.includes(group));
  const named = [...new Set(taken.map((group) => groupsPrefix + group))].filter(isHeaderText).sort();
  if (named.length > maxGroups) refuse(`more than ${maxGroups} groups: list the ones to use in oidc.groups`);
  return named;
}

/** A DNS label like `name`; for what has no letter or digit, one that is made of its hash. */
function resourceName(name: string): string {
  const label = name
    .toLowerCase()
    .replace(/@.*$/, '')
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 50)
    .replace(/^-+|-+$/g, '');
  return label === '' ? `user-${createHash('sha256').update(name).digest('hex').slice(0, 10)}` : label;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function refuse(why: string): never {
  throw new PlatformError('forbidden', `${why}; an administrator must change it`);
}
