import type { FastifyReply, FastifyRequest } from 'fastify';
import { LruMap } from 'toad-cache';
import { objectKey } from '../../../adapters/kubernetes/informer.ts';
import { PlatformError } from '../../../contracts/errors.ts';
import { everybodyGroup, identities, projectOfNamespace } from '../../../contracts/names.ts';
import type { Caller } from '../../identity/caller.ts';
import type { Identity } from '../../identity/identity.ts';
import type { Gateway } from '../../gateway.ts';
import { recheckOf } from '../recheck.ts';
import { unknownIdentityMessage } from '../../upstreams/impersonation-denied.ts';
import type { KubernetesTarget } from '../../http/kubernetes-path.ts';
import { createContinueTokens } from './continue-token.ts';
import { filteredList } from './filtered-list.ts';
import { type FilteredRequest, filteredRequest } from './filtered-request.ts';
import { filteredWatch } from './filtered-watch.ts';
import { acceptedJson } from './reader.ts';
import { createShownPages } from './shown-pages.ts';
import { visibleObjects } from './visible-objects.ts';
import { followWatch, httpWatchClient, type WatchClient } from './watch-client.ts';

/** Lists and watches whose content is remembered for the watch that usually follows; the longest unused go first. */
const maxRemembered = 2_000;

/**
 * What an API server says to a watch from a state that it does not remember: the client lists again. To go on from
 * what is visible now would hide what went meanwhile.
 */
const tooOld = {
  type: 'ERROR',
  object: {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message:
      'too old resource version: the gateway no longer knows what was visible at that version; list again',
    reason: 'Expired',
    code: 410,
  },
};

export interface FilteredHandler {
  request(
    request: FastifyRequest,
    reply: FastifyReply,
    caller: Caller,
    target: KubernetesTarget,
  ): false | Promise<boolean>;
  watch(client: WatchClient, target: KubernetesTarget): Promise<boolean>;
}

/**
 * Lists and watches of projects, clusters, templates, tenant clusters and spaces for callers who may not list them all: filtered to
 * what they may `get`. Each function answers such a request, or leaves it (false) to the API server.
 */
export function createFilteredHandler(gateway: Gateway): FilteredHandler {
  const tokens = createContinueTokens();
  const pages = createShownPages();
  const { management, cache, review, usage } = gateway;
  /** What a client was shown last, by caller, kind and version. */
  const listed = new LruMap<ReadonlySet<string>>(maxRemembered);

  async function list(
    request: FastifyRequest,
    reply: FastifyReply,
    caller: Caller,
    filtered: FilteredRequest,
  ) {
    const accept = acceptedJson(request.headers.accept);
    const answer = await filteredList(
      { management, review, cache, usage, tokens, pages },
      caller.identity,
      filtered,
      accept,
    );
    if (answer.shown !== undefined)
      remember(caller, filtered, answer.shown.resourceVersion, answer.shown.keys);
    await reply.code(answer.status).header('content-type', answer.contentType).send(answer.body);
  }

  async function watch(client: WatchClient, filtered: FilteredRequest): Promise<void> {
    const { caller, opening } = client;
    // What is shown follows every right by itself; here it matters only that decisions can be made.
    const decided = async (now: Caller) => {
      await review.allows(now.identity, { verb: 'get', resource: filtered.plural });
    };
    const places = () => placesOf(cache.objects(filtered.plural));
    await followWatch(
      gateway,
      client,
      () => recheckOf(gateway, opening, caller, decided),
      async (signal) => {
        const seen = knownAtStart(caller, filtered);
        if (seen === undefined) {
          client.begin(200, 'application/json');
          await client.write(`${JSON.stringify(tooOld)}\n`);
          return;
        }
        const { begin, write } = client;
        const accept = acceptedJson(opening.headers.accept);
        const last = await filteredWatch(
          { management, review, usage, places },
          { identity: caller.identity, request: filtered, accept, seen, signal, begin, write },
        );
        // Only of a watch that was shown to its end is it certain what the client knows.
        if (!signal.aborted && last !== undefined) remember(caller, filtered, last, seen);
      },
    );
  }

  function remember(caller: Caller, filtered: FilteredRequest, version: string, shown: ReadonlySet<string>) {
    listed.set(keyOf(caller, filtered, version), shown);
  }

  /** What the client of a watch was shown before it began; undefined if that is not known any more. */
  function knownAtStart(caller: Caller, filtered: FilteredRequest): Set<string> | undefined {
    const version = filtered.query.get('resourceVersion') ?? '';
    const sendsAll = version === '' || version === '0' || filtered.query.get('sendInitialEvents') === 'true';
    if (sendsAll) return new Set();
    const known = listed.get(keyOf(caller, filtered, version));
    return known === undefined ? undefined : new Set(known);
  }

  /** Whether the gateway is to answer, and not the API server. @throws PlatformError `forbidden`, `management_unavailable` */
  async function isFiltered(caller: Caller, filtered: FilteredRequest): Promise<boolean> {
    const { verb, plural: resource, namespace, name } = filtered;
    const action = {
      verb,
      resource,
      ...(namespace === undefined ? {} : { namespace }),
      ...(name === undefined ? {} : { name }),
    };
    if (await review.allows(caller.identity, action)) return false;
    if (caller.identity.originalUser !== undefined) await checkKnown(gateway, caller.identity);
    return namespace === undefined || seesProject(gateway, caller, filtered);
  }

  async function serve(
    request: FastifyRequest,
    reply: FastifyReply,
    caller: Caller,
    filtered: FilteredRequest,
  ): Promise<boolean> {
    if (!(await isFiltered(caller, filtered))) return false;
    if (filtered.verb === 'watch')
      await watch(httpWatchClient(request, reply, caller, { 'x-content-type-options': 'nosniff' }), filtered);
    else await list(request, reply, caller, filtered);
    return true;
  }

  return {
    request(request, reply, caller, target) {
      const filtered = filteredRequest(request.method, target);
      return filtered === undefined ? false : serve(request, reply, caller, filtered);
    },
    async watch(client, target) {
      const filtered = filteredRequest(client.opening.method, target);
      if (filtered?.verb !== 'watch' || !(await isFiltered(client.caller, filtered))) return false;
      await watch(client, filtered);
      return true;
    },
  };
}

/** For callers without access to a project, its namespace is refused by RBAC like any other. */
export async function seesProject(
  { cache, review }: Pick<Gateway, 'cache' | 'review'>,
  { identity }: Caller,
  { plural, namespace = '' }: Pick<FilteredRequest, 'plural' | 'namespace'>,
): Promise<boolean> {
  const name = projectOfNamespace(namespace);
  if (name === undefined) return false;
  if (await review.allows(identity, { verb: 'get', resource: 'projects', name })) return true;
  const there = cache.objects(plural).filter(({ metadata }) => metadata.namespace === namespace);
  return (await visibleObjects({ review }, identity, plural, placesOf(there))).length > 0;
}

const gatewayIdentity: Identity = { user: identities.gateway, groups: [everybodyGroup] };

/**
 * The request is not forwarded with the impersonation here, so the gateway checks what the management API would have refused: that the
 * gateway acts as a user or group that the platform does not know.
 * @throws PlatformError `forbidden`, `management_unavailable`
 */
export async function checkKnown(
  { review }: Pick<Gateway, 'review'>,
  { user, groups }: Identity,
): Promise<void> {
  for (const [resource, names] of Object.entries({ users: [user], groups }))
    for (const name of names) {
      const isKnown = await review.authorizes(gatewayIdentity, {
        verb: 'impersonate',
        group: '',
        resource,
        name,
      });
      if (!isKnown) throw new PlatformError('forbidden', unknownIdentityMessage);
    }
}

function keyOf({ identity }: Caller, { path, query }: FilteredRequest, resourceVersion: string): string {
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
