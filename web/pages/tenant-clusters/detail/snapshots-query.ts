import { queryOptions } from '@tanstack/react-query';
import { rest } from '../../../server/rest.ts';

/** Snapshots of a tenant cluster, the newest first; read again when an operation that makes or uses one ends. */
export function tenantSnapshotsQuery(project: string, name: string) {
  return queryOptions({
    queryKey: ['snapshots', project, name] as const,
    queryFn: async () => (await rest.listSnapshots({ params: { project, name } })).items,
  });
}
