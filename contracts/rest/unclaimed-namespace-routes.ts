import { type Static, Type } from 'typebox';
import type { Operation } from '../operations.ts';
import { UnclaimedNamespace } from '../resources/cluster.ts';
import { exactly, nextField, type Page, pageFields } from './pages.ts';
import type { RestRoute } from './route.ts';
import { dnsLabel } from './values.ts';

const Listed = Type.Interface([UnclaimedNamespace], { cluster: Type.String() });
export type ListedUnclaimedNamespace = Static<typeof Listed>;

export const unclaimedNamespaceRoutes = {
  listUnclaimedNamespaces: {
    method: 'GET',
    path: '/api/v1/unclaimed-namespaces',
    operationId: 'listUnclaimedNamespaces',
    summary: 'Unclaimed namespaces of connected clusters',
    description:
      'Namespaces with the mark of the platform that belong to no existing tenant cluster or space. For administrators of the platform.',
    tags: ['clusters'],
    query: Type.Object(
      {
        cluster: exactly('Connected cluster it is in'),
        ...pageFields(['cluster', 'name'], { sort: 'cluster' }),
      },
      { additionalProperties: false },
    ),
    status: 200,
    response: Type.Unsafe<Page<ListedUnclaimedNamespace>>(
      Type.Object(
        { items: Type.Array(Listed), ...nextField },
        { description: 'A page of unclaimed namespaces', additionalProperties: false },
      ),
    ),
  },
  deleteUnclaimedNamespace: {
    method: 'DELETE',
    path: '/api/v1/unclaimed-namespaces/:cluster/:namespace',
    operationId: 'deleteUnclaimedNamespace',
    summary: 'Delete an unclaimed namespace and everything in it',
    description:
      'Queues an operation that deletes it. For administrators of the platform. 409 if the namespace does not say whose it was.',
    failures: ['not_found', 'conflict', 'temporal_unavailable'],
    tags: ['clusters'],
    params: Type.Object({
      cluster: dnsLabel('Name of the connected cluster'),
      namespace: dnsLabel('Name of the namespace there'),
    }),
    status: 202,
    response: Type.Unsafe<Operation>(Type.Ref('Operation')),
  },
} as const satisfies Record<string, RestRoute>;
