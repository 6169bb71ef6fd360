import { Type } from 'typebox';
import type { OperationPreview } from '../operation-preview.ts';
import type { Operation, OperationRequest } from '../operations.ts';
import { idempotencyHeaders } from './instance-routes.ts';
import { TargetOperationsQuery } from './operation-lists.ts';
import type { Page } from './pages.ts';
import type { RestRoute } from './route.ts';
import { dnsLabel } from './values.ts';

const params = Type.Object({ name: dnsLabel('Name of the connected cluster') });
const request = Type.Ref('OperationRequest');
const preview = Type.Unsafe<OperationPreview>(Type.Ref('OperationPreview'));
const path = '/api/v1/clusters/:name/operations';

/** Operations of connected clusters. */
export const clusterRoutes = {
  createClusterOperation: {
    method: 'POST',
    path,
    operationId: 'createClusterOperation',
    summary: 'Disconnect a connected cluster, or upgrade its agent',
    description:
      'Queues an operation. To disconnect needs the right to delete the `Cluster`, with `deleteTenants` also to delete tenant clusters and spaces in all projects; to upgrade, the right to update it. 409 if tenant clusters or spaces live there and shall not be deleted. If the same operation is open, the response is that one, with `joined: true`; one with other parameters takes its place. With `dryRun` the response (200) says what would be done; nothing is changed.',
    failures: ['cluster_not_found', 'conflict', 'temporal_unavailable'],
    curl: { data: '{"type":"upgrade","dryRun":true}' },
    tags: ['operations'],
    params,
    headers: idempotencyHeaders,
    body: Type.Unsafe<OperationRequest & { readonly dryRun?: false }>(request),
    status: 202,
    response: Type.Unsafe<Operation>(Type.Ref('Operation')),
    also: { 200: preview },
  },
  /** The same route, asked what it would do. */
  previewClusterOperation: {
    method: 'POST',
    path,
    operationId: 'createClusterOperation',
    summary: 'Ask what an operation of a connected cluster would do',
    description: 'As `createClusterOperation`, with `dryRun`.',
    tags: ['operations'],
    params,
    body: Type.Unsafe<OperationRequest & { readonly dryRun: true }>(request),
    status: 200,
    response: preview,
  },
  listClusterOperations: {
    method: 'GET',
    path,
    operationId: 'listClusterOperations',
    summary: 'Operations of a connected cluster, newest first',
    description:
      'Its operations with their steps, for who may update the cluster: they name tenants of all projects. Those of a cluster that was disconnected stay for the administrators of the platform.',
    failures: ['cluster_not_found', 'forbidden', 'operation_not_found'],
    tags: ['operations'],
    params,
    query: TargetOperationsQuery,
    status: 200,
    response: Type.Unsafe<Page<Operation>>(Type.Ref('OperationList')),
  },
} as const satisfies Record<string, RestRoute>;
