import type { FastifyInstance } from 'fastify';
import { managementApiVersion, projectNamespacePrefix } from '../../../contracts/names.ts';
import type { Caller } from '../../auth/caller.ts';
import type { Gateway } from '../../gateway.ts';
import { callerOf } from '../../plugins/access.ts';

/** `POST …/selves`: who the gateway takes the caller for. */
export async function selvesRoutes(app: FastifyInstance, gateway: Gateway): Promise<void> {
  app.post(
    '/kubernetes/management/apis/management.loft.sh/v1/selves',
    { config: { access: 'authenticated' }, schema: { hide: true } },
    async (request, reply) => reply.code(201).send(selfOf(callerOf(request), gateway.publicUrl)),
  );
}

function selfOf(caller: Caller, publicUrl: string) {
  const { identity, name, displayName, email } = caller;
  const entity = { name, displayName, username: name, email, subject: identity.user };
  const teams = caller.teams.map((team) => ({ name: team, displayName: team }));
  return {
    apiVersion: managementApiVersion,
    kind: 'Self',
    metadata: { name, creationTimestamp: null },
    spec: {},
    status: {
      ...(caller.kind === 'user' ? { user: { ...entity, teams } } : { team: { name, displayName } }),
      accessKey: caller.accessKey,
      subject: identity.user,
      groups: identity.groups,
      loftHost: publicUrl,
      projectNamespacePrefix,
    },
  };
}
