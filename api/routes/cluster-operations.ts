import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { PlatformError } from '../../contracts/errors.ts';
import { kindNames, managedKinds, type OperationSubject } from '../../contracts/kinds.ts';
import type { OperationRequest } from '../../contracts/operations.ts';
import type { Cluster } from '../../contracts/resources/cluster.ts';
import { clusterRoutes as routes } from '../../contracts/rest/cluster-routes.ts';
import { contentHash } from '../../domain/content-hash.ts';
import { verbRules } from '../../domain/lifecycle/verbs.ts';
import { disconnectFault, tenantsOf } from '../../domain/placement/cluster-tenants.ts';
import { targetAction } from '../authorization/action.ts';
import { recordAccess } from '../authorization/record-access.ts';
import { targetNotFound } from '../authorization/target-access.ts';
import type { Gateway } from '../gateway.ts';
import { restRoute } from '../http/rest-route.ts';
import type { Caller } from '../identity/caller.ts';
import { checkParameters } from '../operations/check-parameters.ts';
import { clientKey, requestKey } from '../operations/instance-submission.ts';
import { forViewer } from '../operations/viewer.ts';
import { visibleOperations } from '../operations/visible-operations.ts';
import { callerOf } from '../plugins/access.ts';

/** Operations of connected clusters: ask for one, list them. */
export async function clusterOperationRoutes(instance: FastifyInstance, gateway: Gateway): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const config = { access: 'authenticated', scope: 'reviewed' } as const;
  const { createClusterOperation, listClusterOperations } = routes;

  app.post(createClusterOperation.path, restRoute(createClusterOperation, config), async (request, reply) => {
    const caller = callerOf(request);
    const body: OperationRequest = request.body;
    const { type, parameters = {}, dryRun = false } = body;
    const target = subjectOf(request.params.name);
    checkParameters(target.kind, body);
    const cluster = await permittedCluster(gateway, caller, target, body);
    const given = request.headers['idempotency-key'];
    const submission = {
      ...target,
      type,
      uid: cluster.metadata.uid ?? '',
      actor: caller.identity.user,
      actorUid: caller.uid,
      requestId: request.id,
      idempotencyKey: given === undefined ? requestKey(request.id) : clientKey(caller, given),
      // What one has to be asked for to be joined.
      targetHash: contentHash(parameters),
      parameters,
    };
    if (type === 'disconnect') checkTenants(gateway, cluster, body);
    if (dryRun) return reply.code(200).send(await gateway.operations.preview(submission));
    const operation = await gateway.operations.submit(submission);
    return reply
      .code(202)
      .header('location', `/api/v1/operations/${operation.id}`)
      .send(await forViewer(gateway, caller, operation));
  });

  app.get(listClusterOperations.path, restRoute(listClusterOperations, config), async (request) => {
    const caller = callerOf(request);
    const { params, query } = request;
    const target = subjectOf(params.name);
    const { kind, project, name } = target;
    const of = await recordAccess(gateway, caller.identity, project).visible(kind, name);
    if (of === undefined) throw await hidden(gateway, caller, target);
    const filter = { kinds: [kind], project, name, ...(of === 'all' ? {} : { of }) };
    return visibleOperations(gateway, caller, { query, filter, isDecided: true });
  });
}

function subjectOf(name: string): OperationSubject {
  return { kind: 'cluster', project: '', name };
}

/**
 * The cluster, if the caller may do with it what the operation does. For callers who may not even see it, it does not exist.
 * @throws PlatformError `cluster_not_found`, `forbidden`, `management_unavailable`
 */
async function permittedCluster(
  { cache, review }: Pick<Gateway, 'cache' | 'review'>,
  { identity }: Caller,
  target: OperationSubject,
  { type, parameters = {} }: OperationRequest,
): Promise<Cluster> {
  const { request } = verbRules[type];
  const verb = 'check' in request ? request.check : 'update';
  // Decided before looking whether it exists: the response time must not reveal it.
  const maySee = await review.allows(identity, targetAction('get', target));
  const may = await review.allows(identity, targetAction(verb, target));
  const cluster = cache.cluster(target.name);
  if (cluster === undefined || !maySee) throw targetNotFound(target);
  if (!may)
    throw new PlatformError('forbidden', `you may see connected cluster ${target.name}, but not ${verb} it`);
  if (parameters.deleteTenants !== true) return cluster;
  // Others may make one there meanwhile: the right on those that are there now would not do.
  for (const kind of managedKinds) {
    const { plural, noun } = kindNames[kind];
    if (!(await review.allows(identity, { verb: 'delete', resource: plural })))
      throw new PlatformError(
        'forbidden',
        `you may not delete ${noun}s in all projects, which deleteTenants needs`,
      );
  }
  return cluster;
}

/** The error for who may not see the operations, and perhaps not even the cluster. */
async function hidden(
  { review, cache }: Pick<Gateway, 'cache' | 'review'>,
  { identity }: Caller,
  target: OperationSubject,
): Promise<PlatformError> {
  const maySee = await review.allows(identity, targetAction('get', target));
  return maySee && cache.hasCluster(target.name)
    ? new PlatformError(
        'forbidden',
        `you may see connected cluster ${target.name}, but not its operations: that takes the right to update it`,
      )
    : targetNotFound(target);
}

/** @throws PlatformError `conflict` */
function checkTenants(
  { cache }: Pick<Gateway, 'cache'>,
  cluster: Cluster,
  { parameters = {} }: OperationRequest,
): void {
  const tenants = managedKinds.flatMap((kind) =>
    tenantsOf(cluster.metadata.name, kind, cache.instances(kind)),
  );
  const fault = disconnectFault(cluster, tenants, parameters);
  if (fault !== undefined) throw new PlatformError('conflict', fault);
}
