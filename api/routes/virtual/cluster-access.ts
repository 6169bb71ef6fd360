import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { PlatformError } from '../../../contracts/errors.ts';
import { annotations, managementApiVersion, projectNamespace } from '../../../contracts/names.ts';
import type { Cluster } from '../../../contracts/resources/cluster.ts';
import { clusterAction } from '../../authorization/action.ts';
import type { Gateway } from '../../gateway.ts';
import { addressInUse } from '../../http/address-in-use.ts';
import type { Caller } from '../../identity/caller.ts';
import { callerOf } from '../../plugins/access.ts';

const one = '/kubernetes/management/apis/management.loft.sh/v1/clusters/:name';
const config = { access: 'authenticated' } as const;
const valuesAnnotation = annotations.agentValues;

type Route = FastifyRequest<{ Params: { name: string } }>;

/**
 * What is needed to install the agent of a connected cluster: `clusters/{name}/accesskey` makes a join key, each time a new one;
 * `clusters/{name}/agentconfig`; and `/clusters/agent-values/{name}`, values for its chart, which hold no secret.
 */
export async function clusterAccessRoutes(app: FastifyInstance, gateway: Gateway): Promise<void> {
  app.get(`${one}/accesskey`, { config, schema: { hide: true } }, async (request: Route, reply) => {
    const caller = callerOf(request);
    // It makes something, whatever its method: not on behalf of a foreign page, and not without a trace.
    if (caller.credential.kind === 'session') await gateway.authenticateAgain(request.headers);
    const cluster = await clusterOf(gateway, caller, request.params.name, 'accesskey');
    request.audit.attempted();
    const accessKey = await gateway.agentJoins.issueKey(cluster, caller.identity.user);
    return reply.header('cache-control', 'no-store').send({
      ...headOf('ClusterAccessKey', cluster),
      accessKey,
      loftHost: hostInUse(gateway, request),
      insecure: false,
      caCert: Buffer.from(gateway.certificateAuthority).toString('base64'),
    });
  });

  app.get(`${one}/agentconfig`, { config, schema: { hide: true } }, async (request: Route) => {
    const cluster = await clusterOf(gateway, callerOf(request), request.params.name, 'agentconfig');
    return {
      ...headOf('ClusterAgentConfig', cluster),
      cluster: cluster.metadata.name,
      loftHost: hostInUse(gateway, request),
      projectNamespacePrefix: projectNamespace(''),
      analyticsSpec: {},
    };
  });

  app.get<{ Params: { cluster: string } }>(
    '/clusters/agent-values/:cluster',
    {
      config: { ...config, failures: ['cluster_not_found'] },
      schema: {
        summary: 'Values for the chart of the agent of a connected cluster',
        description: `Annotation \`${valuesAnnotation}\` of the Cluster; an empty map if it has none.`,
        operationId: 'getAgentValues',
        tags: ['clusters'],
        params: Type.Object({ cluster: Type.String({ description: 'Name of the connected cluster' }) }),
        response: {
          200: { description: 'Values', content: { 'application/yaml': { schema: Type.String() } } },
        },
      },
    },
    async (request, reply) => {
      const { metadata } = await clusterOf(gateway, callerOf(request), request.params.cluster);
      return reply
        .header('content-type', 'application/yaml')
        .send(metadata.annotations?.[valuesAnnotation] || '{}\n');
    },
  );
}

/**
 * The Cluster of that name, if the caller may read it, or this of it.
 * @throws PlatformError `cluster_not_found` for callers who may not even see it, `forbidden`, `management_unavailable`
 */
async function clusterOf(
  { cache, review }: Pick<Gateway, 'cache' | 'review'>,
  { identity }: Caller,
  name: string,
  subresource?: string,
): Promise<Cluster> {
  const action = clusterAction('get', name);
  // Decided before looking whether it exists: the response time must not reveal it.
  const mayRead = await review.allows(
    identity,
    subresource === undefined ? action : { ...action, subresource },
  );
  const cluster = mayRead ? await soon(() => cache.cluster(name)) : cache.cluster(name);
  if (cluster !== undefined && mayRead) return cluster;
  if (cluster !== undefined && (await review.allows(identity, action)))
    throw new PlatformError('forbidden', `you may see connected cluster ${name}, but not its ${subresource}`);
  throw new PlatformError(
    'cluster_not_found',
    `connected cluster "${name}" not found, or you may not see it`,
  );
}

const soonMs = 2_000;

/** What `find` finds: clients ask right after they made it, which the cache hears of a moment later. */
async function soon<T>(find: () => T | undefined): Promise<T | undefined> {
  const deadline = performance.now() + soonMs;
  for (;;) {
    const found = find();
    if (found !== undefined || performance.now() > deadline) return found;
    await delay(20);
  }
}

function headOf(kind: string, { metadata: { name } }: Cluster) {
  return { apiVersion: managementApiVersion, kind, metadata: { name, creationTimestamp: null } };
}

/** host:port, as the values of agents' charts have it. */
function hostInUse({ publicUrl }: Gateway, { raw }: Route): string {
  return new URL(addressInUse(raw, publicUrl)).host;
}
