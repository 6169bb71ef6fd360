import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ActivityDeps } from '../../activities/index.ts';
import { createActivities } from '../../activities/index.ts';
import { resourceKinds } from '../../contracts/resources/resource-kinds.ts';
import { type EchoUpstream, startEchoUpstream } from '../api/echo-upstream.ts';
import { type PrintedRoute, routesOf } from '../api/printed-routes.ts';
import { startTestGateway, type TestGateway } from '../api/test-gateway.ts';
import { activitiesByVerb } from './activities-by-verb.ts';
import { management, type World } from './world.ts';
import { ways } from './ways/ways.ts';
import { requestOf } from './way.ts';

/** Routes that give nothing of anybody's: no way of the table can reach what is another's there. */
const holdNothing: ReadonlySet<string> = new Set([
  'GET /healthz',
  'GET /readyz',
  'GET /version',
  'GET /login',
  'GET /spaces',
  'GET /api/v1/openapi.json',
  'GET /api/v1/errors',
  ...['', '/', '/*', '/json', '/yaml', '/static/index.html', '/static/swagger-initializer.js'].map(
    (path) => `GET /api/v1/docs${path}`,
  ),
  'GET /auth/info',
  // Lists without anything.
  `GET ${management}/features`,
  `GET ${management}/announcements`,
  // Who one is comes of them: test/api/sessions, floods and oidc.
  'POST /auth/password/login',
  'POST /auth/session',
  'GET /auth/oidc/login',
  'GET /auth/oidc/callback',
  // Names no cluster.
  ...['GET', 'POST', 'PATCH', 'DELETE'].map((method) => `${method} /kubernetes`),
]);

const world = {
  ids: {
    createOfAna: '00000000-0000-4000-8000-000000000001',
    createOfAnasSpace: '00000000-0000-4000-8000-000000000002',
    createOfBob: '00000000-0000-4000-8000-000000000003',
  },
} as unknown as World;

describe('the table of isolation attacks', () => {
  let upstream: EchoUpstream;
  let gateway: TestGateway;
  before(async () => {
    upstream = await startEchoUpstream();
    gateway = await startTestGateway({ target: upstream.target, temporalUiUrl: 'http://127.0.0.1:1' });
  });
  after(async () => {
    await gateway?.close();
    await upstream?.close();
  });

  test('has an attack for every route', () => {
    const routes = routesOf(gateway.printRoutes());
    assert.ok(routes.length > 30, `only ${routes.length} routes were read`);
    const requests = ways.map((way) => requestOf(world, way));
    const taken = new Set(requests.map((request) => routeOf(request, routes)));
    const missing = routes
      .map(({ name }) => name)
      .filter((name) => !taken.has(name) && !holdNothing.has(name) && !/^(HEAD|OPTIONS|PUT) /.test(name));
    assert.deepEqual(missing, []);
  });

  test('has attacks for every kind of the management API', () => {
    const requests = ways.map((way) => requestOf(world, way));
    for (const [plural, { namespaced }] of Object.entries(resourceKinds)) {
      const path = `${management}/${namespaced ? 'namespaces/p-red/' : ''}${plural}`;
      for (const method of ['GET', 'PATCH', 'DELETE'])
        assert.ok(
          requests.some((request) => request.startsWith(`${method} ${path}`)),
          `${method} ${plural}`,
        );
    }
  });

  test('names the verbs of every activity, and has an attack for each of them', () => {
    const present = Object.keys(createActivities(nothing())).sort();
    const listed = Object.values(activitiesByVerb).flat();
    assert.deepEqual(
      present.filter((name) => !(listed as string[]).includes(name)),
      [],
    );
    const verbs = new Set(ways.flatMap(({ verb }) => verb ?? []));
    assert.deepEqual(
      Object.keys(activitiesByVerb).filter((verb) => verb.includes(':') && !verbs.has(verb)),
      [],
    );
  });
});

/** The route that takes a request: the longest that fits, as literal parts go before names and names before `*`. */
function routeOf(request: string, routes: readonly PrintedRoute[]): string | undefined {
  const withoutQuery = request.split('?')[0] ?? '';
  const fitting = routes.filter(({ pattern }) => pattern.test(withoutQuery));
  const rank = ({ name }: PrintedRoute) => name.replaceAll(/:\w+/g, ':').replaceAll('*', '').length;
  return fitting.toSorted((a, b) => rank(b) - rank(a))[0]?.name;
}

/** Dependencies that nothing is asked of while activities are only made. */
function nothing(): ActivityDeps {
  return new Proxy({} as ActivityDeps, { get: () => nothing() });
}
