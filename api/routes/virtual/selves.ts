import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { PlatformError } from '../../../contracts/errors.ts';
import { managementApiVersion, projectNamespacePrefix, teamGroup } from '../../../contracts/names.ts';
import type { Caller } from '../../identity/caller.ts';
import type { Gateway } from '../../gateway.ts';
import { addressInUse } from '../../http/address-in-use.ts';
import { callerOf } from '../../plugins/access.ts';

const base = '/kubernetes/management/apis/management.loft.sh/v1/selves';
const config = { access: 'authenticated', scope: 'kubernetes', impersonation: true } as const;

/**
 * `POST …/selves`: who the gateway takes the caller for. With `spec.accessKey`, what another key of the same owner
 * is; other users' keys look like unknown ones. An impersonating caller gets the impersonated user, and no key.
 * `GET …/selves/{self or one's own name}` says the same.
 */
export async function selvesRoutes(app: FastifyInstance, gateway: Gateway): Promise<void> {
  app.post<{ Body: { spec?: { accessKey?: unknown } } | null | undefined }>(
    base,
    { config, schema: { hide: true } },
    async (request, reply) => {
      const caller = asImpersonated(callerOf(request), gateway);
      const other = request.body?.spec?.accessKey;
      if (other !== undefined && typeof other !== 'string')
        throw new PlatformError('invalid_request', 'spec.accessKey must be a string');
      const self = other === undefined || other === '' ? caller : await sameOwner(gateway, caller, other);
      return reply
        .code(201)
        .header('cache-control', 'no-store')
        .send(selfOf(self, gateway, request));
    },
  );
  app.get<{ Params: { name: string } }>(
    `${base}/:name`,
    { config, schema: { hide: true } },
    async (request, reply) => {
      const caller = asImpersonated(callerOf(request), gateway);
      const { name } = request.params;
      if (name !== 'self' && name !== caller.name)
        throw new PlatformError('not_found', `"${name}" is not you: read selves/self`);
      return reply.header('cache-control', 'no-store').send(selfOf(caller, gateway, request));
    },
  );
}

/** The caller; of an impersonating caller, name and teams of the impersonated user. */
function asImpersonated(caller: Caller, { cache }: Gateway): Caller {
  const { user, groups, originalUser } = caller.identity;
  if (originalUser === undefined) return caller;
  const known = cache.users().find(({ metadata, spec }) => (spec?.subject || metadata.name) === user);
  const teams = cache.teams().map(({ metadata }) => metadata.name);
  return {
    ...caller,
    kind: 'user',
    name: known?.metadata.name ?? user,
    displayName: known?.spec?.displayName ?? '',
    email: known?.spec?.email ?? '',
    teams: teams.filter((team) => groups.includes(teamGroup(team))),
  };
}

/** @throws PlatformError `not_found` */
async function sameOwner(gateway: Gateway, caller: Caller, key: string): Promise<Caller> {
  const found = gateway.cache.accessKey(createHash('sha256').update(key).digest('hex'));
  const owner = caller.kind === 'user' ? found?.spec.user : found?.spec.team;
  const { scope, originalUser } = caller.identity;
  // A key with a scope learns nothing of keys beyond it, and who impersonates nothing of the other's keys.
  if (found === undefined || owner !== caller.name || scope !== undefined || originalUser !== undefined)
    throw new PlatformError('not_found', 'access key not found among your own');
  return gateway.authenticateAgain({ authorization: `Bearer ${key}` });
}

function selfOf(caller: Caller, { publicUrl, cache }: Gateway, { raw }: FastifyRequest) {
  const { identity, name, displayName, email, credential } = caller;
  const entity = { name, displayName, username: name, email, subject: identity.user };
  const teams = caller.teams.map((team) => ({
    name: team,
    displayName: cache.team(team)?.spec?.displayName || team,
  }));
  const resource = caller.kind === 'user' ? cache.user(name) : cache.team(name);
  return {
    apiVersion: managementApiVersion,
    kind: 'Self',
    metadata: { name, creationTimestamp: null },
    spec: {},
    status: {
      ...(caller.kind === 'user' ? { user: { ...entity, teams } } : { team: { name, displayName } }),
      ...(credential.kind === 'access-key' && identity.originalUser === undefined
        ? {
            accessKey: credential.name,
            accessKeyType: credential.keyType ?? '',
            ...(credential.scope === undefined ? {} : { accessKeyScope: credential.scope }),
          }
        : {}),
      subject: identity.user,
      ...(resource?.metadata.uid === undefined ? {} : { uid: resource.metadata.uid }),
      groups: identity.groups,
      loftHost: addressInUse(raw, publicUrl),
      projectNamespacePrefix,
    },
  };
}
