import { type Static, Type } from 'typebox';
import { operationKinds } from '../kinds.ts';
import { type Operation, operationStates } from '../operations.ts';
import { operationTypes } from '../verbs.ts';

import { anyOf, exactly, type Page, pageFields } from './pages.ts';
import type { RestRoute } from './route.ts';
import { dnsLabel, timestamp, uuid } from './values.ts';

export const defaultOperations = 50;

const filters = {
  type: anyOf(operationTypes, 'Verbs'),
  state: anyOf(operationStates, 'States'),
  actor: exactly('User who requested it'),
  cluster: exactly('Connected cluster it ran in, or was about'),
  from: Type.Optional(timestamp('Requested at or after this time')),
  to: Type.Optional(timestamp('Requested before')),
  before: Type.Optional(uuid('Only those older than this operation; `cursor` is for pages')),
  ...pageFields(['createdAt'], { sort: '-createdAt', limit: defaultOperations }),
};

/** Of one instance or connected cluster. */
export const TargetOperationsQuery = Type.Object(filters, { additionalProperties: false });

const named = {
  kind: anyOf(operationKinds, 'Kinds'),
  tenantCluster: exactly('Of the tenant cluster of this name'),
  space: exactly('Of the space of this name'),
};

const ProjectOperationsQuery = Type.Object({ ...named, ...filters }, { additionalProperties: false });
/** What any list of operations may be asked for. */
export type OperationsQuery = Static<typeof ProjectOperationsQuery>;

const response = Type.Unsafe<Page<Operation>>(Type.Ref('OperationList'));

export const operationLists = {
  listOperations: {
    method: 'GET',
    path: '/api/v1/operations',
    operationId: 'listAllOperations',
    summary: 'All operations that you may see',
    description:
      'Operations of all tenant clusters, spaces and connected clusters that you may see, newest first.',
    failures: ['operation_not_found'],
    curl: { query: '?state=queued,running&limit=10' },
    tags: ['operations'],
    query: Type.Object(
      { project: Type.Optional(dnsLabel('Only those of this project')), ...named, ...filters },
      { additionalProperties: false },
    ),
    status: 200,
    response,
  },
  listProjectOperations: {
    method: 'GET',
    path: '/api/v1/projects/:project/operations',
    operationId: 'listProjectOperations',
    summary: 'Operations of a project that you may see, newest first',
    description: 'Operations of all tenant clusters and spaces of the project that you may see.',
    failures: ['operation_not_found'],
    tags: ['operations'],
    params: Type.Object({ project: dnsLabel('Name of the project') }),
    query: ProjectOperationsQuery,
    status: 200,
    response,
  },
} as const satisfies Record<string, RestRoute>;
