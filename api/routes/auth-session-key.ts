import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { PlatformError } from '../../contracts/errors.ts';
import { loginKeyOf } from '../auth/login-key.ts';
import type { Gateway } from '../gateway.ts';
import { callerOf } from '../plugins/access.ts';

/**
 * `POST /auth/session/key`: the access key of a login, for a program on the computer of a browser that is logged in. The login
 * page asks for it once its user has said so, and takes it to a loopback address (`/login?cli=true`).
 */
export async function sessionKeyRoutes(app: FastifyInstance, { accounts }: Gateway): Promise<void> {
  app.post(
    '/auth/session/key',
    {
      config: { access: 'authenticated', failures: ['quota_exceeded'], curl: { credential: 'session' } },
      schema: {
        summary: 'An access key for a program, of a browser that is logged in',
        description:
          'Only for a session: the key of a login, for a program on the same computer (`/login?cli=true`).',
        operationId: 'createSessionKey',
        tags: ['login'],
        response: {
          201: Type.Object(
            { user: Type.String(), accessKey: Type.String() },
            { description: 'The key; it is shown only once' },
          ),
        },
      },
    },
    async (request, reply) => {
      const { kind, name, credential } = callerOf(request);
      if (kind !== 'user' || credential.kind !== 'session')
        throw new PlatformError('forbidden', 'only a browser that is logged in gets a key here');
      const { key } = await accounts.keys.issue(undefined, {
        ...loginKeyOf(name, accounts.config),
        displayName: 'Login by browser',
      });
      return reply.code(201).header('cache-control', 'no-store').send({ user: name, accessKey: key });
    },
  );
}
