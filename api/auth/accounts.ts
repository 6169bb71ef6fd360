import type { Logger } from '../../adapters/logging.ts';
import type { AuthConfig } from '../../contracts/auth-config.ts';
import { createDatabase } from '../../db/client.ts';
import type { ClientAddress } from '../http/client-address.ts';
import type { ResourceCache } from '../cache/resource-cache.ts';
import type { JsonClient } from '../upstreams/json-request.ts';
import { type AccessKeys, createAccessKeys } from './access-keys.ts';
import { type Authenticate, createAuthenticate, type KnownUser } from './authenticate.ts';
import { createKeyActivity } from './key-activity.ts';
import { createLoginThrottle } from './login-throttle.ts';
import { createLoginStates, type LoginStates } from './oidc/login-states.ts';
import { createMentions } from './oidc/mentions.ts';
import { createOidcProvider, type OidcProvider } from './oidc/provider.ts';
import { createSignIn, type SignIn } from './oidc/sign-in.ts';
import { createPasswords, type Passwords } from './passwords.ts';
import { createSessions, defaultSessionLimits, type Sessions } from './sessions.ts';

/** How people prove who they are, and what they get for it. */
export interface Accounts {
  readonly authenticate: Authenticate;
  /** The same without counting as a use: it keeps no sliding key and no idle session alive. */
  readonly authenticateAgain: Authenticate;
  readonly keys: AccessKeys;
  readonly passwords: Passwords;
  readonly sessions: Sessions;
  readonly config: AuthConfig;
  readonly clientAddress: ClientAddress;
  /** Absent where the configuration names no provider. */
  readonly oidc?: { readonly provider: OidcProvider; readonly signIn: SignIn; readonly states: LoginStates };
  close(): Promise<void>;
}

const connections = 3;
/** A request with a session waits for the database no longer. */
const databaseMs = 3_000;
const sweepMs = 10 * 60_000;

/** Connects to nothing yet. */
export function createAccounts(deps: {
  readonly config: AuthConfig;
  readonly databaseUrl: string;
  readonly publicUrl: string;
  readonly management: JsonClient;
  readonly cache: ResourceCache;
  readonly logger: Logger;
  readonly clientAddress: ClientAddress;
}): Accounts {
  const { config, publicUrl, management, cache, logger } = deps;
  const database = createDatabase(deps.databaseUrl, connections, databaseMs);
  const sessions = createSessions({
    database,
    logger,
    publicUrl,
    limits: {
      idleSeconds: config.sessionIdleSeconds ?? defaultSessionLimits.idleSeconds,
      absoluteSeconds: config.sessionMaxSeconds ?? defaultSessionLimits.absoluteSeconds,
    },
  });
  const activity = createKeyActivity(management, logger);
  const oidc =
    config.oidc === undefined
      ? undefined
      : {
          provider: createOidcProvider(config.oidc, `${publicUrl}/auth/oidc/callback`),
          signIn: createSignIn({
            management,
            cache,
            createUsers: config.oidc.createUsers ?? true,
            mentions: createMentions({ management, database, cache }),
          }),
          states: createLoginStates(database),
        };
  const { checkPage, goesOn: sessionGoesOn } = sessions;
  const idToken = oidc === undefined ? {} : { idToken: ownerOfIdToken(oidc) };
  const sweeping = setInterval(() => {
    sessions.sweep().catch((err: unknown) => logger.warn({ err }, 'failed to remove expired sessions'));
  }, sweepMs);
  sweeping.unref();

  return {
    authenticate: createAuthenticate(cache, {
      activity,
      session: sessions.authenticate,
      checkPage,
      sessionGoesOn,
      ...idToken,
    }),
    authenticateAgain: createAuthenticate(cache, {
      activity: { last: activity.last, record: () => undefined },
      session: (headers, method) => sessions.authenticate(headers, method, { isUse: false }),
      checkPage,
      sessionGoesOn,
      ...idToken,
    }),
    keys: createAccessKeys(management, cache, { perOwner: config.accessKeysPerOwner }),
    passwords: createPasswords({ management, cache, throttle: createLoginThrottle() }),
    sessions,
    config,
    clientAddress: deps.clientAddress,
    ...(oidc === undefined ? {} : { oidc }),
    async close() {
      clearInterval(sweeping);
      await activity.stop();
      await database.close();
    },
  };
}

function ownerOfIdToken({ provider, signIn }: NonNullable<Accounts['oidc']>) {
  return async (token: string): Promise<KnownUser | undefined> => {
    const claimed = await provider.identify(token);
    if (claimed === undefined) return undefined;
    const user = await signIn(claimed);
    return {
      user: user.metadata.name,
      credential: { kind: 'oidc', name: claimed.issuer, expiresAt: claimed.expiresAt },
      ssoGroups: claimed.groups,
    };
  };
}
