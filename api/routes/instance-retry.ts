import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { PlatformError } from '../../contracts/errors.ts';
import { kindNames, type ManagedKind } from '../../contracts/kinds.ts';
import { annotations } from '../../contracts/names.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import { instanceRoutes } from '../../contracts/rest/instance-routes.ts';
import {
  neededOperations,
  type NextOperation,
  rebuildOperation,
} from '../../domain/lifecycle/desired-state.ts';
import type { Gateway } from '../gateway.ts';
import { restRoute } from '../http/rest-route.ts';
import { requestKey, submitFor, templateOf } from '../operations/instance-submission.ts';
import { patchAnnotations, readInstance, requireVerb } from '../operations/request-change.ts';
import { forViewer } from '../operations/viewer.ts';
import { callerOf } from '../plugins/access.ts';

/** Asks that what an instance wants, and did not get, is tried again now. */
export async function instanceRetryRoutes(
  instance: FastifyInstance,
  gateway: Gateway,
  kind: ManagedKind,
): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const { retry } = instanceRoutes(kind);
  app.post(
    retry.path,
    restRoute(retry, { access: 'authenticated', scope: kindNames[kind].plural }),
    async (request, reply) => {
      const caller = callerOf(request);
      const asked = { kind, caller, ...request.params, requestId: request.id };
      const before = await readInstance(gateway, asked);
      await requireVerb(gateway, asked, 'update');
      const { type, targetHash } = wantedOf(gateway, kind, before);
      const now = new Date().toISOString();
      const marked = await patchAnnotations(gateway, asked, { [annotations.retry]: now });
      const operation = await submitFor(gateway, asked, marked, {
        type,
        targetHash,
        idempotencyKey: requestKey(request.id),
        parameters: {},
      });
      return reply
        .code(202)
        .header('location', `/api/v1/operations/${operation.id}`)
        .send(await forViewer(gateway, caller, operation));
    },
  );
}

/** What failed last, or else what comes first. @throws PlatformError `conflict` if nothing is wanted */
function wantedOf(
  { cache }: Pick<Gateway, 'cache'>,
  kind: ManagedKind,
  instance: ManagedInstance,
): NextOperation {
  const template = templateOf(cache, kind, instance);
  const needed = neededOperations(kind, instance, template);
  const failed = needed.find(({ targetHash }) => targetHash === instance.status?.failedHash);
  const wanted = rebuildOperation(kind, instance, template) ?? failed ?? needed[0];
  if (wanted !== undefined) return wanted;
  throw new PlatformError(
    'conflict',
    `${kindNames[kind].noun} "${instance.metadata.name}" has all that its resource asks for: there is nothing to try again`,
  );
}
