import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { PlatformError } from '../../contracts/errors.ts';
import { checkAdministrator } from '../authorization/check-administrator.ts';
import { cookieValues } from '../http/cookies.ts';
import { sessionCookie } from '../auth/sessions.ts';
import type { Gateway } from '../gateway.ts';
import { asPlatformError } from '../http/failures.ts';
import { isReady, withoutParts } from '../readiness/readiness.ts';

const Readiness = Type.Object(
  {
    ready: Type.Boolean(),
    checks: Type.Optional(
      Type.Record(Type.String(), Type.String({ description: '`ok`, or the cause' }), {
        description: 'For administrators of the platform',
      }),
    ),
  },
  {
    $id: 'Readiness',
    description: 'Whether requests can be served',
    additionalProperties: false,
  },
);

/**
 * `/healthz`: the process answers. `/readyz`: and so do its dependencies; administrators see which does not, and
 * may leave some out with `?exclude=<part>`. Neither costs anything but its answer.
 */
export async function healthRoutes(app: FastifyInstance, gateway: Gateway): Promise<void> {
  app.addSchema(Readiness);
  app.addHook('preClose', async () => gateway.readiness.stop());
  app.get(
    '/healthz',
    {
      config: { access: 'public' },
      schema: {
        summary: 'Whether the process is alive',
        description: 'For liveness probes: says nothing about dependencies.',
        operationId: 'getHealth',
        tags: ['platform'],
        response: { 200: Type.Object({ ok: Type.Literal(true) }, { description: 'The process answers' }) },
      },
    },
    async () => ({ ok: true as const }),
  );
  app.get<{ Querystring: { exclude?: string | string[] } }>(
    '/readyz',
    {
      config: {
        access: 'public',
        failures: ['unauthenticated', 'forbidden', 'management_unavailable', 'database_unavailable'],
      },
      schema: {
        summary: 'Whether the gateway and all its dependencies are ready',
        description:
          'For readiness probes: 503 while a dependency is away. Administrators of the platform see which.',
        operationId: 'getReadiness',
        tags: ['platform'],
        querystring: Type.Object({
          exclude: Type.Optional(
            Type.Union([Type.String(), Type.Array(Type.String())], {
              description: 'Names of checks to exclude; administrators only',
            }),
          ),
        }),
        response: { 200: Type.Ref('Readiness'), 503: Type.Ref('Readiness') },
      },
    },
    async (request, reply) => {
      const excluded = [request.query.exclude ?? []].flat();
      const refused = await refusedAsOperator(gateway, request);
      if (excluded.length > 0 && refused !== undefined) throw refused;
      const checks = withoutParts(await gateway.readiness.look(), excluded);
      const ready = isReady(checks);
      return reply
        .code(ready ? 200 : 503)
        .header('cache-control', 'no-store')
        .send(refused === undefined ? { ready, checks } : { ready });
    },
  );
}

/** Why the caller gets only the public answer. A caller without credentials costs nothing. */
async function refusedAsOperator(
  gateway: Gateway,
  { headers, method }: FastifyRequest,
): Promise<PlatformError | undefined> {
  const shows = headers.authorization !== undefined || cookieValues(headers, sessionCookie).length > 0;
  if (!shows) return new PlatformError('unauthenticated', 'only administrators may exclude checks');
  try {
    await checkAdministrator(gateway, await gateway.authenticate(headers, method));
    return undefined;
  } catch (error) {
    return asPlatformError(error);
  }
}
