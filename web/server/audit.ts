import { infiniteQueryOptions } from '@tanstack/react-query';
import type { AuditEvent } from '../../contracts/audit.ts';
import { givenFilters } from './given-filters.ts';
import { rest } from './rest.ts';

/** What the audit log is asked for, by the names of `/api/v1/audit`; all of it in the page's address. */
export const auditFilterNames = [
  'user',
  'verb',
  'resource',
  'name',
  'code',
  'requestId',
  'operationId',
  'tenantCluster',
  'space',
  'cluster',
  'namespace',
] as const;
export type AuditFilterName = (typeof auditFilterNames)[number];
export type AuditFilters = {
  readonly [N in AuditFilterName | 'project' | 'from' | 'to']?: string | undefined;
};
export type { AuditEvent };

const eventsInPage = '100';

/** Audit events that the caller may see, the newest first, page after page. */
export function auditQuery(filters: AuditFilters) {
  const given = givenFilters({ ...filters });
  return infiniteQueryOptions({
    queryKey: ['audit', given] as const,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) =>
      rest.listAuditEvents({
        query: { ...given, limit: eventsInPage, ...(pageParam === undefined ? {} : { cursor: pageParam }) },
      }),
    getNextPageParam: ({ next }) => next,
  });
}
