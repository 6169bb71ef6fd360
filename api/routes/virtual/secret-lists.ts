import type { FastifyRequest } from 'fastify';
import { PlatformError } from '../../../contracts/errors.ts';
import { managementApiVersion, projectNamespace, sharedSecretNamespace } from '../../../contracts/names.ts';
import {
  type SecretPlural,
  type SecretResource,
  secretKinds,
} from '../../../contracts/resources/secret-kinds.ts';
import type { Gateway } from '../../gateway.ts';
import type { Caller } from '../../identity/caller.ts';
import { secretsIdentity } from '../../identity/identity.ts';
import { seesProject } from '../../proxy/filtered/serve-filtered.ts';
import { listSecrets } from '../../secrets/kept-secrets.ts';
import { mayHold, maySecret } from '../../secrets/secret-access.ts';

type ListRequest = FastifyRequest<{
  Params: { namespace: string; name: string };
  Querystring: Record<string, unknown>;
}>;

/** Those of one namespace that the caller may read. @throws PlatformError `forbidden`, `method_not_allowed`, `management_unavailable` */
export async function listThere(
  gateway: Gateway,
  { identity, ...caller }: Caller,
  plural: SecretPlural,
  request: ListRequest,
) {
  const { namespace } = request.params;
  const query = listQuery(plural, request);
  const whole = { ...caller, identity };
  if (plural === 'sharedsecrets' && namespace !== sharedSecretNamespace) return listOf(plural, [], '0');
  const mayList =
    plural === 'sharedsecrets' ||
    (await gateway.review.allows(identity, { verb: 'list', resource: plural, namespace })) ||
    (await seesProject(gateway, whole, { plural: 'virtualclusterinstances', namespace }));
  if (!mayList || !mayHold(plural, namespace))
    throw new PlatformError('forbidden', `you may not list ${plural} of namespace ${namespace}`);
  const { items, resourceVersion, next } = await listSecrets(gateway, { plural, namespace }, query);
  return listOf(plural, await readable(gateway, whole, plural, items), resourceVersion, next);
}

/** Those of all projects that the caller sees, or of the platform. @throws PlatformError `method_not_allowed`, `management_unavailable` */
export async function listEverywhere(
  gateway: Gateway,
  caller: Caller,
  plural: SecretPlural,
  request: ListRequest,
) {
  const { limit: _limit, continue: _continue, ...query } = listQuery(plural, request); // all at once
  const namespaces =
    plural === 'sharedsecrets' ? [sharedSecretNamespace] : await namespacesSeen(gateway, caller);
  const items: SecretResource[] = [];
  let newest = '0';
  for (const namespace of namespaces) {
    const page = await listSecrets(gateway, { plural, namespace }, query);
    items.push(...(await readable(gateway, caller, plural, page.items)));
    newest = page.resourceVersion;
  }
  return listOf(plural, items, newest);
}

/** Namespaces of the projects that the caller may see, once the gateway may keep secrets there. */
async function namespacesSeen({ cache, review }: Gateway, { identity }: Caller): Promise<string[]> {
  const seen = await review.filter(identity, cache.projects(), ({ metadata: { name } }) => ({
    verb: 'get',
    resource: 'projects',
    name,
  }));
  const namespaces: string[] = [];
  for (const { metadata } of seen) {
    const namespace = projectNamespace(metadata.name);
    const list = { verb: 'list', group: '', resource: 'secrets', namespace };
    if (await review.authorizes(secretsIdentity, list)) namespaces.push(namespace);
  }
  return namespaces.toSorted();
}

async function readable(
  gateway: Gateway,
  { identity }: Caller,
  plural: SecretPlural,
  items: readonly SecretResource[],
): Promise<SecretResource[]> {
  const shown: SecretResource[] = [];
  for (const item of items) {
    const { namespace = '', name } = item.metadata;
    if (await maySecret(gateway, identity, 'get', { plural, namespace, name }, item)) shown.push(item);
  }
  return shown;
}

/** @throws PlatformError `method_not_allowed` for a watch, as API servers say it of what they do not serve */
function listQuery(plural: SecretPlural, { query }: ListRequest): Record<string, string> {
  const { watch } = query;
  if (watch !== undefined && watch !== 'false' && watch !== '0')
    throw new PlatformError('method_not_allowed', `${plural} cannot be watched: list them`);
  const passed = ['labelSelector', 'fieldSelector', 'limit', 'continue'];
  return Object.fromEntries(
    passed.flatMap((name) => {
      const value = query[name];
      return typeof value === 'string' && value !== '' ? [[name, value]] : [];
    }),
  );
}

function listOf(
  plural: SecretPlural,
  items: readonly SecretResource[],
  resourceVersion: string,
  next?: string,
) {
  return {
    apiVersion: managementApiVersion,
    kind: `${secretKinds[plural].kind}List`,
    metadata: { resourceVersion, ...(next === undefined ? {} : { continue: next }) },
    items,
  };
}
