import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { PlatformError } from '../../contracts/errors.ts';
import { checkName } from '../../contracts/names.ts';
import type { Operation, OperationRequest } from '../../contracts/operations.ts';
import { instanceAction } from '../access/action.ts';
import type { Gateway } from '../gateway.ts';
import { type InstanceRequest, readInstance, requestChange } from '../operations/request-change.ts';
import { clientKey, planSubmit } from '../operations/plan-submit.ts';
import { forViewer } from '../operations/viewer.ts';
import { callerOf } from '../plugins/access.ts';
import { problemResponses, ProjectPath, TenantPath } from './parameters.ts';

const OperationList = Type.Object(
  { items: Type.Array(Type.Ref('Operation')) },
  { $id: 'OperationList', additionalProperties: false },
);

const PageQuery = Type.Object(
  {
    limit: Type.Optional(
      Type.String({ pattern: '^([1-9][0-9]?|1[0-9]{2}|200)$', description: '1 to 200; default 50' }),
    ),
    before: Type.Optional(
      Type.String({ format: 'uuid', description: 'Only those older than this operation' }),
    ),
  },
  { additionalProperties: false },
);
const idempotencyKeyPattern = '^[\\x21-\\x7e]{1,128}$';
const defaultLimit = 50;

/** Operations of tenant clusters: ask for one, list them. */
export async function tenantOperationRoutes(instance: FastifyInstance, gateway: Gateway): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  app.addSchema(OperationList);

  app.post(
    '/api/v1/projects/:project/virtualclusters/:name/operations',
    {
      config: { access: 'authenticated', scope: 'virtualclusterinstances' },
      schema: {
        summary: 'Ask for an operation',
        description:
          'The change is written into the resource under your own identity first (sleep and wake as annotations, delete as deletion), then the operation is queued. If the same one is there already, the answer is that one, with `joined: true`.',
        operationId: 'createOperation',
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
      const asked: InstanceRequest = { caller: callerOf(request), ...request.params, requestId: request.id };
      checkParameters(body);
      const given = request.headers['idempotency-key'];
      const key = given === undefined ? undefined : clientKey(asked.caller, given);
      const operation =
        (await submittedBefore(gateway, asked, body, key)) ?? (await submit(gateway, asked, body, key));
      return reply
        .code(202)
        .header('location', `/api/v1/operations/${operation.id}`)
        .send(await forViewer(gateway, asked.caller, operation));
    },
  );

  app.get(
    '/api/v1/projects/:project/virtualclusters/:name/operations',
    {
      config: { access: 'authenticated', scope: 'virtualclusterinstances' },
      schema: {
        summary: 'Operations of a tenant cluster, newest first',
        operationId: 'listOperations',
        tags: ['operations'],
        params: TenantPath,
        querystring: PageQuery,
        response: { 200: Type.Ref('OperationList'), ...problemResponses },
      },
    },
    async (request): Promise<{ items: Operation[] }> => {
      const caller = callerOf(request);
      await requireView(gateway, { caller, ...request.params, requestId: request.id });
      const operations = await gateway.operations.list({ ...request.params, ...page(request.query) });
      return {
        items: await Promise.all(operations.map((operation) => forViewer(gateway, caller, operation))),
      };
    },
  );

  app.get(
    '/api/v1/projects/:project/operations',
    {
      config: { access: 'authenticated', scope: 'reviewed' },
      schema: {
        summary: 'Operations of a project that you may see, newest first',
        operationId: 'listProjectOperations',
        tags: ['operations'],
        params: ProjectPath,
        querystring: PageQuery,
        response: { 200: Type.Ref('OperationList'), ...problemResponses },
      },
    },
    async (request): Promise<{ items: Operation[] }> => {
      const caller = callerOf(request);
      const { project } = request.params;
      const operations = await gateway.operations.list({ project, ...page(request.query) });
      const visible = await Promise.all(
        operations.map(({ tenantCluster }) =>
          gateway.review.allows(caller.identity, instanceAction('get', project, tenantCluster)),
        ),
      );
      const items = operations.filter((_operation, index) => visible[index]);
      return { items: await Promise.all(items.map((operation) => forViewer(gateway, caller, operation))) };
    },
  );
}

function page({ limit, before }: { limit?: string; before?: string }): { limit: number; before?: string } {
  return {
    limit: limit === undefined ? defaultLimit : Number(limit),
    ...(before === undefined ? {} : { before }),
  };
}

/** Writes the change into the resource, then queues the operation. */
async function submit(
  gateway: Gateway,
  asked: InstanceRequest,
  body: OperationRequest,
  key: string | undefined,
): Promise<Operation> {
  const { caller, project, name, requestId } = asked;
  const before = await readInstance(gateway, asked);
  const instance = await requestChange(gateway, asked, before, body, Date.now());
  return gateway.operations.submit({
    type: body.type,
    project,
    name,
    uid: instance.metadata.uid ?? '',
    actor: caller.identity.user,
    requestId,
    ...planSubmit(gateway.directory, instance, body, { requestId, givenKey: key }),
    parameters: completeParameters(body, new Date()),
  });
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
  await requireView(gateway, asked);
  const operation = await gateway.operations.find({ project: asked.project, name: asked.name }, key);
  if (operation !== undefined && operation.type !== body.type) {
    throw new PlatformError(
      'conflict',
      `this Idempotency-Key was used for the operation ${operation.type} before: take a new one`,
    );
  }
  return operation;
}

/** A tenant cluster that is gone still has its history, for those who may see instances of that name. */
async function requireView(gateway: Gateway, asked: InstanceRequest): Promise<void> {
  const { caller, project, name } = asked;
  if (await gateway.review.allows(caller.identity, instanceAction('get', project, name))) return;
  throw new PlatformError(
    'tenant_cluster_not_found',
    `there is no tenant cluster "${name}" in project "${project}", or you may not see it`,
  );
}

/** Parameters belong to one type each. @throws PlatformError `invalid_request` */
function checkParameters({ type, parameters = {} }: OperationRequest): void {
  const allowed: Partial<Record<OperationRequest['type'], readonly string[]>> = {
    sleep: ['forceDurationSeconds'],
    snapshot: ['snapshot'],
    restore: ['snapshot', 'sourceTenantCluster'],
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
}
