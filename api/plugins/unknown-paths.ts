import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import fp from 'fastify-plugin';
import { PlatformError } from '../../contracts/errors.ts';

/** 404 for paths that no route has, 405 with `Allow` for methods that the routes of a path do not have, whatever their body. */
export const unknownPaths = fp(
  async (app: FastifyInstance) => {
    const known = createKnownPaths();
    app.addHook('onRoute', (route) => known.add(route));
    // Hooks run for unknown paths only where there is a handler of them.
    app.setNotFoundHandler((request) => {
      throw noRoute(request);
    });
    // Before the body is read, whatever is in it; on the next tick, when a request without one has come whole, since an answer
    // before that costs the client its connection.
    app.addHook('onRequest', (request, reply, done) => {
      if (request.is404) process.nextTick(done, refusalOf(request, reply, known));
      else done();
    });
  },
  { name: 'unknown-paths', dependencies: ['audit'] },
);

interface KnownPaths {
  add(route: Pick<RouteOptions, 'url' | 'method'>): void;
  /** Methods of `path`; none if no route has it. What is below a wildcard is not known here. */
  methodsOf(path: string): string[];
}

function createKnownPaths(): KnownPaths {
  const routes: { readonly pattern: RegExp; readonly methods: readonly string[] }[] = [];
  return {
    add({ url, method }) {
      if (url.includes('*')) return;
      const pattern = url.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll(/:\w+/g, '[^/]+');
      routes.push({ pattern: new RegExp(`^${pattern}$`), methods: [method].flat() });
    },
    methodsOf: (path) => [
      ...new Set(routes.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods)),
    ],
  };
}

function refusalOf(request: FastifyRequest, reply: FastifyReply, known: KnownPaths): PlatformError {
  const path = pathOf(request);
  const methods = known.methodsOf(path).join(', ');
  if (methods === '') return noRoute(request);
  reply.header('allow', methods);
  return new PlatformError('method_not_allowed', `${path} has no method ${request.method}, but ${methods}`);
}

function noRoute(request: FastifyRequest): PlatformError {
  return new PlatformError('not_found', `no route for ${request.method} ${pathOf(request)}`);
}

function pathOf(request: FastifyRequest): string {
  return (request.raw.url ?? '/').split('?', 1)[0]?.slice(0, 200) ?? '/';
}
