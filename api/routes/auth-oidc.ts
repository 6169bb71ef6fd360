import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { PlatformError } from '../../contracts/errors.ts';
import { actorAtLogin } from '../audit/sender.ts';
import { clearedCookie, hostCookie } from '../http/cookies.ts';
import { createLoginStarts } from '../auth/oidc/login-starts.ts';
import { pendingCookie, pendingSeconds } from '../auth/oidc/login-states.ts';
import type { Gateway } from '../gateway.ts';
import { beginSession } from './auth.ts';

/** Login of browsers at the OpenID provider. */
export async function authOidcRoutes(app: FastifyInstance, gateway: Gateway): Promise<void> {
  const { oidc } = gateway.accounts;
  if (oidc === undefined) return;
  const { provider, signIn, states } = oidc;
  const starts = createLoginStarts();
  // A forged cookie costs a database query, too.
  const returns = createLoginStarts();

  app.get<{ Querystring: { returnTo?: string } }>(
    '/auth/oidc/login',
    {
      config: {
        access: 'public',
        failures: ['too_many_attempts', 'identity_provider_unavailable', 'database_unavailable'],
      },
      schema: {
        summary: 'Log in at the OpenID provider',
        description: 'Sends a browser to the provider, which sends it back to `/auth/oidc/callback`.',
        operationId: 'beginOidcLogin',
        tags: ['login'],
        querystring: Type.Object({
          returnTo: Type.Optional(Type.String({ description: 'Path of ours to go on to' })),
        }),
        response: { 302: Type.Null({ description: 'To the provider' }) },
      },
    },
    async (request, reply) => {
      starts.count(gateway.accounts.clientAddress(request.raw) ?? '');
      const { url, pending } = await provider.begin();
      const cookie = await states.remember({ ...pending, returnTo: ownPath(request.query.returnTo) });
      return reply
        .header('set-cookie', hostCookie(pendingCookie, cookie, pendingSeconds))
        .header('cache-control', 'no-store')
        .redirect(url.href, 302);
    },
  );

  app.get<{ Querystring: { state?: unknown } }>(
    '/auth/oidc/callback',
    {
      config: {
        access: 'public',
        failures: [
          'unauthenticated',
          'forbidden',
          'too_many_attempts',
          'identity_provider_unavailable',
          'management_unavailable',
          'database_unavailable',
        ],
      },
      schema: {
        summary: 'The end of a login at the OpenID provider',
        description: 'Where the provider sends the browser: gives it a session.',
        operationId: 'finishOidcLogin',
        tags: ['login'],
        querystring: Type.Object({
          state: Type.Optional(Type.String({ description: 'What the login began with' })),
          code: Type.Optional(Type.String({ description: 'Of the provider' })),
        }),
        response: { 303: Type.Null({ description: 'To the page that asked for the login' }) },
      },
    },
    async (request, reply) => {
      returns.count(gateway.accounts.clientAddress(request.raw) ?? '');
      const pending = await states.take(request.headers, request.query.state);
      // Our own address as it is known to the provider, whatever the Host header says.
      const callback = new URL(request.raw.url ?? '', gateway.publicUrl);
      const user = await signIn(await provider.finish(callback, pending));
      if (user.spec?.disabled === true) throw new PlatformError('forbidden', 'this user is disabled');
      request.audit.identify(actorAtLogin(user, gateway.cache.teams(), 'oidc'));
      await beginSession(gateway, request, reply, user);
      return reply
        .header('set-cookie', clearedCookie(pendingCookie))
        .redirect(ownPath(pending.returnTo), 303);
    },
  );
}

/** `path` if it leads to a page of ours, else the first page. */
function ownPath(path: unknown): string {
  const plain = typeof path === 'string' && /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(path);
  return plain && path.length < 1000 ? path : '/';
}
