import { type ErrorCode, PlatformError } from '../../contracts/errors.ts';
import type { SecretPlural, SecretResource, SecretSpec } from '../../contracts/resources/secret-kinds.ts';
import { secretKinds } from '../../contracts/resources/secret-kinds.ts';
import type { ObjectMeta } from '../../contracts/resources/object-meta.ts';
import { fromKept, type KeptSecret, toKept, type UidOfGroup } from '../../domain/secret-resources.ts';
import type { ResourceCache } from '../cache/resource-cache.ts';
import { secretsIdentity } from '../identity/identity.ts';
import type { JsonAnswer, JsonClient, JsonRequest } from '../upstreams/json-request.ts';

/** What the Secrets are kept with. */
export interface SecretDeps {
  readonly managementJson: JsonClient;
  readonly cache: Pick<ResourceCache, 'user' | 'team'>;
}

export interface SecretPlace {
  readonly plural: SecretPlural;
  readonly namespace: string;
  readonly name: string;
}

/** Part of a list, and what continues it. */
export interface SecretPage {
  readonly items: readonly SecretResource[];
  readonly resourceVersion: string;
  readonly next: string | undefined;
}

/** @throws PlatformError `not_found`, `management_unavailable` */
export async function readSecret(deps: SecretDeps, place: SecretPlace): Promise<SecretResource> {
  const answer = await ask(deps, { method: 'GET', path: pathOf(place) });
  const found = answer.status === 200 ? shown(deps, place.plural, answer.body) : undefined;
  if (found !== undefined) return found;
  if (answer.status === 200) throw notFound(place); // a Secret of something else
  throw failureOf(answer, place);
}

/**
 * @param query what a client asks of the list: selectors, `limit`, `continue`
 * @throws PlatformError `not_found` for a namespace that is none of these Secrets, `invalid_request`, `management_unavailable`
 */
export async function listSecrets(
  deps: SecretDeps,
  { plural, namespace }: Omit<SecretPlace, 'name'>,
  query: Readonly<Record<string, string>> = {},
): Promise<SecretPage> {
  const { labelSelector = '', ...rest } = query;
  const mine = `${secretKinds[plural].label}=true`;
  const search = new URLSearchParams({
    ...rest,
    labelSelector: labelSelector === '' ? mine : `${mine},${labelSelector}`,
  });
  const path = `${pathOf({ namespace })}?${search.toString()}`;
  const answer = await ask(deps, { method: 'GET', path });
  if (answer.status !== 200) throw failureOf(answer, { plural, namespace, name: '' });
  const { items, metadata } = answer.body as {
    items: KeptSecret[];
    metadata: { resourceVersion: string; continue?: string };
  };
  return {
    items: items.flatMap((item) => shown(deps, plural, item) ?? []),
    resourceVersion: metadata.resourceVersion,
    next: metadata.continue || undefined,
  };
}

/**
 * Makes a Secret, or puts it in the place of the one with `metadata.resourceVersion` if there is one.
 * @throws PlatformError `already_exists`, `conflict`, `not_found`, `invalid_request`, `management_unavailable`
 */
export async function writeSecret(
  deps: SecretDeps,
  method: 'POST' | 'PUT',
  place: SecretPlace,
  { metadata, spec }: { metadata: Partial<ObjectMeta>; spec: SecretSpec },
  query = '',
): Promise<SecretResource> {
  const { plural, namespace, name } = place;
  const body = toKept(plural, { ...metadata, name, namespace }, spec, uids(deps));
  const path = `${pathOf(method === 'POST' ? { namespace } : place)}${query}`;
  const answer = await ask(deps, { method, path, body });
  const written = answer.status < 300 ? shown(deps, plural, answer.body) : undefined;
  if (written === undefined) throw failureOf(answer, place);
  return written;
}

/**
 * @param preconditions the uid and version that it has to have
 * @throws PlatformError `not_found`, `conflict`, `management_unavailable`
 */
export async function removeSecret(
  deps: SecretDeps,
  place: SecretPlace,
  preconditions: object,
  query = '',
): Promise<void> {
  const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions };
  const answer = await ask(deps, { method: 'DELETE', path: `${pathOf(place)}${query}`, body });
  if (answer.status >= 300) throw failureOf(answer, place);
}

export function notFound({ plural, name }: Pick<SecretPlace, 'plural' | 'name'>): PlatformError {
  return new PlatformError(
    'not_found',
    `${plural}.management.loft.sh "${name}" not found, or you may not see it`,
  );
}

function ask({ managementJson }: SecretDeps, request: JsonRequest): Promise<JsonAnswer> {
  return managementJson(secretsIdentity, request);
}

function shown(deps: SecretDeps, plural: SecretPlural, body: unknown): SecretResource | undefined {
  return fromKept(plural, body as KeptSecret, uids(deps));
}

function uids({ cache }: SecretDeps): UidOfGroup {
  return (group) => {
    const [, kind, name = ''] = /^loft:(user|team):(.+)$/.exec(group) ?? [];
    const named = kind === 'user' ? cache.user(name) : kind === 'team' ? cache.team(name) : undefined;
    return named?.metadata.uid;
  };
}

function pathOf({ namespace, name }: { namespace: string; name?: string }): string {
  const all = `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets`;
  return name === undefined ? all : `${all}/${encodeURIComponent(name)}`;
}

const codes: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid_request',
  404: 'not_found',
  413: 'too_large',
  422: 'invalid_request',
};

/** In words of our own: what an API server says may repeat what it was sent. */
function failureOf({ status, body }: JsonAnswer, place: SecretPlace): PlatformError {
  const { plural, namespace, name } = place;
  const { reason, details } = (body ?? {}) as {
    reason?: string;
    details?: { causes?: { field?: string }[] };
  };
  const code = codes[status];
  if (code === 'not_found') return notFound(place);
  if (status === 409 && reason === 'AlreadyExists')
    return new PlatformError('already_exists', `${plural}.management.loft.sh "${name}" already exists`);
  if (status === 409)
    return new PlatformError(
      'conflict',
      `${plural}.management.loft.sh "${name}" was changed since it was read: read it again`,
    );
  const fields = [...new Set((details?.causes ?? []).map(({ field = '' }) => field))].join(', ');
  if (code !== undefined)
    return new PlatformError(code, `the management API refused it${fields === '' ? '' : `: ${fields}`}`);
  return new PlatformError(
    'management_unavailable',
    `the secrets of namespace ${namespace} cannot be reached: it is being made or removed; try again`,
    { cause: new Error(`${status} ${reason ?? ''}`) },
  );
}
