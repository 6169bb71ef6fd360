import { isDeepStrictEqual } from 'node:util';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { checkName, managementApiVersion } from '../../../contracts/names.ts';
import { PlatformError } from '../../../contracts/errors.ts';
import type { AccessKey, AccessKeySpec } from '../../../contracts/resources/access-key.ts';
import { opensNothing } from '../../../domain/keys/key-scope.ts';
import type { Caller } from '../../identity/caller.ts';
import type { Gateway } from '../../gateway.ts';
import { callerOf } from '../../plugins/access.ts';
import { boundByIssuer } from '../../auth/issuing.ts';

const collection = '/kubernetes/management/apis/management.loft.sh/v1/ownedaccesskeys';
const one = `${collection}/:name`;

const isText = (value: unknown) => typeof value === 'string' && value.length <= 1000;
const isFlag = (value: unknown) => typeof value === 'boolean';

/** What people may say about a key of their own when they make it. */
const fields: Readonly<Record<string, (value: unknown) => boolean>> = {
  displayName: isText,
  description: isText,
  disabled: isFlag,
  ttl: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
  ttlAfterLastActivity: isFlag,
  scope: isRecord,
  type: (value) => value === '' || value === 'User' || value === 'Other',
};
/** And what they may change later. */
const changeable: ReadonlySet<string> = new Set(['displayName', 'description', 'disabled']);
const config = { access: 'authenticated' } as const;

/**
 * `ownedaccesskeys`: the caller's own keys. The key itself stands in the answer to the POST (`spec.key`) and nowhere
 * else. A key ends with what it was made with, unless it is given a name with a login or an endless key. Keys with a scope cannot come here, so that no key makes a wider one.
 */
export async function ownedAccessKeyRoutes(app: FastifyInstance, gateway: Gateway): Promise<void> {
  const { keys } = gateway.accounts;
  const maxTtl = gateway.accounts.config.accessKeyMaxTtlSeconds;
  app.addContentTypeParser(
    'application/merge-patch+json',
    { parseAs: 'string' },
    app.getDefaultJsonParser('error', 'error'),
  );

  const owned = (caller: Caller) => gateway.cache.accessKeys().filter((key) => belongsTo(key, caller));
  const ownedByName = (request: FastifyRequest<{ Params: { name: string } }>): AccessKey => {
    const { name } = request.params;
    const key = owned(callerOf(request)).find(({ metadata }) => metadata.name === name);
    if (key === undefined)
      throw new PlatformError('not_found', `access key "${name}" not found among your own`);
    return key;
  };

  app.get(collection, { config, schema: { hide: true } }, async (request) => ({
    apiVersion: managementApiVersion,
    kind: 'OwnedAccessKeyList',
    metadata: {},
    items: owned(callerOf(request))
      .map(shown)
      .toSorted((a, b) => a.metadata.name.localeCompare(b.metadata.name)),
  }));

  app.post(collection, { config, schema: { hide: true } }, async (request, reply) => {
    const caller = callerOf(request);
    const { name, spec } = readBody(request.body);
    checkOwner(spec, caller);
    const asked = { ...withMaxTtl(checkFields(spec), maxTtl), [caller.kind]: caller.name };
    const { key, accessKey } = await keys.issue(
      name,
      boundByIssuer(asked, caller.credential, { named: name !== undefined }),
    );
    const made = shown(accessKey);
    return reply
      .code(201)
      .header('cache-control', 'no-store')
      .send({ ...made, spec: { ...made.spec, key } });
  });

  app.get<{ Params: { name: string } }>(one, { config, schema: { hide: true } }, async (request) =>
    shown(ownedByName(request)),
  );

  app.patch<{ Params: { name: string } }>(one, { config, schema: { hide: true } }, async (request) => {
    const key = ownedByName(request);
    const { spec } = readBody(request.body);
    const fixed = Object.keys(spec).find((field) => !changeable.has(field));
    if (fixed !== undefined) throw cannotChange(fixed);
    return shown(await keys.change(key, checkFields(spec)));
  });

  app.put<{ Params: { name: string } }>(one, { config, schema: { hide: true } }, async (request) => {
    const key = ownedByName(request);
    const { spec } = readBody(request.body);
    checkSame(key, request.body, spec);
    const { displayName = '', description = '', disabled = false } = spec;
    return shown(await keys.change(key, checkFields({ displayName, description, disabled })));
  });

  app.delete<{ Params: { name: string } }>(one, { config, schema: { hide: true } }, async (request) => {
    const key = ownedByName(request);
    await keys.remove(key);
    gateway.streams.end(
      'the access key was deleted',
      ({ credential }) => credential.kind === 'access-key' && credential.name === key.metadata.name,
    );
    return { apiVersion: 'v1', kind: 'Status', status: 'Success' };
  });
}

/** `users|teams/{name}/accesskeys`: keys of a user or team, for these themselves and for callers whom RBAC allows to read them. */
export async function accountAccessKeyRoutes(app: FastifyInstance, gateway: Gateway): Promise<void> {
  for (const [kind, listKind] of [
    ['user', 'UserAccessKeys'],
    ['team', 'TeamAccessKeys'],
  ] as const)
    app.get<{ Params: { name: string } }>(
      `/kubernetes/management/apis/management.loft.sh/v1/${kind}s/:name/accesskeys`,
      { config, schema: { hide: true } },
      async (request) => {
        const caller = callerOf(request);
        const { name } = request.params;
        const isSelf = caller.kind === kind && caller.name === name;
        const mayRead =
          isSelf ||
          (await gateway.review.allows(caller.identity, {
            verb: 'get',
            resource: `${kind}s`,
            subresource: 'accesskeys',
            name,
          }));
        if (!mayRead)
          throw new PlatformError('forbidden', `you may not read the access keys of ${kind} "${name}"`);
        return {
          apiVersion: managementApiVersion,
          kind: listKind,
          metadata: { name, creationTimestamp: null },
          accessKeys: gateway.cache
            .accessKeys()
            .filter(({ spec }) => (kind === 'user' ? spec.user === name : !spec.user && spec.team === name))
            .map(shown),
        };
      },
    );
}

function belongsTo({ spec, status }: AccessKey, { kind, name, uid }: Caller): boolean {
  if (status?.ownerUid !== undefined && status.ownerUid !== uid) return false; // a former one's of the name
  return kind === 'user' ? spec.user === name : !spec.user && spec.team === name;
}

function cannotChange(field: string): PlatformError {
  return new PlatformError('invalid_request', `spec.${field} cannot change; create a new access key instead`);
}

/** As its owner sees a key: without its hash. */
function shown({ metadata, spec, status }: AccessKey) {
  const { keyHash: _hash, key: _key, ...rest } = spec;
  const {
    managedFields: _fields,
    annotations: _annotations,
    ...meta
  } = metadata as typeof metadata & {
    managedFields?: unknown;
  };
  return {
    apiVersion: managementApiVersion,
    kind: 'OwnedAccessKey',
    metadata: meta,
    spec: rest,
    ...(status === undefined ? {} : { status }),
  };
}

function readBody(body: unknown): { name: string | undefined; spec: Record<string, unknown> } {
  const { metadata, spec = {} } = (isRecord(body) ? body : {}) as { metadata?: unknown; spec?: unknown };
  if (!isRecord(body) || !isRecord(spec))
    throw new PlatformError('invalid_request', 'spec must be an object');
  const name = isRecord(metadata) ? metadata['name'] : undefined;
  if (name === undefined || name === '') return { name: undefined, spec };
  if (typeof name !== 'string') throw new PlatformError('invalid_request', 'metadata.name must be a string');
  checkName('access key', name);
  return { name, spec };
}

/**
 * A key that is put back may have changed only in what can change: the rest says what it said, or nothing.
 * @throws PlatformError `invalid_request`, `conflict` if it was changed since it was read
 */
function checkSame({ metadata, spec }: AccessKey, body: unknown, asked: Record<string, unknown>): void {
  const { resourceVersion } = (body as { metadata?: { resourceVersion?: unknown } }).metadata ?? {};
  if (resourceVersion !== undefined && resourceVersion !== '' && resourceVersion !== metadata.resourceVersion)
    throw new PlatformError('conflict', `access key ${metadata.name} was changed meanwhile: read it again`);
  const fixed = Object.keys(asked).find(
    (field) =>
      !changeable.has(field) && !isDeepStrictEqual(asked[field], (spec as Record<string, unknown>)[field]),
  );
  if (fixed !== undefined) throw cannotChange(fixed);
}

/** The owner may be named, but it is always the caller. */
function checkOwner(spec: Record<string, unknown>, { kind, name }: Caller): void {
  const { user, team } = spec;
  const foreign =
    (user !== undefined && !(kind === 'user' && user === name)) ||
    (team !== undefined && !(kind === 'team' && team === name));
  if (foreign)
    throw new PlatformError(
      'forbidden',
      'this creates keys for yourself only; for others create an AccessKey resource, if you may',
    );
  delete spec['user'];
  delete spec['team'];
}

function checkFields(spec: Record<string, unknown>): Partial<AccessKeySpec> {
  for (const [field, value] of Object.entries(spec)) {
    const isValid = Object.hasOwn(fields, field) ? fields[field] : undefined;
    if (isValid === undefined)
      throw new PlatformError('invalid_request', `spec.${field} cannot be given here`);
    if (!isValid(value)) throw new PlatformError('invalid_request', `spec.${field} is not valid`);
  }
  const checked = spec as Partial<AccessKeySpec>;
  if (checked.scope !== undefined && opensNothing(checked.scope))
    throw new PlatformError(
      'invalid_request',
      'spec.scope allows nothing; name projects, virtualClusters, …',
    );
  return checked;
}

function withMaxTtl(spec: Partial<AccessKeySpec>, maxTtl: number | undefined): Partial<AccessKeySpec> {
  if (maxTtl === undefined) return spec;
  const { ttl = 0 } = spec;
  return { ...spec, ttl: ttl === 0 ? maxTtl : Math.min(ttl, maxTtl) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
