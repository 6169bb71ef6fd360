import { isDeepStrictEqual } from 'node:util';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { PlatformError } from '../../../contracts/errors.ts';
import { projectOfNamespace, sharedSecretNamespace } from '../../../contracts/names.ts';
import {
  type SecretPlural,
  type SecretResource,
  secretPlurals,
} from '../../../contracts/resources/secret-kinds.ts';
import type { Gateway } from '../../gateway.ts';
import type { Caller } from '../../identity/caller.ts';
import { callerOf } from '../../plugins/access.ts';
import { checkKnown } from '../../proxy/filtered/serve-filtered.ts';
import { removeSecret, type SecretPlace, writeSecret } from '../../secrets/kept-secrets.ts';
import { accessibleSecret, mayHold, maySecret } from '../../secrets/secret-access.ts';
import { listEverywhere, listThere } from './secret-lists.ts';
import { mergedSecret, type SecretChange, secretIn } from './secret-body.ts';

const base = '/kubernetes/management/apis/management.loft.sh/v1';
const options = {
  config: { access: 'authenticated', scope: 'kubernetes', impersonation: true },
  schema: { hide: true },
} as const;

interface Route {
  Params: { namespace: string; name: string };
  Querystring: Record<string, unknown>;
}
type Handler = (request: FastifyRequest<Route>, reply: FastifyReply) => Promise<unknown>;

/**
 * `projectsecrets` and `sharedsecrets`: kept as Secrets by an identity of the gateway's own, which decides by the caller's RBAC,
 * and by owner and `access` of the secret. What the caller may not read does not exist.
 */
export async function secretRoutes(app: FastifyInstance, gateway: Gateway): Promise<void> {
  app.addContentTypeParser(
    'application/merge-patch+json',
    { parseAs: 'string' },
    app.getDefaultJsonParser('error', 'error'),
  );
  for (const plural of secretPlurals) {
    const handled =
      (
        handler: (request: FastifyRequest<Route>, caller: Caller, reply: FastifyReply) => Promise<unknown>,
      ): Handler =>
      async (request, reply) => {
        const caller = callerOf(request);
        if (caller.identity.originalUser !== undefined) await checkKnown(gateway, caller.identity);
        reply.header('cache-control', 'no-store');
        return handler(request, caller, reply);
      };
    const collection = `${base}/namespaces/:namespace/${plural}`;
    app.get<Route>(
      `${base}/${plural}`,
      options,
      handled((request, caller) => listEverywhere(gateway, caller, plural, request)),
    );
    app.get<Route>(
      collection,
      options,
      handled((request, caller) => listThere(gateway, caller, plural, request)),
    );
    app.post<Route>(
      collection,
      options,
      handled(async (request, caller, reply) => {
        reply.code(201);
        return create(gateway, caller, plural, request);
      }),
    );
    app.get<Route>(
      `${collection}/:name`,
      options,
      handled((request, { identity }) =>
        accessibleSecret(gateway, identity, 'get', { plural, ...request.params }),
      ),
    );
    app.put<Route>(
      `${collection}/:name`,
      options,
      handled((request, caller) =>
        change(gateway, caller, { plural, ...request.params }, request, 'update', () => request.body),
      ),
    );
    app.patch<Route>(
      `${collection}/:name`,
      options,
      handled((request, caller) =>
        change(gateway, caller, { plural, ...request.params }, request, 'patch', (before) =>
          mergedSecret(before, request.body),
        ),
      ),
    );
    app.delete<Route>(
      `${collection}/:name`,
      options,
      handled((request, caller) => remove(gateway, caller, { plural, ...request.params }, request)),
    );
  }
}

async function create(
  gateway: Gateway,
  { identity }: Caller,
  plural: SecretPlural,
  request: FastifyRequest<Route>,
) {
  const { namespace } = request.params;
  if (!(await gateway.review.allows(identity, { verb: 'create', resource: plural, namespace })))
    throw new PlatformError('forbidden', `you may not create ${plural} in namespace ${namespace}`);
  checkHolds(gateway, plural, namespace);
  const { name, metadata, spec } = secretIn(plural, namespace, request.body);
  const users = identity.groups.flatMap((group) => /^loft:user:(.+)$/.exec(group)?.[1] ?? []);
  const [team] = identity.groups.flatMap((group) => /^loft:team:(.+)$/.exec(group)?.[1] ?? []);
  const maker =
    users.length === 1 ? { user: users[0] ?? '' } : users.length === 0 && team ? { team } : undefined;
  const owned = spec.owner === undefined && maker !== undefined ? { ...spec, owner: maker } : spec;
  return writeSecret(
    gateway,
    'POST',
    { plural, namespace, name },
    { metadata, spec: owned },
    dryRun(request),
  );
}

/** Who made it owns it; owner and access others change with every right on it only, as those of any other kind. */
async function change(
  gateway: Gateway,
  { identity }: Caller,
  place: SecretPlace,
  request: FastifyRequest<Route>,
  verb: 'update' | 'patch',
  wanted: (before: SecretResource) => unknown,
) {
  const before = await accessibleSecret(gateway, identity, verb, place);
  const asked = secretIn(place.plural, place.namespace, wanted(before));
  if (asked.name !== place.name)
    throw new PlatformError('invalid_request', 'metadata.name must be that of the URL');
  const { uid, resourceVersion } = asked.metadata;
  if (uid !== undefined && uid !== before.metadata.uid)
    throw new PlatformError('conflict', `${place.plural} ${place.name} is another one by now: read it again`);
  const spec = { ...asked.spec, owner: asked.spec.owner ?? before.spec.owner };
  await checkGrants(gateway, identity, place, before, { ...asked, spec });
  // What was decided, and what a patch was merged into, is this version.
  const version = resourceVersion ?? before.metadata.resourceVersion ?? '';
  const metadata = { ...asked.metadata, resourceVersion: version };
  return writeSecret(gateway, 'PUT', place, { metadata, spec }, dryRun(request));
}

async function checkGrants(
  gateway: Gateway,
  identity: Caller['identity'],
  place: SecretPlace,
  before: SecretResource,
  { spec }: SecretChange,
): Promise<void> {
  const given = ({ owner, access = [] }: SecretResource['spec']) => ({ owner, access });
  if (isDeepStrictEqual(given(spec), given(before.spec))) return;
  if (await maySecret(gateway, identity, '*', place, before)) return;
  throw new PlatformError(
    'forbidden',
    `only users with every right on ${place.plural} ${place.name} (its owner, an administrator of the project) can change its owner or access`,
  );
}

async function remove(
  gateway: Gateway,
  { identity }: Caller,
  place: SecretPlace,
  request: FastifyRequest<Route>,
) {
  const { metadata } = await accessibleSecret(gateway, identity, 'delete', place);
  const { preconditions } = (request.body ?? {}) as {
    preconditions?: { uid?: unknown; resourceVersion?: unknown };
  };
  const { uid, resourceVersion } = preconditions ?? {};
  if (uid !== undefined && uid !== metadata.uid)
    throw new PlatformError('conflict', `${place.plural} ${place.name} is another one by now: read it again`);
  await removeSecret(
    gateway,
    place,
    { uid: metadata.uid, ...(typeof resourceVersion === 'string' ? { resourceVersion } : {}) },
    dryRun(request),
  );
  return { apiVersion: 'v1', kind: 'Status', metadata: {}, status: 'Success' };
}

function checkHolds({ cache }: Gateway, plural: SecretPlural, namespace: string): void {
  if (plural === 'sharedsecrets') {
    if (!mayHold(plural, namespace))
      throw new PlatformError('invalid_request', `sharedsecrets are in namespace ${sharedSecretNamespace}`);
    return;
  }
  const project = projectOfNamespace(namespace);
  if (project === undefined || !cache.projects().some(({ metadata }) => metadata.name === project))
    throw new PlatformError('project_not_found', `no project has the namespace "${namespace}"`);
}

/** @throws PlatformError `invalid_request` */
function dryRun({ query }: FastifyRequest<Route>): string {
  if (query['dryRun'] === undefined) return '';
  if (query['dryRun'] !== 'All') throw new PlatformError('invalid_request', 'dryRun must be All');
  return '?dryRun=All';
}
