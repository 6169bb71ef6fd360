import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { readerIdentity } from '../auth/identity.ts';
import type { Gateway } from '../gateway.ts';

const Readiness = Type.Object(
  {
    ready: Type.Boolean(),
    checks: Type.Record(Type.String(), Type.String({ description: '`ok`, or why not' })),
  },
  { $id: 'Readiness', additionalProperties: false },
);

const probeTimeoutMs = 2_500;

/** `/healthz`: the process answers. `/readyz`: so do the parts it stands on; `?exclude=<name>` leaves one out. */
export async function healthRoutes(app: FastifyInstance, gateway: Gateway): Promise<void> {
  app.addSchema(Readiness);
  app.get(
    '/healthz',
    {
      config: { access: 'public' },
      schema: {
        summary: 'Whether the process answers',
        operationId: 'getHealth',
        tags: ['platform'],
        response: { 200: Type.Object({ ok: Type.Literal(true) }) },
      },
    },
    async () => ({ ok: true as const }),
  );
  app.get<{ Querystring: { exclude?: string | string[] } }>(
    '/readyz',
    {
      config: { access: 'public' },
      schema: {
        summary: 'Whether everything the gateway stands on answers',
        operationId: 'getReadiness',
        tags: ['platform'],
        querystring: Type.Object({
          exclude: Type.Optional(
            Type.Union([Type.String(), Type.Array(Type.String())], {
              description: 'Names of checks to leave out',
            }),
          ),
        }),
        response: { 200: Type.Ref('Readiness'), 503: Type.Ref('Readiness') },
      },
    },
    async (request, reply) => {
      const excluded = [request.query.exclude ?? []].flat();
      const checks = await runChecks(gateway, excluded);
      const ready = Object.values(checks).every((result) => result === 'ok');
      return reply
        .code(ready ? 200 : 503)
        .header('cache-control', 'no-store')
        .send({ ready, checks });
    },
  );
}

async function runChecks(gateway: Gateway, excluded: readonly string[]): Promise<Record<string, string>> {
  const probes: Record<string, () => Promise<void>> = {
    database: gateway.operations.probes.database,
    management: async () => {
      const answer = await gateway.managementJson(readerIdentity, {
        method: 'GET',
        path: '/apis/management.loft.sh/v1',
        timeoutMs: probeTimeoutMs,
      });
      if (answer.status !== 200) throw new Error(`answered ${answer.status}`);
    },
    temporal: gateway.operations.probes.temporal,
    caches: async () => {
      if (!gateway.directory.synced) throw new Error('users and tenant clusters are not read yet');
    },
  };
  const entries = Object.entries(probes).filter(([name]) => !excluded.includes(name));
  const results = await Promise.all(
    entries.map(async ([name, probe]) => [name, await outcome(probe)] as const),
  );
  return Object.fromEntries(results);
}

async function outcome(probe: () => Promise<void>): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`does not answer within ${probeTimeoutMs / 1000} s`), probeTimeoutMs);
  });
  const result = probe().then(
    () => 'ok',
    // Only that it is away is public; addresses and reasons stay in the log of the part.
    () => 'does not answer',
  );
  return Promise.race([result, timeout]).finally(() => clearTimeout(timer));
}
