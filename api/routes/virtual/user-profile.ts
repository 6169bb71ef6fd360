import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { PlatformError } from '../../../contracts/errors.ts';
import { managementApiVersion } from '../../../contracts/names.ts';
import { isAsGoodAsOwner } from '../../auth/issuing.ts';
import type { Gateway } from '../../gateway.ts';
import { callerOf } from '../../plugins/access.ts';
import { endLogins } from './end-logins.ts';

const Body = Type.Object({
  spec: Type.Object(
    {
      password: Type.String({ maxLength: 1024 }),
      currentPassword: Type.Optional(
        Type.String({ maxLength: 1024, description: 'Required to change your own' }),
      ),
    },
    { additionalProperties: false },
  ),
});

/**
 * `GET …/users/{name}/profile`: what a user is called, for the user and for callers who may read it.
 * `POST …/users/{name}/profile`: a new password, one's own (with the current one) or, for callers who may change how the user logs
 * in (verb `bind`, as in deploy/management/policy-logins.yaml), another's. All the user's access keys and sessions end with the old password.
 */
export async function userProfileRoutes(instance: FastifyInstance, gateway: Gateway): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const { passwords, clientAddress } = gateway.accounts;
  const path = '/kubernetes/management/apis/management.loft.sh/v1/users/:name/profile';
  app.get(
    path,
    {
      config: { access: 'authenticated' },
      schema: { hide: true, params: Type.Object({ name: Type.String() }) },
    },
    async (request) => {
      const caller = callerOf(request);
      const { name } = request.params;
      const asked = { verb: 'get', resource: 'users', subresource: 'profile', name };
      const isSelf = caller.kind === 'user' && caller.name === name;
      const mayRead = isSelf || (await gateway.review.allows(caller.identity, asked));
      const user = gateway.cache.user(name);
      if (user === undefined || !mayRead)
        throw new PlatformError('not_found', `user "${name}" not found, or you may not see it`);
      const { displayName, username, email, icon } = user.spec ?? {};
      return {
        apiVersion: managementApiVersion,
        kind: 'UserProfile',
        metadata: { name, creationTimestamp: null },
        ...(displayName ? { displayName } : {}),
        username: username || name,
        ...(email ? { email } : {}),
        ...(icon ? { icon } : {}),
      };
    },
  );
  app.post(
    path,
    {
      config: { access: 'authenticated' },
      schema: { hide: true, params: Type.Object({ name: Type.String() }), body: Body },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { name } = request.params;
      const { password, currentPassword } = request.body.spec;
      const isSelf = caller.kind === 'user' && caller.name === name;
      const maySet = await gateway.review.allows(caller.identity, {
        verb: 'bind',
        resource: 'users',
        name,
      });
      const user = gateway.cache.user(name);
      if (user === undefined || !(isSelf || maySet))
        throw new PlatformError('not_found', `user "${name}" not found, or you may not change it`);
      // A leaked key must not be enough to take over the account.
      if (isSelf && user.spec?.passwordRef?.secretName)
        await passwords.check(name, currentPassword ?? '', clientAddress(request.raw) ?? '');
      else if (isSelf && !isAsGoodAsOwner(caller.credential))
        throw new PlatformError(
          'forbidden',
          'a first password would outlive this access key, which expires: set it with a login or a key that does not expire',
        );
      await passwords.set(user, password);
      await endLogins(gateway, name);
      return reply.code(201).send({
        apiVersion: managementApiVersion,
        kind: 'UserProfile',
        metadata: { name, creationTimestamp: null },
      });
    },
  );
}
