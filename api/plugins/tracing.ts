import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import { currentTracer } from '../../adapters/tracing/spans.ts';
import { requestAttributes, traceOf } from '../http/traced-request.ts';

/** A span for every request that is sampled, as part of the client's trace if it says one. */
export const tracing = fp(
  async (app: FastifyInstance) => {
    const tracer = currentTracer();
    if (tracer === undefined) return;
    app.addHook('onRequest', (request, { raw }, done) => {
      const { method, routeOptions, headers, id } = request;
      const route = routeOptions.url;
      const attributes = { ...requestAttributes(id, request), 'http.route': route };
      const name = route === undefined ? method : `${method} ${route}`;
      const span = tracer.root({ name, kind: 'server', attributes }, traceOf(headers));
      if (span === undefined) return done();
      raw.once('close', () => {
        const code = raw.headersSent ? raw.statusCode : undefined;
        const failure = code === undefined ? 'client_gone' : code >= 500 ? String(code) : undefined;
        span.set({ 'http.response.status_code': code, 'error.type': failure });
        span.end(failure);
      });
      span.run(done);
    });
  },
  { name: 'tracing' },
);
