import { queryOptions } from '@tanstack/react-query';
import type { Operation, OperationRequest } from '../../contracts/operations.ts';
import type { OperationPreview } from '../../contracts/operation-preview.ts';
import { rest } from './rest.ts';

/** Disconnects a cluster, or upgrades its agent. */
export function submitClusterOperation(name: string, body: OperationRequest): Promise<Operation> {
  return rest.createClusterOperation({ params: { name }, body: { ...body, dryRun: false } });
}

/** What that would do; nothing is changed. */
export function clusterPreviewQuery(name: string, body: OperationRequest) {
  return queryOptions<OperationPreview>({
    queryKey: ['preview', 'cluster', '', name, body] as const,
    staleTime: 0,
    gcTime: 0,
    queryFn: () => rest.previewClusterOperation({ params: { name }, body: { ...body, dryRun: true } }),
  });
}

/** Namespaces of a connected cluster that belong to nothing any more; for administrators. */
export function unclaimedNamespacesQuery(cluster: string) {
  return queryOptions({
    queryKey: ['unclaimed-namespaces', cluster] as const,
    queryFn: async () => (await rest.listUnclaimedNamespaces({ query: { cluster } })).items,
  });
}
