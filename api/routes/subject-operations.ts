import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { PlatformError } from '../../contracts/errors.ts';
import { checkName } from '../../contracts/names.ts';
import {
  isSpaceOperation,
  type Operation,
  type OperationRequest,
  subjectCollections,
  type SubjectKind,
  subjectNouns,
  subjectPlurals,
} from '../../contracts/operations.ts';
import { subjectAction } from '../authorization/action.ts';
import { recordAccess, type VisibleRecords } from '../authorization/record-access.ts';
import { subjectNotFound } from '../authorization/subject-not-found.ts';
import { checkOperationScope } from '../authorization/scope-check.ts';
import type { Gateway } from '../gateway.ts';
import { type InstanceRequest, readInstance, requestChange } from '../operations/request-change.ts';
import { clientKey, planSubmit } from '../operations/plan-submit.ts';
import { bindRestoreSource } from '../operations/restore-source.ts';
import { forViewer, recordOf } from '../operations/viewer.ts';
import type { AuditSource } from '../audit/audit-entry.ts';
import { callerOf } from '../plugins/access.ts';
import { PageQuery, pageOf } from './operation-page.ts';
import { problemResponses, TenantPath } from '../http/parameters.ts';

const idempotencyKeyPattern = '^[\\x21-\\x7e]{1,128}$';

/** Names in the OpenAPI document. */
const operationIds = {
  tenant: { create: 'createOperation', list: 'listOperations' },
  space: { create: 'createSpaceOperation', list: 'listSpaceOperations' },
} as const;

/** Operations of tenant clusters, or of spaces: ask for one, list them. */
export async function subjectOperationRoutes(
  instance: FastifyInstance,
  gateway: Gateway,
  kind: SubjectKind,
): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const url = `/api/v1/projects/:project/${subjectCollections[kind]}/:name/operations` as const;
  const config = { access: 'authenticated', scope: subjectPlurals[kind] } as const;

  app.post(
    url,
    {
      config: { ...config, scope: `${subjectPlurals[kind]}/operations` },
      schema: {
        summary: `Ask for an operation of a ${subjectNouns[kind]}`,
        description:
          'The change is written into the resource under your own identity first (sleep and wake as annotations, delete as deletion), then the operation is queued. If the same one is there already, the answer is that one, with `joined: true`.',
        operationId: operationIds[kind].create,
        tags: ['operations'],
        params: TenantPath,
        headers: Type.Object({
          'idempotency-key': Type.Optional(
            Type.String({
              pattern: idempotencyKeyPattern,
              description: 'The same key gives the same operation, however often it is sent',
            }),
          ),
        }),
        body: Type.Unsafe<OperationRequest>(Type.Ref('OperationRequest')),
        response: { 202: Type.Ref('Operation'), ...problemResponses },
      },
    },
    async (request, reply) => {
      const { body } = request;
      const asked = { kind, caller: callerOf(request), ...request.params, requestId: request.id };
      checkOperationScope(asked.caller, body.type, subjectAction('update', asked));
      checkParameters(kind, body);
      if (body.type === 'restore') request.audit.restoresFrom(sourceOf(asked.name, body.parameters));
      const given = request.headers['idempotency-key'];
      const key = given === undefined ? undefined : clientKey(asked.caller, given);
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
      config,
      schema: {
        summary: `Operations of a ${subjectNouns[kind]}, newest first`,
        operationId: operationIds[kind].list,
        tags: ['operations'],
        params: TenantPath,
        querystring: PageQuery,
        response: { 200: Type.Ref('OperationList'), ...problemResponses },
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
  const { caller, kind, project, name, requestId } = asked;
  const before = await readInstance(gateway, asked);
  const instance = await requestChange(gateway, asked, before, body, Date.now());
  const { uid = '' } = instance.metadata;
  const parameters =
    body.type === 'restore'
      ? await bindRestoreSource(gateway, asked, uid, body.parameters ?? {})
      : completeParameters(body, new Date());
  return gateway.operations.submit({
    type: body.type,
    kind,
    project,
    name,
    uid,
    projectUid: gateway.directory.projects().find(({ metadata }) => metadata.name === project)?.metadata.uid,
    actor: caller.identity.user,
    actorUid: caller.uid,
    requestId,
    ...planSubmit(gateway.directory, kind, instance, body, { requestId, givenKey: key }),
    parameters,
  });
}

/** What the trail tells of the source of a restore. */
function sourceOf(
  name: string,
  { sourceTenantCluster = name, sourceUid }: Record<string, unknown> = {},
): AuditSource {
  return {
    ...(typeof sourceTenantCluster === 'string' ? { sourceTenantCluster } : {}),
    ...(typeof sourceUid === 'string' ? { sourceUid } : {}),
  };
}

/** A snapshot that was given no name is called after the time (UTC). */
function completeParameters({ type, parameters = {} }: OperationRequest, now: Date): Record<string, unknown> {
  if (type !== 'snapshot' || parameters.snapshot !== undefined) return parameters;
  return {
    ...parameters,
    snapshot: `s-${now.toISOString().slice(0, 19).toLowerCase().replaceAll(':', '').replace('t', '-')}`,
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
      `this Idempotency-Key was used for the operation ${operation.type} before: take a new one`,
    );
  }
  return operation;
}

/** A tenant cluster or space that is gone still has its history, for administrators. */
async function visibleRecords(gateway: Gateway, asked: InstanceRequest): Promise<VisibleRecords> {
  const access = recordAccess(gateway, asked.caller.identity, asked.project);
  const records = await access.visible(asked.kind, asked.name);
  if (records === undefined) throw subjectNotFound(asked);
  return records;
}

/** Parameters belong to one type each. @throws PlatformError `invalid_request` */
function checkParameters(kind: SubjectKind, { type, parameters = {} }: OperationRequest): void {
  if (kind === 'space' && !isSpaceOperation(type))
    throw new PlatformError('invalid_request', `body/type: spaces have no operation ${type}`);
  const allowed: Partial<Record<OperationRequest['type'], readonly string[]>> = {
    sleep: ['forceDurationSeconds'],
    snapshot: ['snapshot'],
    restore: ['snapshot', 'sourceTenantCluster', 'sourceUid'],
  };
  const foreign = Object.keys(parameters).find((name) => allowed[type]?.includes(name) !== true);
  if (foreign !== undefined)
    throw new PlatformError(
      'invalid_request',
      `body/parameters/${foreign}: the operation ${type} has no such parameter`,
    );
  if (type === 'restore' && parameters.snapshot === undefined) {
    throw new PlatformError(
      'invalid_request',
      'body/parameters/snapshot is missing: say which snapshot to restore',
    );
  }
  if (parameters.snapshot !== undefined) checkName('snapshot', parameters.snapshot);
  if (parameters.sourceTenantCluster !== undefined)
    checkName('sourceTenantCluster', parameters.sourceTenantCluster);
  if (parameters.sourceUid !== undefined) checkName('sourceUid', parameters.sourceUid);
}
