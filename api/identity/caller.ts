import { PlatformError } from '../../contracts/errors.ts';
import type { AccessKeyScope, IssuedBy } from '../../contracts/resources/access-key.ts';
import type { Team } from '../../contracts/resources/team.ts';
import type { User } from '../../contracts/resources/user.ts';
import {
  nameOfTeam,
  nameOfUser,
  reservedNameOf,
  teamsOf,
  unusableNameOf,
} from '../../domain/accounts/identity-names.ts';
import { shownName } from '../../domain/accounts/name-fault.ts';
import type { Identity } from './identity.ts';

/** Who sent a request: a user, or a team by one of its own keys. */
export interface Caller {
  readonly kind: 'user' | 'team';
  /** Name of the User or Team. */
  readonly name: string;
  /** Of the User or Team: a later one of the same name is another. */
  readonly uid?: string | undefined;
  readonly displayName: string;
  readonly email: string;
  /** Names of the teams the user belongs to; for a team its own. */
  readonly teams: readonly string[];
  readonly credential: Credential;
  /** What the caller is towards Kubernetes, and the scope that narrows it. */
  readonly identity: Identity;
  /**
   * Who they are themselves, where they act as another by a tenant cluster's own RBAC: whether they may use the tenant
   * cluster at all is a question about this one.
   */
  readonly insideAs?: Identity;
}

/** What a caller presented. */
export interface Credential {
  readonly kind: 'access-key' | 'session' | 'oidc';
  /** Name of the AccessKey; public id of the session; issuer of the token. */
  readonly name: string;
  /** When it ends by itself, if it does; for a sliding key as of now. */
  readonly expiresAt?: Date;
  /** `spec.type` of the AccessKey. */
  readonly keyType?: string;
  readonly scope?: AccessKeyScope;
  /** What keys that are made with it say of that; absent: nothing they could end with. */
  readonly issues?: IssuedBy;
  /** How many keys stand between it and a login, or a key that stands by itself. */
  readonly generation?: number;
}

/**
 * The caller behind a credential of `user`, who belongs to those of `teams` that name the user or one of its groups.
 * Neither may be changed afterwards: what was made of them is kept for as long as they are the same objects.
 * @throws PlatformError `forbidden` if subject or a group is reserved, or is not a name that can reach a Kubernetes API
 */
export function callerOfUser(user: User, teams: readonly Team[], credential: Credential): Caller {
  let known = knownUsers.get(user);
  if (known?.teams !== teams) {
    known = { teams, made: withoutCredential(user, teams), scoped: new WeakMap() };
    knownUsers.set(user, known);
  }
  const { made, scoped } = known;
  const { scope } = credential;
  if (scope === undefined) return { ...made, credential };
  let identity = scoped.get(scope);
  if (identity === undefined) {
    identity = { ...made.identity, scope };
    scoped.set(scope, identity);
  }
  return { ...made, credential, identity };
}

interface KnownUser {
  readonly teams: readonly Team[];
  readonly made: Omit<Caller, 'credential'>;
  readonly scoped: WeakMap<AccessKeyScope, Identity>;
}

/** What callers are but for their credentials; created again when the user or any team is another object. */
const knownUsers = new WeakMap<User, KnownUser>();

function withoutCredential(user: User, teams: readonly Team[]): Omit<Caller, 'credential'> {
  checkNames(user);
  const name = user.metadata.name;
  const memberOf = teamsOf(user, teams);
  return {
    kind: 'user',
    name,
    uid: user.metadata.uid,
    displayName: user.spec?.displayName ?? '',
    email: user.spec?.email ?? '',
    teams: memberOf,
    identity: nameOfUser(user, memberOf),
  };
}

/** @throws PlatformError `forbidden` */
function checkNames(user: User): void {
  const refuse = (kind: 'subject' | 'group', what: string): never => {
    const remedy = kind === 'subject' ? 'change' : 'remove';
    throw new PlatformError(
      'forbidden',
      `user ${user.metadata.name} has the ${what}; an administrator must ${remedy} it`,
    );
  };
  const reserved = reservedNameOf(user);
  if (reserved !== undefined)
    refuse(reserved.kind, `reserved ${reserved.kind} "${shownName(reserved.name)}"`);
  const unusable = unusableNameOf(user);
  if (unusable !== undefined)
    refuse(unusable.kind, `${unusable.kind} "${shownName(unusable.name)}", which ${unusable.why}`);
}

/** The caller behind a key of `team`: it acts as the team, not as a user. */
export function callerOfTeam(team: Team, credential: Credential): Caller {
  const name = team.metadata.name;
  return {
    kind: 'team',
    name,
    uid: team.metadata.uid,
    displayName: team.spec?.displayName ?? '',
    email: '',
    teams: [name],
    credential,
    identity: { ...nameOfTeam(team), ...scopeOf(credential) },
  };
}

function scopeOf({ scope }: Credential): Pick<Identity, 'scope'> {
  return scope === undefined ? {} : { scope };
}
