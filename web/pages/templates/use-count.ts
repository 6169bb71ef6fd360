import { queryOptions } from '@tanstack/react-query';
import type { ManagedKind } from '../../../contracts/kinds.ts';
import { rest } from '../../server/rest.ts';

/** Counted one by one only up to here: a list is read for it. */
const most = 100;

/** How many instances that the caller may see are made of a template, `100+` where they are many; empty: none. */
export function useCountQuery(kind: ManagedKind, template: string) {
  return queryOptions({
    queryKey: ['template-use', kind, template] as const,
    staleTime: 30_000,
    queryFn: async () => {
      const { items, next } = await rest.of(kind).list({ query: { template, limit: String(most) } });
      return { count: next === undefined ? String(items.length) : `${most}+`, isUsed: items.length > 0 };
    },
  });
}
