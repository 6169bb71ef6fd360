import { Type } from 'typebox';
import type { Operation } from '../operations.ts';
import type { RestRoute } from './route.ts';
import { uuid } from './values.ts';

const params = Type.Object({ id: uuid('Id of the operation') });
const response = Type.Unsafe<Operation>(Type.Ref('Operation'));

/** One operation; to follow it is a stream, `operationEvents`. */
export const operationRoutes = {
  getOperation: {
    method: 'GET',
    path: '/api/v1/operations/:id',
    operationId: 'getOperation',
    summary: 'An operation with its steps',
    description:
      'The operation as it is now: its state, its steps, why it failed. `live: false` if Temporal does not answer; then it is as it was last recorded.',
    failures: ['operation_not_found'],
    tags: ['operations'],
    params,
    status: 200,
    response,
  },
  cancelOperation: {
    method: 'POST',
    path: '/api/v1/operations/:id/cancel',
    operationId: 'cancelOperation',
    summary: 'Cancel an operation',
    failures: ['operation_not_found', 'operation_finished', 'conflict', 'temporal_unavailable'],
    description:
      'Completed steps are undone in reverse order. The response comes at once, the operation ends later.',
    tags: ['operations'],
    params,
    status: 202,
    response,
  },
} as const satisfies Record<string, RestRoute>;

/** Path of the events of an operation, as a client asks for it. */
export function operationEvents(id: string): string {
  return `/api/v1/operations/${encodeURIComponent(id)}/events`;
}
