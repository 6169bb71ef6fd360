import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import type { ManagedKind } from '../../../contracts/kinds.ts';
import { type Operation, targetOf } from '../../../contracts/operations.ts';
import type { AccessKey } from '../../../contracts/resources/access-key.ts';
import type { Cluster } from '../../../contracts/resources/cluster.ts';
import { accessKeyExpiry } from '../../../domain/keys/access-key-expiry.ts';
import { useMinute } from '../../components/age.tsx';
import { isOnline } from '../../components/cluster-state.tsx';
import { ownedKeysQuery } from '../../server/access-keys.ts';
import type { Row } from '../../server/instances.ts';
import { objectsQuery } from '../../server/objects.ts';
import { openOperationsQuery, operationsQuery } from '../../server/operations.ts';
import type { Fleet } from './use-fleet.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const keyEndsSoonMs = 7 * dayMs;

/** What somebody should look at. */
export interface Attention {
  readonly failed: readonly { readonly kind: ManagedKind; readonly row: Row }[];
  readonly failedOperations: readonly Operation[];
  readonly stuck: readonly Operation[];
  readonly away: readonly Cluster[];
  readonly keys: readonly { readonly accessKey: AccessKey; readonly endsAt: number }[];
}

/** What needs attention now, as far as the reader may see it. */
export function useAttention(fleets: readonly Fleet[], project: string | undefined): Attention {
  const minute = useMinute();
  // The same for an hour: the page may be open for days.
  const from = new Date(Math.floor(minute / hourMs) * hourMs - dayMs).toISOString();
  const failures = useInfiniteQuery({
    ...operationsQuery({ project, state: 'failed', from }),
    placeholderData: keepPreviousData,
  });
  const recent = useInfiniteQuery(operationsQuery({ project }));
  const { data: open = [] } = useQuery(openOperationsQuery);
  const { data: clusters = [] } = useQuery({ ...objectsQuery('clusters'), retry: false });
  const { data: keys = [] } = useQuery({ ...ownedKeysQuery, retry: false, staleTime: 300_000 });
  const failed = fleets.flatMap(({ kind, failed: rows }) => rows.map((row) => ({ kind, row })));
  const later = recent.data?.pages.flatMap(({ items }) => items) ?? [];
  return {
    failed,
    failedOperations: (failures.data?.pages.flatMap(({ items }) => items) ?? []).filter(
      (operation, index, all) =>
        operation.state === 'failed' &&
        all.findIndex((other) => isSameTarget(other, operation)) === index &&
        !failed.some(({ kind, row }) => {
          const target = targetOf(operation);
          return kind === target.kind && row.name === target.name && row.project === target.project;
        }) &&
        !later.some((other) => isSameTarget(other, operation) && other.createdAt > operation.createdAt),
    ),
    stuck: open.filter(
      (operation) => isStuck(operation, minute) && (project === undefined || operation.project === project),
    ),
    away: clusters.filter(
      (cluster) => cluster.metadata.deletionTimestamp === undefined && !isOnline(cluster),
    ),
    keys: keys.flatMap((accessKey) => {
      const endsAt = accessKeyExpiry(accessKey)?.getTime();
      const isLogin = accessKey.spec.type === 'Login' || accessKey.spec.issuedBy !== undefined;
      if (endsAt === undefined || isLogin || endsAt < minute || endsAt > minute + keyEndsSoonMs) return [];
      return [{ accessKey, endsAt }];
    }),
  };
}

function isSameTarget(one: Operation, other: Operation): boolean {
  const [a, b] = [targetOf(one), targetOf(other)];
  return a.kind === b.kind && a.project === b.project && a.name === b.name;
}

/** Whether it runs far longer than it usually does. */
function isStuck({ state, startedAt, expectedMs }: Operation, now: number): boolean {
  return (
    state === 'running' && startedAt !== undefined && now - Date.parse(startedAt) > 3 * expectedMs + 60_000
  );
}
