import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { PlatformError } from '../../contracts/errors.ts';
import { hasVerb, kindNames, type ManagedKind } from '../../contracts/kinds.ts';
import { checkName } from '../../contracts/names.ts';
import type { Operation, OperationRequest } from '../../contracts/operations.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import { parametersOf, requiredParametersOf } from '../../contracts/verbs.ts';
import { verbRules } from '../../domain/verbs.ts';
import type { AuditSource } from '../audit/audit-entry.ts';
import { targetAction } from '../authorization/action.ts';
import { recordAccess, type VisibleRecords } from '../authorization/record-access.ts';
import { checkOperationScope } from '../authorization/scope-check.ts';
import { targetNotFound } from '../authorization/target-access.ts';
import type { Gateway } from '../gateway.ts';
import { InstancePath } from '../http/parameters.ts';
import {
  clientKey,
  type PlannedRequest,
  planSubmit,
  previewFor,
  submitFor,
} from '../operations/instance-submission.ts';
import { type InstanceRequest, readInstance, requestChange } from '../operations/request-change.ts';
import { bindRestoreSource } from '../operations/restore-source.ts';
import { forViewer, recordOf } from '../operations/viewer.ts';
import { callerOf } from '../plugins/access.ts';
import { pageOf, PageQuery } from './operation-page.ts';

const ofRestores = ['snapshot_not_found'] as const;
const idempotencyKeyPattern = '^[\\x21-\\x7e]{1,128}$';

/** Operations of the instances of a kind: ask for one, list them. */
export async function instanceOperationRoutes(
  instance: FastifyInstance,
  gateway: Gateway,
  kind: ManagedKind,
): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const { collection, plural, noun, notFound, operationsName } = kindNames[kind];
  const url = `/api/v1/projects/:project/${collection}/:name/operations` as const;
  const config = { access: 'authenticated', scope: plural } as const;

  app.post(
    url,
    {
      config: {
        ...config,
        scope: `${plural}/operations`,
        curl: { data: '{"type":"sleep"}' },
        failures: [
          notFound,
          ...(hasVerb(kind, 'restore') ? ofRestores : []),
          'conflict',
          'temporal_unavailable',
        ],
      },
      schema: {
        summary: `Ask for an operation of a ${noun}`,
        description:
          'The change is first written to the resource under your own identity (sleep and wake as annotations, delete as deletion), then the operation is queued. If the same operation is already open, the response is that one, with `joined: true`. With `dryRun` the same is judged, in the management API and beside the operations that are there, and the response (200) says what would be done; nothing is changed.',
        operationId: `create${operationsName}Operation`,
        tags: ['operations'],
        params: InstancePath,
        headers: Type.Object({
          'idempotency-key': Type.Optional(
            Type.String({
              pattern: idempotencyKeyPattern,
              description: 'Requests with the same key return the same operation',
            }),
          ),
        }),
        body: Type.Unsafe<OperationRequest>(Type.Ref('OperationRequest')),
        response: { 200: Type.Ref('OperationPreview'), 202: Type.Ref('Operation') },
      },
    },
    async (request, reply) => {
      const { body } = request;
      const { dryRun = false } = body;
      const asked = { kind, caller: callerOf(request), ...request.params, requestId: request.id, dryRun };
      checkOperationScope(asked.caller, body.type, targetAction('update', asked));
      checkParameters(kind, body);
      if (body.type === 'restore') request.audit.restoresFrom(sourceOf(asked.name, body.parameters));
      const given = request.headers['idempotency-key'];
      const key = given === undefined ? undefined : clientKey(asked.caller, given);
      if (dryRun) {
        const { instance, operation } = await prepare(gateway, asked, body, key);
        return reply.code(200).send(await previewFor(gateway, asked, instance, operation));
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

  app.get(
    url,
    {
      config: { ...config, failures: [notFound, 'operation_not_found'] },
      schema: {
        summary: `Operations of a ${noun}, newest first`,
        description: `Its operations with their steps. Those of a ${noun} that is gone stay for the administrators of its project.`,
        operationId: `list${operationsName}Operations`,
        tags: ['operations'],
        params: InstancePath,
        querystring: PageQuery,
        response: { 200: Type.Ref('OperationList') },
      },
    },
    async (request): Promise<{ items: Operation[] }> => {
      const caller = callerOf(request);
      const of = await visibleRecords(gateway, { kind, caller, ...request.params, requestId: request.id });
      const operations = await gateway.operations.list({
        kind,
        ...request.params,
        ...(of === 'all' ? {} : { of }),
        ...pageOf(request.query),
      });
      return {
        items: await Promise.all(operations.map((operation) => forViewer(gateway, caller, operation))),
      };
    },
  );
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

/** Parameters belong to one type each. @throws PlatformError `invalid_request` */
function checkParameters(kind: ManagedKind, { type, parameters = {} }: OperationRequest): void {
  if (!hasVerb(kind, type))
    throw new PlatformError(
      'invalid_request',
      `body/type: ${kindNames[kind].noun}s have no operation ${type}`,
    );
  const foreign = Object.keys(parameters).find((name) => !parametersOf(type).includes(name));
  if (foreign !== undefined)
    throw new PlatformError(
      'invalid_request',
      `body/parameters/${foreign}: not a parameter of the operation ${type}`,
    );
  const missing = requiredParametersOf(type).find((name) => !(name in parameters));
  if (missing !== undefined)
    throw new PlatformError(
      'invalid_request',
      `body/parameters/${missing} is missing: say which ${missing} to ${type}`,
    );
  for (const [name, value] of Object.entries(parameters))
    if (typeof value === 'string') checkName(name, value);
}
