import { once } from 'node:events';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { objectKey } from '../../../adapters/kubernetes/informer.ts';
import { projectOfNamespace } from '../../../contracts/names.ts';
import type { Caller } from '../../auth/caller.ts';
import type { Gateway } from '../../gateway.ts';
import { openingRequest, recheckOf } from '../../revocation/recheck.ts';
import type { KubernetesTarget } from '../request-path.ts';
import { createContinueTokens } from './continue-token.ts';
import { narrowedList } from './narrowed-list.ts';
import { type NarrowedRequest, narrowedRequest } from './narrowed-request.ts';
import { narrowedWatch } from './narrowed-watch.ts';
import { acceptedJson } from './reader.ts';
import { createVisibility, type ObjectPlace } from './visibility.ts';

/** Lists whose content is remembered for the watch that usually follows. */
const maxRemembered = 1_000;

/**
 * Lists and watches of projects, clusters, templates, tenant clusters and spaces for who may not list them all: narrowed to
 * what he may `get`. Gives a function that answers such a request, or leaves it (false) to the API server.
 */
export function createNarrowed(gateway: Gateway) {
  const visibility = createVisibility(gateway.managementJson);
  const tokens = createContinueTokens();
  const { management, directory } = gateway;
  /** What was listed, by who, what and state. */
  const listed = new Map<string, ReadonlySet<string>>();

  async function list(
    request: FastifyRequest,
    reply: FastifyReply,
    caller: Caller,
    narrowed: NarrowedRequest,
  ) {
    const accept = acceptedJson(request.headers.accept);
    const answer = await narrowedList({ management, visibility, tokens }, caller.identity, narrowed, accept);
    if (answer.shown !== undefined) {
      if (listed.size >= maxRemembered) listed.clear();
      listed.set(keyOf(caller, narrowed, answer.shown.resourceVersion), answer.shown.keys);
    }
    await reply.code(answer.status).header('content-type', answer.contentType).send(answer.body);
  }

  async function watch(
    request: FastifyRequest,
    reply: FastifyReply,
    caller: Caller,
    narrowed: NarrowedRequest,
  ) {
    const ended = new AbortController();
    const response = reply.raw;
    response.once('close', () => ended.abort());
    const recheck = recheckOf(gateway, openingRequest(request.raw), caller, async () => undefined);
    const over = gateway.streams.add(
      caller,
      (reason) => {
        ended.abort(reason);
        response.destroy();
      },
      recheck,
    );
    const places = () => placesOf(directory.objects(narrowed.plural));
    try {
      await narrowedWatch(
        { management, visibility, places },
        {
          identity: caller.identity,
          request: narrowed,
          accept: acceptedJson(request.headers.accept),
          seen: await knownAtStart(caller, narrowed, places()),
          signal: ended.signal,
          begin: (status, contentType) => {
            reply.hijack();
            response.writeHead(status, {
              'content-type': contentType,
              'cache-control': 'no-cache, private',
              'x-content-type-options': 'nosniff',
              'x-request-id': request.id,
            });
            response.flushHeaders();
          },
          write: async (text) => {
            if (!response.write(text)) await once(response, 'drain', { signal: ended.signal });
          },
        },
      );
    } catch (error) {
      if (!response.headersSent && !ended.signal.aborted) throw error;
      if (!ended.signal.aborted) request.log.warn({ err: error }, 'a narrowed watch broke off');
      response.destroy();
    } finally {
      over();
    }
    if (!reply.sent) reply.hijack();
    response.end();
  }

  /** What the client of a watch was shown before it began. */
  async function knownAtStart(
    caller: Caller,
    narrowed: NarrowedRequest,
    places: readonly (ObjectPlace & { key: string })[],
  ): Promise<Set<string>> {
    const version = narrowed.query.get('resourceVersion') ?? '';
    const sendsAll = version === '' || version === '0' || narrowed.query.get('sendInitialEvents') === 'true';
    if (sendsAll) return new Set();
    const known = listed.get(keyOf(caller, narrowed, version));
    if (known !== undefined) return new Set(known);
    const visible = await visibility.filter(caller.identity, narrowed.plural, places);
    return new Set(visible.map(({ key }) => key));
  }

  /** To who has nothing to do with a project, its namespace is refused by RBAC like any other. */
  async function seesProject(
    { identity }: Caller,
    { plural, namespace = '' }: NarrowedRequest,
  ): Promise<boolean> {
    const name = projectOfNamespace(namespace);
    if (name === undefined) return false;
    if (await gateway.review.allows(identity, { verb: 'get', resource: 'projects', name })) return true;
    const there = placesOf(directory.objects(plural)).filter((place) => place.namespace === namespace);
    return (await visibility.filter(identity, plural, there)).length > 0;
  }

  return async (
    request: FastifyRequest,
    reply: FastifyReply,
    caller: Caller,
    target: KubernetesTarget,
  ): Promise<boolean> => {
    const narrowed = narrowedRequest(request.method, target);
    if (narrowed === undefined) return false;
    const { verb, plural: resource, namespace } = narrowed;
    const action = { verb, resource, ...(namespace === undefined ? {} : { namespace }) };
    if (await gateway.review.allows(caller.identity, action)) return false;
    if (namespace !== undefined && !(await seesProject(caller, narrowed))) return false;
    await (verb === 'watch' ? watch : list)(request, reply, caller, narrowed);
    return true;
  };
}

function keyOf({ identity }: Caller, { path, query }: NarrowedRequest, resourceVersion: string): string {
  const selectors = [query.get('labelSelector'), query.get('fieldSelector')];
  return JSON.stringify([identity.user, identity.groups, path, selectors, resourceVersion]);
}

function placesOf(objects: readonly { metadata: { name: string; namespace?: string } }[]) {
  return objects.map(({ metadata }) => ({
    key: objectKey(metadata),
    name: metadata.name,
    ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
  }));
}
