import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { Operation } from '../../contracts/operations.ts';
import { recordAccess } from '../authorization/record-access.ts';
import type { Caller } from '../identity/caller.ts';
import type { Gateway } from '../gateway.ts';
import { forViewer, recordOf, visibleOperation } from '../operations/viewer.ts';
import { callerOf } from '../plugins/access.ts';
import { openingRequest, recheckOf } from '../proxy/recheck.ts';
import { sendEvents, type ServerEvent } from '../http/event-stream.ts';
import { PageQuery, pageOf } from './operation-page.ts';
import { OperationPath, ProjectPath } from '../http/parameters.ts';

/** One event of the stream of an operation. */
const OperationEvent = Type.Object({
  event: Type.Enum(['operation', 'end']),
  data: Type.String({ description: 'An Operation as JSON; at `end` why it was ended, an EventsEnd' }),
});

/** One operation: read it, follow it, cancel it. And those of a project. */
export async function operationRoutes(instance: FastifyInstance, gateway: Gateway): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();

  app.get(
    '/api/v1/operations/:id',
    {
      config: { access: 'authenticated', scope: 'reviewed', failures: ['operation_not_found'] },
      schema: {
        summary: 'An operation with its steps',
        description:
          'The operation as it is now: its state, its steps, why it failed. `live: false` if Temporal does not answer; then it is as it was last recorded.',
        operationId: 'getOperation',
        tags: ['operations'],
        params: OperationPath,
        response: { 200: Type.Ref('Operation') },
      },
    },
    async (request) => visibleOperation(gateway, callerOf(request), request.params.id),
  );

  app.get(
    '/api/v1/operations/:id/events',
    {
      config: {
        access: 'authenticated',
        scope: 'reviewed',
        failures: ['operation_not_found'],
        curl: { options: '-N' },
      },
      schema: {
        summary: 'Follow an operation',
        description:
          'Server-sent events: one `operation` event now and at every change; the stream ends after the final state.',
        operationId: 'watchOperation',
        tags: ['operations'],
        params: OperationPath,
        response: {
          200: {
            description: 'Server-sent events',
            content: { 'text/event-stream': { schema: OperationEvent } },
          },
        },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      await visibleOperation(gateway, caller, request.params.id);
      const mayStillSee = async (now: Caller) => {
        await visibleOperation(gateway, now, request.params.id);
      };
      const recheck = () =>
        recheckOf(gateway, openingRequest(request.raw), caller, mayStillSee, { asked: 'operations' });
      await sendEvents(request, reply, {
        source: (signal) => operationEvents(gateway, caller, request.params.id, signal),
        opened: (abort) => gateway.streams.add(caller, abort, recheck),
      });
    },
  );

  app.post(
    '/api/v1/operations/:id/cancel',
    {
      config: {
        access: 'authenticated',
        scope: 'reviewed',
        failures: ['operation_not_found', 'operation_finished', 'conflict', 'temporal_unavailable'],
      },
      schema: {
        summary: 'Cancel an operation',
        description:
          'Completed steps are undone in reverse order. The response comes at once, the operation ends later.',
        operationId: 'cancelOperation',
        tags: ['operations'],
        params: OperationPath,
        response: { 202: Type.Ref('Operation') },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { id } = request.params;
      await visibleOperation(gateway, caller, id, 'update');
      const operation = await gateway.operations.cancel(id, caller.identity.user);
      return reply.code(202).send(await forViewer(gateway, caller, operation));
    },
  );

  app.get(
    '/api/v1/projects/:project/operations',
    {
      config: { access: 'authenticated', scope: 'reviewed', failures: ['operation_not_found'] },
      schema: {
        summary: 'Operations of a project that you may see, newest first',
        description: 'Operations of all tenant clusters and spaces of the project that you may see.',
        operationId: 'listProjectOperations',
        tags: ['operations'],
        params: ProjectPath,
        querystring: PageQuery,
        response: { 200: Type.Ref('OperationList') },
      },
    },
    async (request): Promise<{ items: Operation[] }> => {
      const caller = callerOf(request);
      const { project } = request.params;
      const operations = await gateway.operations.list({ project, ...pageOf(request.query) });
      const access = recordAccess(gateway, caller.identity, project);
      const visible = await Promise.all(
        operations.map((operation) => access.allows('get', recordOf(operation))),
      );
      const items = operations.filter((_operation, index) => visible[index]);
      return { items: await Promise.all(items.map((operation) => forViewer(gateway, caller, operation))) };
    },
  );
}

async function* operationEvents(
  gateway: Gateway,
  caller: Caller,
  id: string,
  signal: AbortSignal,
): AsyncGenerator<ServerEvent, void> {
  for await (const operation of gateway.operations.watch(id, signal))
    yield { name: 'operation', data: JSON.stringify(await forViewer(gateway, caller, operation)) };
}
