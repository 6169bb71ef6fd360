import helmet from '@fastify/helmet';
import Fastify from 'fastify';
import fp from 'fastify-plugin';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route sets all headers of its answers itself. */
    ownHeaders?: boolean;
  }
}

/**
 * Helmet's headers on every answer, but of routes that set their own. They are always the same, so Helmet is asked
 * for them once: as a hook it makes its chain of functions again for each request.
 */
export const pageHeaders = fp(
  async (app) => {
    const headers = Object.entries(await helmetHeaders());
    app.addHook('onRequest', (request, { raw }, done) => {
      if (request.routeOptions.config.ownHeaders !== true)
        for (const [name, value] of headers) raw.setHeader(name, value);
      done();
    });
  },
  { name: 'page-headers' },
);

async function helmetHeaders(): Promise<Record<string, string>> {
  const app = Fastify();
  await app.register(helmet, { hsts: false });
  app.get('/', (_request, reply) => reply.send(reply.raw.getHeaders()));
  const answer = await app.inject('/');
  await app.close();
  return answer.json();
}
