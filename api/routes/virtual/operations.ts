import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { PlatformError } from '../../../contracts/errors.ts';
import { platformApiVersion, platformGroup } from '../../../contracts/names.ts';
import { operationKind, type OperationResource } from '../../../contracts/resources/operation-resource.ts';
import { kubernetesRequest } from '../../../domain/requests/kubernetes-request.ts';
import type { Gateway } from '../../gateway.ts';
import type { KubernetesTarget } from '../../http/kubernetes-path.ts';
import { onlyOne, operationPage } from '../../operations/operation-list.ts';
import { type OperationQuery, readOperationQuery } from '../../operations/operation-query.ts';
import { toOperationTable } from '../../operations/operation-table.ts';
import { type OperationEvent, versionNow, watchOperations } from '../../operations/operation-watch.ts';
import { callerOf } from '../../plugins/access.ts';
import { followWatch, httpWatchClient, type WatchClient } from '../../proxy/filtered/watch-client.ts';
import { recheckOf } from '../../proxy/recheck.ts';

const base = `/kubernetes/management/apis/${platformApiVersion}`;
const collections = [`${base}/operations`, `${base}/namespaces/:namespace/operations`] as const;
const one = `${base}/namespaces/:namespace/operations/:name`;

type CollectionRequest = FastifyRequest<{
  Params: { namespace?: string };
  Querystring: Record<string, unknown>;
}>;

/** `operations.vcluster-platform.io`: operations for kubectl, to read and to wait for. Its CRD makes them known; nothing is stored there. */
export async function operationObjectRoutes(app: FastifyInstance, gateway: Gateway): Promise<void> {
  const config = { access: 'authenticated', scope: 'reviewed', impersonation: true } as const;
  const options = { config, schema: { hide: true } };
  // What is written is refused, whatever form it has.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));

  const serve = (request: CollectionRequest, reply: FastifyReply) => {
    const query = readOperationQuery(request.params.namespace, request.query, request.headers.accept);
    return query.isWatch
      ? watch(gateway, httpWatchClient(request, reply, callerOf(request), {}), query)
      : list(gateway, request, reply, query);
  };
  for (const url of collections) app.get(url, options, serve);
  app.get<{ Params: { namespace: string; name: string } }>(one, options, async (request, reply) => {
    const { namespace, name } = request.params;
    const query = readOperationQuery(namespace, {}, request.headers.accept);
    const [object] = await onlyOne(gateway, callerOf(request), query, name);
    if (object === undefined)
      throw new PlatformError(
        'operation_not_found',
        `operations.vcluster-platform.io "${name}" not found, or you may not see it`,
      );
    await reply.send(
      query.isTable ? toOperationTable([object], versionOf(object), query.includeObject) : object,
    );
  });
  for (const url of [...collections, one])
    app.route({
      method: ['POST', 'PUT', 'PATCH', 'DELETE'],
      url,
      ...options,
      handler: async () => {
        throw new PlatformError(
          'method_not_allowed',
          'operations are read-only here: change the resource itself, or use vcp (vcp operations cancel, for one)',
        );
      },
    });
}

async function list(
  gateway: Gateway,
  request: CollectionRequest,
  reply: FastifyReply,
  query: OperationQuery,
) {
  const resourceVersion = versionNow();
  const { items, next } = await operationPage(gateway, callerOf(request), query);
  const metadata = { resourceVersion, ...(next === undefined ? {} : { continue: next }) };
  const { kind } = operationKind;
  await reply.send(
    query.isTable
      ? toOperationTable(items, metadata, query.includeObject)
      : { kind: `${kind}List`, apiVersion: platformApiVersion, metadata, items },
  );
}

/**
 * Serves a watch of operations over a WebSocket; false if it is none.
 * @throws PlatformError `forbidden`, `invalid_request`, and what a list throws
 */
export async function watchOperationObjects(
  gateway: Gateway,
  client: WatchClient,
  target: KubernetesTarget,
): Promise<boolean> {
  const { method, headers } = client.opening;
  const { verb, resource, path } = kubernetesRequest(method, target.upstreamPath);
  if (target.kind !== 'management' || verb !== 'watch' || resource?.group !== platformGroup) return false;
  const { namespace } = resource;
  const collection = `/apis/${platformApiVersion}/${namespace === undefined ? '' : `namespaces/${namespace}/`}operations`;
  if (path !== collection) return false;
  const search = new URLSearchParams(target.upstreamPath.split('?')[1] ?? '');
  await watch(gateway, client, readOperationQuery(namespace, Object.fromEntries(search), headers.accept));
  return true;
}

async function watch(gateway: Gateway, client: WatchClient, query: OperationQuery) {
  const { caller, opening } = client;
  // Each event asks again what may be seen.
  const recheck = () => recheckOf(gateway, opening, caller, async () => undefined, { asked: 'operations' });
  await followWatch(gateway, client, recheck, async (signal) => {
    const limit = query.timeoutMs === undefined ? [] : [AbortSignal.timeout(query.timeoutMs)];
    client.begin(200, 'application/json');
    for await (const event of watchOperations(gateway, caller, query, AbortSignal.any([signal, ...limit])))
      await client.write(`${JSON.stringify(shown(event, query))}\n`);
  });
}

/** An event as its client asked to have objects. */
function shown({ type, object }: OperationEvent, query: OperationQuery): object {
  const { isTable, includeObject } = query;
  const { kind } = operationKind;
  if (type === 'BOOKMARK' || !('spec' in object)) {
    const empty = { kind, apiVersion: platformApiVersion, ...object };
    return { type, object: isTable ? toOperationTable([], object.metadata, includeObject) : empty };
  }
  return {
    type,
    object: isTable ? toOperationTable([object], versionOf(object), query.includeObject) : object,
  };
}

function versionOf({ metadata }: OperationResource): { resourceVersion: string } {
  return { resourceVersion: metadata.resourceVersion ?? '' };
}
