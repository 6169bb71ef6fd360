import type { AccessKey } from '../../contracts/resources/access-key.ts';

/**
 * When the key stops to be valid: `ttl` seconds after its creation or, with `ttlAfterLastActivity`, after its
 * last use. Undefined: never. An invalid date: its age is unknown.
 * @param lastActivity a use that is not in the key's status yet
 */
export function accessKeyExpiry(key: AccessKey, lastActivity?: number): Date | undefined {
  const { ttl, ttlAfterLastActivity } = key.spec;
  if (ttl === undefined || ttl === 0) return undefined;
  const used =
    ttlAfterLastActivity === true ? [Date.parse(key.status?.lastActivity ?? ''), lastActivity ?? 0] : [];
  const from = Math.max(
    Date.parse(String(key.metadata.creationTimestamp)),
    ...used.filter((time) => !Number.isNaN(time)),
  );
  return new Date(from + ttl * 1000);
}
