import { Type } from 'typebox';
import { hasVerb, kindNames, type ManagedKind } from '../kinds.ts';
import { annotations } from '../names.ts';
import type { OperationPreview } from '../operation-preview.ts';
import type { Operation, OperationRequest } from '../operations.ts';
import { instanceList } from './instance-lists.ts';
import { TargetOperationsQuery } from './operation-lists.ts';
import type { Page } from './pages.ts';
import type { RestRoute } from './route.ts';
import { dnsLabel } from './values.ts';

const params = Type.Object({
  project: dnsLabel('Name of the project'),
  name: dnsLabel('Name of the tenant cluster or space'),
});
const request = Type.Ref('OperationRequest');
const preview = Type.Unsafe<OperationPreview>(Type.Ref('OperationPreview'));
const operation = Type.Unsafe<Operation>(Type.Ref('Operation'));

const ofRestores = ['snapshot_not_found'] as const;

export const idempotencyHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      pattern: '^[\\x21-\\x7e]{1,128}$',
      description: 'Requests with the same key return the same operation',
    }),
  ),
});

/** The routes of the instances of a kind. */
export function instanceRoutes<K extends ManagedKind>(kind: K) {
  const { collection, noun, documentName, operationsName, notFound } = kindNames[kind];
  const path = `/api/v1/projects/:project/${collection}/:name` as const;
  return {
    list: instanceList(kind),
    createOperation: {
      method: 'POST',
      path: `${path}/operations`,
      operationId: `create${operationsName}Operation`,
      summary: `Ask for an operation of a ${noun}`,
      failures: [
        notFound,
        ...(hasVerb(kind, 'restore') ? ofRestores : []),
        'conflict',
        'temporal_unavailable',
      ],
      curl: { data: '{"type":"sleep"}' },
      description:
        'The change is first written to the resource under your own identity (sleep and wake as annotations, delete as deletion), then the operation is queued. If the same operation is already open, the response is that one, with `joined: true`. With `dryRun` the same is judged, in the management API and beside the operations that are there, and the response (200) says what would be done; nothing is changed.',
      tags: ['operations'],
      params,
      headers: idempotencyHeaders,
      body: Type.Unsafe<OperationRequest & { readonly dryRun?: false }>(request),
      status: 202,
      response: operation,
      also: { 200: preview },
    },
    /** The same route, asked what it would do. */
    previewOperation: {
      method: 'POST',
      path: `${path}/operations`,
      operationId: `create${operationsName}Operation`,
      summary: `Ask what an operation of a ${noun} would do`,
      description: 'As `createOperation`, with `dryRun`.',
      tags: ['operations'],
      params,
      body: Type.Unsafe<OperationRequest & { readonly dryRun: true }>(request),
      status: 200,
      response: preview,
    },
    listOperations: {
      method: 'GET',
      path: `${path}/operations`,
      operationId: `list${operationsName}Operations`,
      summary: `Operations of a ${noun}, newest first`,
      description: `Its operations with their steps. Those of a ${noun} that is gone stay for the administrators of its project.`,
      failures: [notFound, 'operation_not_found'],
      tags: ['operations'],
      params,
      query: TargetOperationsQuery,
      status: 200,
      response: Type.Unsafe<Page<Operation>>(Type.Ref('OperationList')),
    },
    retry: {
      method: 'POST',
      path: `${path}/retry`,
      operationId: `retry${documentName}`,
      summary: `Try again what a ${noun} waits for`,
      failures: [notFound, 'conflict', 'temporal_unavailable'],
      description: `Submits again what the resource asks for and did not get: create, update, sleep, wake or delete. First, annotation \`${annotations.retry}\` is written under your own identity; a client of the Kubernetes API may write it as well. 409 if it has all that it asks for.`,
      tags: ['operations'],
      params,
      status: 202,
      response: operation,
    },
  } as const satisfies Record<string, RestRoute>;
}
