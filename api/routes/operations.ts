import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { operationLists } from '../../contracts/rest/operation-lists.ts';
import { operationRoutes as routes } from '../../contracts/rest/operation-routes.ts';
import type { Caller } from '../identity/caller.ts';
import type { Gateway } from '../gateway.ts';
import { forViewer, visibleOperation } from '../operations/viewer.ts';
import { projectsOfOperations, visibleOperations } from '../operations/visible-operations.ts';
import { callerOf } from '../plugins/access.ts';
import { openingRequest, recheckOf } from '../proxy/recheck.ts';
import { sendEvents, type ServerEvent } from '../http/event-stream.ts';
import { restRoute } from '../http/rest-route.ts';

/** One event of the stream of an operation. */
const OperationEvent = Type.Object({
  event: Type.Enum(['operation', 'end']),
  data: Type.String({ description: 'An Operation as JSON; at `end` why it was ended, an EventsEnd' }),
});

/** One operation: read it, follow it, cancel it. And those of a project. */
export async function operationRoutes(instance: FastifyInstance, gateway: Gateway): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();

  const { getOperation, cancelOperation } = routes;
  app.get(
    getOperation.path,
    restRoute(getOperation, { access: 'authenticated', scope: 'reviewed' }),
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
        params: getOperation.params,
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
    cancelOperation.path,
    restRoute(cancelOperation, { access: 'authenticated', scope: 'reviewed' }),
    async (request, reply) => {
      const caller = callerOf(request);
      const { id } = request.params;
      await visibleOperation(gateway, caller, id, 'update');
      const operation = await gateway.operations.cancel(id, caller.identity.user);
      return reply.code(202).send(await forViewer(gateway, caller, operation));
    },
  );

  const { listOperations, listProjectOperations } = operationLists;
  app.get(
    listOperations.path,
    restRoute(listOperations, { access: 'authenticated', scope: 'reviewed' }),
    async (request) => {
      const { query } = request;
      const caller = callerOf(request);
      const { project } = query;
      const projects = project === undefined ? await projectsOfOperations(gateway, caller) : [project];
      return visibleOperations(gateway, caller, { query, filter: { projects } });
    },
  );
  app.get(
    listProjectOperations.path,
    restRoute(listProjectOperations, { access: 'authenticated', scope: 'reviewed' }),
    async (request) => {
      const { query, params } = request;
      return visibleOperations(gateway, callerOf(request), { query, filter: params });
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
