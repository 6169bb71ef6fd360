import type { AccessKey } from '../contracts/resources/access-key.ts';

/**
 * When the key stops to be valid: `ttl` seconds after its creation or, with `ttlAfterLastActivity`, after its
 * last use. Undefined: never.
 */
export function accessKeyExpiry(key: AccessKey): Date | undefined {
  const { ttl, ttlAfterLastActivity } = key.spec;
  const { creationTimestamp } = key.metadata;
  if (ttl === undefined || ttl === 0 || creationTimestamp === undefined) return undefined;
  const used = ttlAfterLastActivity === true ? key.status?.lastActivity : undefined;
  return new Date(
    Math.max(Date.parse(creationTimestamp), used === undefined ? 0 : Date.parse(used)) + ttl * 1000,
  );
}
