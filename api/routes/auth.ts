import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { PlatformError } from '../../contracts/errors.ts';
import { actorAtLogin } from '../audit/sender.ts';
import { clearedCookie, hostCookie } from '../http/cookies.ts';
import { loginKeyOf } from '../auth/login-key.ts';
import { sessionCookie } from '../auth/sessions.ts';
import type { User } from '../../contracts/resources/user.ts';
import type { Gateway } from '../gateway.ts';
import { checkOrigin } from '../http/browser-checks.ts';
import { callerOf } from '../plugins/access.ts';

const Credentials = Type.Object(
  {
    username: Type.String({ minLength: 1, maxLength: 253 }),
    password: Type.String({ minLength: 1, maxLength: 1024 }),
  },
  { description: 'Name and password of a user', additionalProperties: false },
);
const SessionAnswer = Type.Object(
  {
    user: Type.String(),
    csrfToken: Type.String({
      description: 'Send it as x-csrf-token with every change; empty: the caller has no session',
    }),
  },
  { description: 'The caller' },
);

const AuthInfo = Type.Object(
  {
    methods: Type.Object({
      password: Type.Object({ enabled: Type.Boolean() }),
      sso: Type.Array(
        Type.Object({ id: Type.String(), displayName: Type.String(), loginEndpoint: Type.String() }),
      ),
    }),
  },
  { description: 'What the login page offers' },
);

const loginFailures = [
  'unauthenticated',
  'too_many_attempts',
  'forbidden',
  'management_unavailable',
] as const;

/** Login by password: for programs an access key, for browsers a session. */
export async function authRoutes(app: FastifyInstance, gateway: Gateway): Promise<void> {
  infoRoute(app, gateway);
  loginRoutes(app, gateway);
  sessionRoutes(app, gateway);
}

function infoRoute(app: FastifyInstance, { accounts: { config, oidc } }: Gateway): void {
  app.get(
    '/auth/info',
    {
      config: { access: 'public' },
      schema: {
        summary: 'Ways to log in',
        description: 'Whether users log in with a password, and the providers of single sign-on.',
        operationId: 'getLoginMethods',
        tags: ['login'],
        response: { 200: AuthInfo },
      },
    },
    async () => ({
      methods: {
        password: { enabled: config.passwordDisabled !== true },
        sso:
          oidc === undefined
            ? []
            : [
                {
                  id: 'oidc',
                  displayName: config.oidc?.displayName ?? 'Single sign-on',
                  loginEndpoint: '/auth/oidc/login',
                },
              ],
      },
    }),
  );
}

/** @throws PlatformError `forbidden`, `unauthenticated`, `too_many_attempts` */
async function checkedUser(
  { accounts: { config, passwords, clientAddress }, cache }: Gateway,
  request: FastifyRequest,
  { username, password }: { username: string; password: string },
): Promise<User> {
  if (config.passwordDisabled === true) throw new PlatformError('forbidden', 'login by password is disabled');
  const user = await passwords.check(username, password, clientAddress(request.raw) ?? '');
  request.audit.identify(actorAtLogin(user, cache.teams(), 'password'));
  return user;
}

function loginRoutes(instance: FastifyInstance, gateway: Gateway): void {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const { keys, config } = gateway.accounts;

  app.post(
    '/auth/password/login',
    {
      config: {
        access: 'public',
        failures: [...loginFailures, 'quota_exceeded'],
        curl: { data: '@credentials.json' },
      },
      schema: {
        summary: 'An access key for user name and password',
        description: 'Each login has a key of its own; `POST /auth/logout` deletes it.',
        operationId: 'loginWithPassword',
        tags: ['login'],
        body: Credentials,
        response: {
          200: Type.Object(
            { user: Type.String(), username: Type.String(), accessKey: Type.String() },
            { description: 'The key; it is shown only once' },
          ),
        },
      },
    },
    async (request, reply) => {
      const user = await checkedUser(gateway, request, request.body);
      const { name } = user.metadata;
      const { key } = await keys.issue(undefined, {
        ...loginKeyOf(name, config),
        displayName: 'Login by password',
      });
      return reply
        .header('cache-control', 'no-store')
        .send({ user: name, username: user.spec?.username || name, accessKey: key });
    },
  );

  app.post(
    '/auth/session',
    {
      config: {
        access: 'public',
        failures: [...loginFailures, 'database_unavailable'],
        curl: { data: '@credentials.json', options: '-c cookies.txt' },
      },
      schema: {
        summary: 'A session in this browser for user name and password',
        description: 'The cookie of the answer is the session. For pages of the platform only.',
        operationId: 'createSession',
        tags: ['login'],
        body: Credentials,
        response: { 200: SessionAnswer },
      },
    },
    async (request, reply) => {
      checkOrigin(request.headers, gateway.publicUrl);
      const user = await checkedUser(gateway, request, request.body);
      const csrfToken = await beginSession(gateway, request, reply, user);
      return reply.send({ user: user.metadata.name, csrfToken });
    },
  );
}

function sessionRoutes(app: FastifyInstance, gateway: Gateway): void {
  const { keys, sessions } = gateway.accounts;

  app.get(
    '/auth/session',
    {
      config: { access: 'authenticated', scope: 'any' },
      schema: {
        summary: 'The caller of this request',
        description: 'Who the credential belongs to; for a session with its token for changes.',
        operationId: 'getSession',
        tags: ['login'],
        response: { 200: SessionAnswer },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const csrfToken =
        caller.credential.kind === 'session' ? sessions.csrfToken(request.headers) : undefined;
      return reply
        .header('cache-control', 'no-store')
        .send({ user: caller.name, csrfToken: csrfToken ?? '' });
    },
  );

  app.post(
    '/auth/logout',
    {
      config: { access: 'authenticated', scope: 'any' },
      schema: {
        summary: 'End the session, or delete the access key of this login',
        description: 'Access keys with a name stay. Open streams of the credential end.',
        operationId: 'logout',
        tags: ['login'],
        response: { 204: Type.Null({ description: 'Logged out' }) },
      },
    },
    async (request, reply) => {
      const { credential } = callerOf(request);
      if (credential.kind === 'session') {
        await sessions.end(request.headers);
        reply.header('set-cookie', clearedCookie(sessionCookie));
      } else if (credential.kind === 'access-key' && credential.keyType === 'Login') {
        const key = gateway.cache.accessKeys().find(({ metadata }) => metadata.name === credential.name);
        if (key !== undefined) await keys.remove(key);
      }
      gateway.streams.end(
        'logged out',
        (other) => other.credential.kind === credential.kind && other.credential.name === credential.name,
      );
      return reply.code(204).send(null);
    },
  );
}

/** Gives the browser a new session of `user`. */
export async function beginSession(
  { accounts }: Gateway,
  request: FastifyRequest,
  reply: FastifyReply,
  user: User,
): Promise<string> {
  const { id, csrfToken } = await accounts.sessions.begin(user, request.headers);
  reply.header('set-cookie', hostCookie(sessionCookie, id)).header('cache-control', 'no-store');
  return csrfToken;
}
