import type { FastifyInstance, FastifyRequest } from 'fastify';
import { PlatformError } from '../../../contracts/errors.ts';
import { identities, labels, projectOfNamespace, tenantObjects } from '../../../contracts/names.ts';
import type { VirtualClusterInstance } from '../../../contracts/resources/virtual-cluster-instance.ts';
import { type DeployedPlace, deployedPlace } from '../../../domain/placement/deployed-place.ts';
import { isAsleep } from '../../../domain/lifecycle/settled-phase.ts';
import { targetAction } from '../../authorization/action.ts';
import { accessibleInstance, targetNotFound } from '../../authorization/target-access.ts';
import type { Gateway } from '../../gateway.ts';
import type { Caller } from '../../identity/caller.ts';
import { callerOf } from '../../plugins/access.ts';
import { checkKnown } from '../../proxy/filtered/serve-filtered.ts';
import { isolation, proxy } from '../../proxy/proxy.ts';
import { openingRequest, recheckOf } from '../../proxy/recheck.ts';
import { createJsonClient } from '../../upstreams/json-request.ts';
import type { ConnectedCluster } from '../../tunnel/connected-clusters.ts';

interface Route {
  Params: { namespace: string; name: string };
  Querystring: Record<string, unknown>;
}

const dialer = { user: identities.gatewayDialer, groups: [] };

/** What may be asked of a log, as of a pod's. */
const options: readonly string[] = [
  'container',
  'follow',
  'previous',
  'sinceSeconds',
  'sinceTime',
  'timestamps',
  'tailLines',
  'limitBytes',
];

/**
 * `GET …/virtualclusterinstances/{name}/log`: the log of the control plane's first pod, for callers who may use the tenant cluster and
 * get its `log`. Read by the gateway's dialer, which a Role in the host namespace lets read that pod's log and no other's.
 */
export async function instanceLogRoutes(app: FastifyInstance, gateway: Gateway): Promise<void> {
  // In place of Helmet's: what is carried has them already, so they are set on our own answers only.
  app.addHook('onSend', (_request, reply, payload, done) => {
    reply.headers(isolation);
    done(null, payload);
  });
  app.get<Route>(
    '/kubernetes/management/apis/management.loft.sh/v1/namespaces/:namespace/virtualclusterinstances/:name/log',
    {
      config: { access: 'authenticated', scope: 'kubernetes', impersonation: true, ownHeaders: true },
      schema: { hide: true },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      if (caller.identity.originalUser !== undefined) await checkKnown(gateway, caller.identity);
      const { namespace, name } = request.params;
      const query = queryOf(request);
      const instance = await readable(gateway, caller, namespace, name);
      const place = placeOf(instance, namespace);
      const cluster = await gateway.clusters.get(place.cluster);
      await checkOwn(cluster, place, instance);
      const recheck = () =>
        recheckOf(
          gateway,
          openingRequest(request.raw),
          caller,
          async (now) => void (await readable(gateway, now, namespace, name)),
          { about: () => ['log', namespace, name] },
        );
      return proxy(request, reply, {
        target: {
          kind: 'cluster',
          name: place.cluster,
          prefix: `/kubernetes/cluster/${place.cluster}`,
          upstreamPath: `${podOf(place)}/log${query}`,
        },
        caller,
        identity: dialer,
        destination: {
          upstream: async () => (await gateway.clusters.get(place.cluster)).upstream,
          refused: () => gateway.clusters.recheck(place.cluster),
          unreachable: {
            code: 'cluster_unreachable',
            message: `connected cluster ${place.cluster} is unreachable; try again`,
          },
        },
        streams: gateway.streams,
        recheck,
      });
    },
  );
}

/** @throws PlatformError `tenant_cluster_not_found`, `forbidden`, `management_unavailable` */
async function readable(
  gateway: Pick<Gateway, 'cache' | 'review'>,
  caller: Caller,
  namespace: string,
  name: string,
): Promise<VirtualClusterInstance> {
  const target = { kind: 'tenant', project: projectOfNamespace(namespace) ?? '', name } as const;
  if (target.project === '') throw targetNotFound({ ...target, project: namespace });
  const instance = await accessibleInstance(gateway, caller, 'use', target);
  const asked = { ...targetAction('get', target), subresource: 'log' };
  if (await gateway.review.allows(caller.identity, asked)) return instance;
  throw new PlatformError('forbidden', `you may use tenant cluster ${name}, but not read its log`);
}

/** @throws PlatformError `sleeping`, or `cluster_unreachable` for one that was never up */
function placeOf(instance: VirtualClusterInstance, namespace: string): DeployedPlace {
  const { name } = instance.metadata;
  if (isAsleep('tenant', instance))
    throw new PlatformError(
      'sleeping',
      `tenant cluster ${name} is asleep: nothing runs that has a log; wake it with: vcp wakeup vcluster ${name} --project ${projectOfNamespace(namespace)}`,
    );
  const place = deployedPlace(instance);
  if (place === undefined)
    throw new PlatformError(
      'cluster_unreachable',
      `tenant cluster ${name} is not deployed yet: it has no log`,
    );
  return place;
}

/**
 * Its host namespace may have become another's, whose control plane has the same name; and one that an earlier version made does
 * not let the gateway read logs.
 * @throws PlatformError `cluster_unreachable`, `forbidden`
 */
async function checkOwn(
  cluster: ConnectedCluster,
  { namespace, release }: DeployedPlace,
  { metadata }: VirtualClusterInstance,
): Promise<void> {
  const secret = (await cluster.read(
    `/api/v1/namespaces/${namespace}/secrets/${tenantObjects.gatewaySecret(release)}`,
  )) as { metadata?: { labels?: Record<string, string> } } | undefined;
  if (secret?.metadata?.labels?.[labels.instanceUid] !== metadata.uid)
    throw new PlatformError(
      'cluster_unreachable',
      `tenant cluster ${metadata.name} is not ready: its host namespace is missing, or another's`,
    );
  const answer = await createJsonClient(cluster.upstream.dispatcher, {
    code: 'cluster_unreachable',
    message: `connected cluster ${cluster.name} is unreachable; try again`,
  })(dialer, {
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: {
        resourceAttributes: {
          verb: 'get',
          resource: 'pods',
          subresource: 'log',
          namespace,
          name: tenantObjects.firstPod(release),
        },
      },
    },
  });
  if ((answer.body as { status?: { allowed?: boolean } } | undefined)?.status?.allowed === true) return;
  throw new PlatformError(
    'forbidden',
    `tenant cluster ${metadata.name} was made by an earlier version, which does not let the platform read its log: an administrator of the connected cluster can`,
  );
}

function podOf({ namespace, release }: DeployedPlace): string {
  return `/api/v1/namespaces/${namespace}/pods/${tenantObjects.firstPod(release)}`;
}

/** @throws PlatformError `invalid_request` for what no log of a pod is asked, or what is not the caller's to say */
function queryOf({ query }: FastifyRequest<Route>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (!options.includes(name) || typeof value !== 'string')
      throw new PlatformError('invalid_request', `a log takes ${options.join(', ')}, each once at most`);
    search.set(name, value);
  }
  return search.size === 0 ? '' : `?${search.toString()}`;
}
