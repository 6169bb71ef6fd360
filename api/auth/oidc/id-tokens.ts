import {
  createRemoteJWKSet,
  customFetch,
  errors,
  type FetchImplementation,
  type JWTPayload,
  jwtVerify,
} from 'jose';
import { PlatformError } from '../../../contracts/errors.ts';

/** Signatures with a public key only: `none` and HMAC, whose key a client could know, prove nothing. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const clockToleranceSeconds = 30;
/** Keys are read again when a token names one that is not known, at most this often. */
const cooldownMs = 5_000;
const cacheMs = 10 * 60_000;

/** ID tokens of one provider. */
export interface IdTokens {
  /**
   * The claims of a token that the provider signed for our client and that holds now.
   * @throws PlatformError `unauthenticated`, `identity_provider_unavailable`
   */
  verify(token: string): Promise<JWTPayload>;
}

export function createIdTokens(
  provider: { issuer: string; jwksUri: string; clientId: string },
  options: { fetch?: FetchImplementation; now?: () => Date } = {},
): IdTokens {
  const keys = createRemoteJWKSet(new URL(provider.jwksUri), {
    cooldownDuration: cooldownMs,
    cacheMaxAge: cacheMs,
    ...(options.fetch === undefined ? {} : { [customFetch]: options.fetch }),
  });
  return {
    async verify(token) {
      try {
        const { payload } = await jwtVerify(token, keys, {
          issuer: provider.issuer,
          audience: provider.clientId,
          algorithms,
          clockTolerance: clockToleranceSeconds,
          requiredClaims: ['exp', 'iat', 'sub'],
          ...(options.now === undefined ? {} : { currentDate: options.now() }),
        });
        // OpenID Connect Core §3.1.3.7: made for several, it must say that it was issued to us.
        if (Array.isArray(payload.aud) && payload.aud.length > 1 && payload['azp'] !== provider.clientId)
          throw new errors.JWTClaimValidationFailed('issued to another client', payload, 'azp');
        return payload;
      } catch (error) {
        throw failureOf(error);
      }
    },
  };
}

function failureOf(error: unknown): PlatformError {
  if (error instanceof errors.JWTExpired)
    return new PlatformError('unauthenticated', 'the ID token has expired. Please login again', {
      cause: error,
    });
  const ofToken =
    error instanceof errors.JOSEError &&
    !(error instanceof errors.JWKSTimeout) &&
    error.code !== 'ERR_JOSE_GENERIC';
  return ofToken
    ? new PlatformError(
        'unauthenticated',
        'the ID token is not valid for this platform. Please login again',
        {
          cause: error,
        },
      )
    : new PlatformError(
        'identity_provider_unavailable',
        'failed to read the keys of the identity provider; try again',
        { cause: error },
      );
}
