import { Type } from 'typebox';
import type { Snapshot } from '../operations.ts';
import { anyOf, exactly, nextField, type Page, pageFields } from './pages.ts';
import type { RestRoute } from './route.ts';
import { dnsLabel, searchText } from './values.ts';

const project = dnsLabel('Name of the project');
const name = dnsLabel('Name of the tenant cluster');

export const SnapshotList = Type.Object(
  { items: Type.Array(Type.Ref('Snapshot')), ...nextField },
  { $id: 'SnapshotList', description: 'A page of snapshots', additionalProperties: false },
);

const filters = {
  state: anyOf(['creating', 'completed', 'failed'], 'States'),
  ...pageFields(['createdAt', 'name', 'tenantCluster'], { sort: '-createdAt' }),
};
const response = Type.Unsafe<Page<Snapshot>>(Type.Ref('SnapshotList'));
const tags = ['snapshots'];

export const snapshotRoutes = {
  listSnapshots: {
    method: 'GET',
    path: '/api/v1/projects/:project/virtualclusters/:name/snapshots',
    operationId: 'listSnapshots',
    summary: 'Snapshots of a tenant cluster, newest first',
    description:
      'Snapshots of the tenant cluster. Those of a tenant cluster that is gone stay for a while, for the administrators of its project.',
    failures: ['tenant_cluster_not_found'],
    tags,
    params: Type.Object({ project, name }),
    query: Type.Object(filters, { additionalProperties: false }),
    status: 200,
    response,
  },
  listProjectSnapshots: {
    method: 'GET',
    path: '/api/v1/projects/:project/snapshots',
    operationId: 'listProjectSnapshots',
    summary: 'Snapshots of a project that you may see, newest first',
    description: 'Snapshots of all tenant clusters of the project that you may see.',
    tags,
    params: Type.Object({ project }),
    query: Type.Object(
      { tenantCluster: exactly('Of the tenant cluster of this name'), ...filters },
      { additionalProperties: false },
    ),
    status: 200,
    response,
  },
  deleteSnapshot: {
    method: 'DELETE',
    path: '/api/v1/projects/:project/virtualclusters/:name/snapshots/:snapshot',
    operationId: 'deleteSnapshot',
    summary: 'Delete a snapshot and its file',
    description:
      'Removes the snapshot from the list at once; its file is deleted by the worker, some moments later.',
    failures: ['tenant_cluster_not_found', 'snapshot_not_found', 'conflict', 'temporal_unavailable'],
    tags,
    params: Type.Object({ project, name, snapshot: dnsLabel('Name of the snapshot') }),
    query: Type.Object(
      {
        uid: Type.Optional(
          searchText(64, 'uid of the tenant cluster, if it was deleted or its name is in use by another one'),
        ),
      },
      { additionalProperties: false },
    ),
    status: 202,
    response: Type.Object(
      { deleting: Type.String({ description: 'Name of the snapshot' }) },
      { description: 'The snapshot is being deleted' },
    ),
  },
} as const satisfies Record<string, RestRoute>;
