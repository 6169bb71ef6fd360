import type { FastifyInstance, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { PlatformError } from '../../contracts/errors.ts';
import type { Authenticate } from '../auth/authenticate.ts';
import type { Caller } from '../identity/caller.ts';
import { checkRouteScope, type RouteScope } from '../authorization/scope-check.ts';
import {
  impersonatedCaller,
  type ImpersonationDeps,
  refuseImpersonation,
} from '../authorization/impersonation.ts';

/**
 * The callers of a route. `public`: anyone; `authenticated`: callers with a valid credential (what they may see
 * or do there the route decides by the management API).
 */
export type RouteAccess = 'public' | 'authenticated';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: RouteAccess;
    /** What a key with a scope must open for it; left out, only keys without a scope may call the route. */
    scope?: RouteScope;
    /** Whether `Impersonate-*` headers are understood there (`kubectl --as`); elsewhere they are refused. */
    impersonation?: boolean;
    /** The route itself sees to it that a session's changes come from our own pages. */
    guardsForgery?: boolean;
  }
  interface FastifyRequest {
    /** Set on every route but public ones; `callerOf` reads it. */
    caller: Caller | undefined;
  }
}

const publicRoutes = 'publicRoutes';

/** Declares that all routes of this plugin are public: those of a library declare nothing themselves. */
export function declarePublic(plugin: FastifyInstance): void {
  plugin.decorate(publicRoutes, true);
}

/** Default deny: a route that does not declare `config.access` is refused when it is registered. */
export const access = fp(
  async (app: FastifyInstance, options: ImpersonationDeps & { authenticate: Authenticate }) => {
    app.decorateRequest('caller', undefined);
    app.addHook('onRoute', function (this: FastifyInstance, route) {
      if (this.hasDecorator(publicRoutes)) route.config = { ...route.config, access: 'public' };
      if (route.config?.access === undefined) {
        throw new Error(`route ${String(route.method)} ${route.url} declares no config.access`);
      }
    });
    app.addHook('onRequest', async (request) => {
      if (request.is404) return; // unknown paths reveal nothing, so they need no key
      const { access, guardsForgery = false, impersonation = false, scope } = request.routeOptions.config;
      if (access === 'public') return;
      const caller = await options.authenticate(request.headers, guardsForgery ? 'GET' : request.method);
      checkRouteScope(caller, scope, request);
      request.caller = caller; // whom the audit log names if impersonation is refused
      const { rawHeaders, url } = request.raw;
      if (!impersonation) refuseImpersonation(rawHeaders);
      request.caller = impersonation ? await impersonatedCaller(options, caller, rawHeaders, url) : caller;
    });
  },
  { name: 'access', dependencies: ['request-guard'] },
);

/** The caller of a request to a route with access `authenticated`. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === undefined) throw new PlatformError('unauthenticated', 'an access key is needed');
  return request.caller;
}
