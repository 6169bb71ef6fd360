import type { AuthConfig } from '../../contracts/auth-config.ts';
import type { AccessKeySpec } from '../../contracts/resources/access-key.ts';

const defaultSeconds = 20 * 86_400;

/** The access key that a user gets by logging in. */
export function loginKeyOf(
  user: string,
  { loginAccessKeyTtlSeconds, accessKeyMaxTtlSeconds }: AuthConfig,
): Pick<AccessKeySpec, 'user' | 'type' | 'ttl'> {
  const ttl = Math.min(loginAccessKeyTtlSeconds ?? defaultSeconds, accessKeyMaxTtlSeconds ?? Infinity);
  return { user, type: 'Login', ttl };
}
