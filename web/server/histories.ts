import { queryOptions } from '@tanstack/react-query';
import type { ManagedKind } from '../../contracts/kinds.ts';
import { rest } from './rest.ts';

const againMs = 120_000;

/** How many instances were awake and asleep, hour by hour since `from`. No event tells when it changes: it is read again now and then. */
export function usageHistoryQuery(asked: {
  readonly project?: string | undefined;
  readonly kind?: ManagedKind | undefined;
  readonly from: string;
}) {
  return queryOptions({
    queryKey: ['usage-history', asked] as const,
    staleTime: againMs,
    refetchInterval: againMs,
    queryFn: () => rest.getUsageHistory({ query: { ...given(asked), step: 'hour' } }),
  });
}

/** How operations ended, hour by hour since `from`. */
export function operationHistoryQuery(asked: {
  readonly project?: string | undefined;
  readonly from: string;
}) {
  return queryOptions({
    queryKey: ['operation-history', asked] as const,
    staleTime: againMs,
    refetchInterval: againMs,
    queryFn: () => rest.getOperationHistory({ query: { ...given(asked), step: 'hour' } }),
  });
}

/** Midnight of the reader's day, so many days ago: RFC 3339, the same all day long. */
export function daysAgo(days: number): string {
  const day = new Date();
  day.setHours(0, 0, 0, 0);
  day.setDate(day.getDate() - days);
  return day.toISOString();
}

function given<T extends object>(asked: T): { [N in keyof T]: Exclude<T[N], undefined> } {
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined)) as {
    [N in keyof T]: Exclude<T[N], undefined>;
  };
}
