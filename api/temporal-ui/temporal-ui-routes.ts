import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Dispatcher } from 'undici';
import { PlatformError } from '../../contracts/errors.ts';
import { checkAdministrator } from '../access/check-administrator.ts';
import type { Gateway } from '../gateway.ts';
import { checkOrigin } from '../kubernetes/origin.ts';
import { hasBody } from '../kubernetes/stream-request.ts';
import { callerOf } from '../plugins/access.ts';
import { temporalUiPath } from './temporal-ui.ts';
import {
  temporalUiAnswerHeaders,
  temporalUiPolicy,
  temporalUiRequestHeaders,
} from './temporal-ui-headers.ts';

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** `/temporal/…`: Temporal's web UI for administrators of the platform. */
export async function temporalUiRoutes(app: FastifyInstance, gateway: Gateway): Promise<void> {
  // Bodies are passed on as they come.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  const handler = async (request: FastifyRequest, reply: FastifyReply) => {
    await checkAdministrator(gateway, callerOf(request));
    if (request.method !== 'GET' && request.method !== 'HEAD')
      checkOrigin(request.headers.origin, gateway.publicUrl);
    return carry(request, reply, gateway);
  };
  const config = { access: 'authenticated' } as const;
  for (const url of [temporalUiPath, `${temporalUiPath}/*`])
    app.route({ method: [...methods], url, config, schema: { hide: true }, handler });
}

async function carry(
  request: FastifyRequest,
  reply: FastifyReply,
  { temporalUi, publicUrl }: Gateway,
): Promise<FastifyReply> {
  const away = (cause?: unknown) =>
    new PlatformError('temporal_unavailable', "Temporal's web UI cannot be reached at the moment", { cause });
  if (temporalUi === undefined) throw away();
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  const answer = await temporalUi.dispatcher
    .request({
      method: request.method as Dispatcher.HttpMethod,
      path: request.raw.url ?? temporalUiPath,
      headers: temporalUiRequestHeaders(request.headers),
      body: hasBody(request.raw) ? request.raw : null,
      signal: gone.signal,
    })
    .catch((error: unknown) => {
      throw away(error);
    });
  reply.code(answer.statusCode).headers(temporalUiAnswerHeaders(answer.headers));
  const own = answer.headers['content-security-policy'];
  const isPage = String(answer.headers['content-type']).startsWith('text/html');
  // Rendered content of workflows comes with a sandbox of its own, stricter than ours.
  if (own !== undefined) reply.header('content-security-policy', own);
  if (!isPage) {
    if (own === undefined) reply.header('content-security-policy', temporalUiPolicy(publicUrl, ''));
    return reply.send(answer.body);
  }
  const page = Buffer.from(await answer.body.arrayBuffer());
  if (own === undefined)
    reply.header('content-security-policy', temporalUiPolicy(publicUrl, isUtf8(page) ? page.toString() : ''));
  return reply.send(page);
}
