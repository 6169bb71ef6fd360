import type { AccessKey, AccessKeyScope } from '../../contracts/resources/access-key.ts';
import { accessKeyExpiry } from '../../domain/keys/access-key-expiry.ts';
import { Age, useNow } from './age.tsx';
import { StateBadge } from './state-badge.tsx';
import { accessKeysText as text } from '../text/access-keys.ts';

/** Keys that end sooner are pointed out. */
const soonMs = 7 * 86_400_000;

/** When a key ends, pointed out if that is soon. */
export function KeyExpiry({ of: accessKey }: { of: AccessKey }) {
  const now = useNow();
  const at = accessKeyExpiry(accessKey)?.getTime();
  if (at === undefined) return text.never;
  if (at <= now) return <StateBadge mark="failed">{text.expired}</StateBadge>;
  if (at - now < soonMs && accessKey.spec.type !== 'Login' && accessKey.spec.issuedBy === undefined)
    return (
      <StateBadge mark="waiting">
        <Age at={at} />
      </StateBadge>
    );
  return <Age at={at} />;
}

/** What a key may do, in words. */
export function scopeWords(scope: AccessKeyScope | undefined): string {
  if (scope === undefined) return text.everything;
  const { projects = [], virtualClusters = [], spaces = [], clusters = [], roles = [], rules = [] } = scope;
  const words = [
    ...projects.map(({ project = '' }) => text.scopeOf.project(project)),
    ...virtualClusters.map((one) => text.scopeOf.tenantCluster(one.project ?? '', one.virtualCluster ?? '')),
    ...spaces.map((one) => text.scopeOf.space(one.project ?? '', one.space ?? '')),
    ...clusters.map(({ cluster = '' }) => text.scopeOf.cluster(cluster)),
    ...roles.map(({ role = '' }) => text.scopeOf.role(role)),
    ...(rules.length === 0 ? [] : [text.scopeOf.rules(rules.length)]),
  ].join(', ');
  return words === '' ? text.scopeOf.nothing : words.charAt(0).toUpperCase() + words.slice(1);
}
