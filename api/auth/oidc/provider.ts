import { readFileSync } from 'node:fs';
import * as openid from 'openid-client';
import type { OidcConfig } from '../../../contracts/auth-config.ts';
import { PlatformError } from '../../../contracts/errors.ts';
import { claimedIdentity, type ClaimedIdentity } from './claimed-identity.ts';
import { createIdTokens, type IdTokens } from './id-tokens.ts';

/** What a login at the provider begins with; the browser keeps it until it comes back. */
export interface PendingLogin {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

/** The OpenID provider: authorization code flow with PKCE, state and nonce, and its ID tokens. */
export interface OidcProvider {
  /** @throws PlatformError `identity_provider_unavailable` */
  begin(): Promise<{ url: URL; pending: PendingLogin }>;
  /**
   * Who came back with `callbackUrl`.
   * @throws PlatformError `unauthenticated`, `forbidden`, `identity_provider_unavailable`
   */
  finish(callbackUrl: URL, pending: PendingLogin): Promise<ClaimedIdentity>;
  /** Whose token it is; undefined if its issuer is another. @throws PlatformError */
  identify(token: string): Promise<ClaimedIdentity | undefined>;
}

const timeoutSeconds = 10;
/** After a failure to read what the provider says about itself. */
const retryMs = 2_000;

interface Discovered {
  readonly configuration: openid.Configuration;
  readonly idTokens: IdTokens;
}

function issuerOf({ issuerUrl }: OidcConfig): URL {
  const url = URL.canParse(issuerUrl) ? new URL(issuerUrl) : undefined;
  if (url?.protocol === 'https:' || (url !== undefined && isLoopback(url))) return url;
  throw new PlatformError('invalid_request', 'auth.oidc.issuerUrl must be https, or on a loopback address');
}

/** The provider is not asked until the first login. @param callback our `…/auth/oidc/callback` @throws PlatformError `invalid_request` */
export function createOidcProvider(config: OidcConfig, callback: string): OidcProvider {
  const issuer = issuerOf(config);
  let found: Promise<Discovered> | undefined;
  let failedAt = Number.NEGATIVE_INFINITY;

  async function discovered(): Promise<Discovered> {
    if (found === undefined) {
      if (performance.now() - failedAt < retryMs) throw unavailable();
      found = discover(issuer, config);
      found.catch(() => {
        found = undefined;
        failedAt = performance.now();
      });
    }
    try {
      return await found;
    } catch (error) {
      throw unavailable(error);
    }
  }

  return {
    async begin() {
      const { configuration } = await discovered();
      const pending = {
        state: openid.randomState(),
        nonce: openid.randomNonce(),
        codeVerifier: openid.randomPKCECodeVerifier(),
      };
      const url = openid.buildAuthorizationUrl(configuration, {
        redirect_uri: callback,
        scope: (config.scopes ?? ['openid', 'email', 'profile']).join(' '),
        code_challenge: await openid.calculatePKCECodeChallenge(pending.codeVerifier),
        code_challenge_method: 'S256',
        state: pending.state,
        nonce: pending.nonce,
      });
      return { url, pending };
    },
    async finish(callbackUrl, { state, nonce, codeVerifier }) {
      const { configuration, idTokens } = await discovered();
      const tokens = await openid
        .authorizationCodeGrant(configuration, callbackUrl, {
          pkceCodeVerifier: codeVerifier,
          expectedState: state,
          expectedNonce: nonce,
          idTokenExpected: true,
        })
        .catch((error: unknown) => {
          throw isNetwork(error)
            ? unavailable(error)
            : new PlatformError('unauthenticated', 'the identity provider refused the login; start again', {
                cause: error,
              });
        });
      // The library trusts the TLS connection that the token came through; its signature is checked all the same.
      return claimedIdentity(await idTokens.verify(tokens.id_token ?? ''), config);
    },
    async identify(token) {
      if (unverifiedIssuer(token) !== config.issuerUrl) return undefined;
      const { idTokens } = await discovered();
      return claimedIdentity(await idTokens.verify(token), config);
    },
  };
}

async function discover(issuer: URL, config: OidcConfig): Promise<Discovered> {
  const secret =
    config.clientSecretFile === undefined ? undefined : readFileSync(config.clientSecretFile, 'utf8').trim();
  const configuration = await openid.discovery(
    issuer,
    config.clientId,
    secret,
    secret === undefined ? openid.None() : openid.ClientSecretBasic(secret),
    { timeout: timeoutSeconds, ...(isLoopback(issuer) ? { execute: [openid.allowInsecureRequests] } : {}) },
  );
  const { issuer: named, jwks_uri: jwksUri } = configuration.serverMetadata();
  if (named !== config.issuerUrl) throw new Error(`the provider's issuer is ${named}`);
  if (jwksUri === undefined) throw new Error('the provider has no jwks_uri');
  return { configuration, idTokens: createIdTokens({ issuer: named, jwksUri, clientId: config.clientId }) };
}

/** Only to tell which issuer a token is from: nothing in it is trusted. */
function unverifiedIssuer(token: string): string | undefined {
  try {
    const { iss } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as {
      iss?: unknown;
    };
    return typeof iss === 'string' ? iss : undefined;
  } catch {
    return undefined; // not JSON: it is not an ID token
  }
}

function isLoopback({ protocol, hostname }: URL): boolean {
  return (
    protocol === 'http:' && (hostname === 'localhost' || hostname.startsWith('127.') || hostname === '[::1]')
  );
}

function isNetwork(error: unknown): boolean {
  return error instanceof TypeError || (error instanceof DOMException && error.name === 'TimeoutError');
}

function unavailable(cause?: unknown): PlatformError {
  return new PlatformError(
    'identity_provider_unavailable',
    'the identity provider is unreachable; try again',
    cause === undefined ? undefined : { cause },
  );
}
