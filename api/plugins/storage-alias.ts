import fp from 'fastify-plugin';
import { speakStorage } from '../http/storage-alias.ts';

/** Requests for `storage.loft.sh/v1`, whose URL was rewritten (api/app.ts), are answered in that version. */
export const storageAlias = fp(
  async (app) => {
    app.addHook('onRequest', (request, reply, done) => {
      if (request.originalUrl !== request.raw.url) speakStorage(request.raw, reply.raw);
      done();
    });
  },
  { name: 'storage-alias', dependencies: ['request-guard'] },
);
