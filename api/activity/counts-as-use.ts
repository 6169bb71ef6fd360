import { labels } from '../../contracts/names.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import { isIgnoredUse } from '../../domain/sleep/ignored-use.ts';
import { type SleepPolicy, sleepPolicyOf } from '../../domain/sleep/sleep-policy.ts';
import type { IdentityCache } from '../identity/identity-cache.ts';
import type { Use } from './use.ts';

/**
 * Whether a request is use of `instance`: what is not neither wakes it nor keeps it awake. A console's own lists say so by a
 * header, exporters and scanners by a label of their key, and the owner of the instance by the rules of its sleep policy.
 */
export function countsAsUse(
  cache: Pick<IdentityCache, 'accessKeyNamed'>,
  instance: ManagedInstance,
  use: Use,
): boolean {
  const { isUnnoticed, accessKey } = use;
  if (isUnnoticed) return false;
  if (
    accessKey !== undefined &&
    cache.accessKeyNamed(accessKey)?.metadata.labels?.[labels.ignoreActivity] === 'true'
  )
    return false;
  const policy = policyOf(instance);
  return policy === undefined || !isIgnoredUse(policy.ignore, use);
}

/** The sleep policy of an instance; undefined if it has none, or one that cannot be understood. */
export function policyOf(instance: ManagedInstance): SleepPolicy | undefined {
  let known = policies.get(instance);
  if (known === undefined) {
    const found = sleepPolicyOf(instance);
    known = { policy: found === undefined || 'fault' in found ? undefined : found.policy };
    policies.set(instance, known);
  }
  return known.policy;
}

/** By the object of the cache, which never changes. */
const policies = new WeakMap<ManagedInstance, { readonly policy: SleepPolicy | undefined }>();
