import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { PlatformError } from '../../contracts/errors.ts';
import { kindNames, type ManagedKind } from '../../contracts/kinds.ts';
import type { Operation, OperationRequest } from '../../contracts/operations.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import { instanceRoutes } from '../../contracts/rest/instance-routes.ts';
import { verbRules } from '../../domain/lifecycle/verbs.ts';
import type { AuditSource } from '../audit/audit-entry.ts';
import { targetAction } from '../authorization/action.ts';
import { recordAccess, type VisibleRecords } from '../authorization/record-access.ts';
import { checkOperationScope } from '../authorization/scope-check.ts';
import { targetNotFound } from '../authorization/target-access.ts';
import type { Gateway } from '../gateway.ts';
import { restRoute } from '../http/rest-route.ts';
import { checkParameters } from '../operations/check-parameters.ts';
import {
  clientKey,
  type PlannedRequest,
  planSubmit,
  previewFor,
  submitFor,
} from '../operations/instance-submission.ts';
import { podsLostBySleep } from '../operations/pods-lost-by-sleep.ts';
import { type InstanceRequest, readInstance, requestChange } from '../operations/request-change.ts';
import { bindRestoreSource } from '../operations/restore-source.ts';
import { forViewer, recordOf } from '../operations/viewer.ts';
import { visibleOperations } from '../operations/visible-operations.ts';
import { callerOf } from '../plugins/access.ts';

/** Operations of the instances of a kind: ask for one, list them. */
export async function instanceOperationRoutes(
  instance: FastifyInstance,
  gateway: Gateway,
  kind: ManagedKind,
): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const { plural } = kindNames[kind];
  const { createOperation, listOperations } = instanceRoutes(kind);
  const config = { access: 'authenticated', scope: plural } as const;

  app.post(
    createOperation.path,
    restRoute(createOperation, { ...config, scope: `${plural}/operations` }),
    async (request, reply) => {
      const body: OperationRequest = request.body;
      const { dryRun = false } = body;
      const asked = { kind, caller: callerOf(request), ...request.params, requestId: request.id, dryRun };
      checkOperationScope(asked.caller, body.type, targetAction('update', asked));
      checkParameters(kind, body);
      if (body.type === 'restore') request.audit.restoresFrom(sourceOf(asked.name, body.parameters));
      const given = request.headers['idempotency-key'];
      const key = given === undefined ? undefined : clientKey(asked.caller, given);
      if (dryRun) {
        const { instance, operation } = await prepare(gateway, asked, body, key);
        const [preview, loses] = await Promise.all([
          previewFor(gateway, asked, instance, operation),
          body.type === 'sleep' ? podsLostBySleep(gateway, asked, instance) : undefined,
        ]);
        return reply.code(200).send({ ...preview, ...(loses && { loses }) });
      }
      const operation =
        (await submittedBefore(gateway, asked, body, key)) ?? (await submit(gateway, asked, body, key));
      if (body.type === 'restore') request.audit.restoresFrom(sourceOf(asked.name, operation.parameters));
      return reply
        .code(202)
        .header('location', `/api/v1/operations/${operation.id}`)
        .send(await forViewer(gateway, asked.caller, operation));
    },
  );

  app.get(listOperations.path, restRoute(listOperations, config), async (request) => {
    const caller = callerOf(request);
    const { params, query } = request;
    const of = await visibleRecords(gateway, { kind, caller, ...params, requestId: request.id });
    const filter = { kinds: [kind], ...params, ...(of === 'all' ? {} : { of }) };
    return visibleOperations(gateway, caller, { query, filter, isDecided: true });
  });
}

/** Writes the change into the resource, then queues the operation. */
async function submit(
  gateway: Gateway,
  asked: InstanceRequest,
  body: OperationRequest,
  key: string | undefined,
): Promise<Operation> {
  const { instance, operation } = await prepare(gateway, asked, body, key);
  return submitFor(gateway, asked, instance, operation);
}

/** Writes the change into the resource, which is then as the operation will find it; a dry run only asks for that. */
async function prepare(
  gateway: Gateway,
  asked: InstanceRequest,
  body: OperationRequest,
  key: string | undefined,
): Promise<{ instance: ManagedInstance; operation: PlannedRequest }> {
  const { kind, requestId } = asked;
  const { type } = body;
  const now = new Date();
  const before = await readInstance(gateway, asked);
  const instance = await requestChange(gateway, asked, before, body, now);
  const parameters =
    type === 'restore'
      ? await bindRestoreSource(gateway, asked, instance.metadata.uid ?? '', body.parameters ?? {})
      : (verbRules[type].complete?.(body.parameters ?? {}, now) ?? body.parameters ?? {});
  const plan = planSubmit(gateway.cache, kind, instance, body, { requestId, givenKey: key });
  return { instance, operation: { type, ...plan, parameters } };
}

/** What the audit log records about the source of a restore. */
function sourceOf(
  name: string,
  { sourceTenantCluster = name, sourceUid }: Record<string, unknown> = {},
): AuditSource {
  return {
    ...(typeof sourceTenantCluster === 'string' ? { sourceTenantCluster } : {}),
    ...(typeof sourceUid === 'string' ? { sourceUid } : {}),
  };
}

/** What the same idempotency key gave before: nothing is written a second time. */
async function submittedBefore(
  gateway: Gateway,
  asked: InstanceRequest,
  body: OperationRequest,
  key: string | undefined,
): Promise<Operation | undefined> {
  if (key === undefined) return undefined;
  await visibleRecords(gateway, asked);
  const access = recordAccess(gateway, asked.caller.identity, asked.project);
  const uid = await access.presentUid(asked.kind, asked.name);
  const operation = await gateway.operations.find({ ...asked, uid }, key);
  if (operation !== undefined && !(await access.allows('get', recordOf(operation)))) return undefined;
  if (operation !== undefined && operation.type !== body.type) {
    throw new PlatformError(
      'conflict',
      `this Idempotency-Key was already used for the operation ${operation.type}: use a new one`,
    );
  }
  return operation;
}

/** A tenant cluster or space that is gone still has its history, for administrators. */
async function visibleRecords(gateway: Gateway, asked: InstanceRequest): Promise<VisibleRecords> {
  const access = recordAccess(gateway, asked.caller.identity, asked.project);
  const records = await access.visible(asked.kind, asked.name);
  if (records === undefined) throw targetNotFound(asked);
  return records;
}
