import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Dispatcher } from 'undici';
import { PlatformError } from '../../../contracts/errors.ts';
import { checkAdministrator } from '../../authorization/check-administrator.ts';
import type { Caller } from '../../identity/caller.ts';
import type { Gateway } from '../../gateway.ts';
import { addressInUse } from '../../http/address-in-use.ts';
import { checkOrigin } from '../../http/browser-checks.ts';
import { hasBody } from '../../http/has-body.ts';
import { callerOf } from '../../plugins/access.ts';
import { sendFailure } from '../../http/failures.ts';
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
    const caller = callerOf(request);
    if (request.method !== 'GET' && request.method !== 'HEAD') checkOwnPage(request, caller, gateway);
    await checkAdministrator(gateway, caller);
    return carry(request, reply, gateway);
  };
  app.setErrorHandler((error, request, reply) =>
    isPageForNobody(error, request)
      ? reply.redirect(`/login?returnTo=${encodeURIComponent(request.raw.url ?? temporalUiPath)}`, 303)
      : sendFailure(error, request, reply),
  );
  const config = { access: 'authenticated', guardsForgery: true } as const;
  for (const url of [temporalUiPath, `${temporalUiPath}/*`])
    app.route({ method: [...methods], url, config, schema: { hide: true }, handler });
}

/** The UI's pages know nothing of our token; a browser names the page's origin with every change. */
function checkOwnPage({ headers }: FastifyRequest, caller: Caller, { publicUrl }: Gateway): void {
  if (caller.credential.kind === 'session' && headers.origin === undefined)
    throw new PlatformError('forbidden', 'a change with a session needs the Origin header of our own pages');
  if (headers.cookie !== undefined) checkOrigin(headers, publicUrl);
}

/** A person in a browser who is not logged in, or not any more. */
function isPageForNobody(error: unknown, { method, headers }: FastifyRequest): boolean {
  return (
    error instanceof PlatformError &&
    error.code === 'unauthenticated' &&
    method === 'GET' &&
    headers.authorization === undefined &&
    headers.accept?.includes('text/html') === true
  );
}

async function carry(
  request: FastifyRequest,
  reply: FastifyReply,
  { temporalUi, publicUrl }: Gateway,
): Promise<FastifyReply> {
  const away = (cause?: unknown) =>
    new PlatformError('temporal_unavailable', "Temporal's web UI cannot be reached at the moment", { cause });
  if (temporalUi === undefined) throw away();
  // Now: a request whose body was carried has no socket any more.
  const address = addressInUse(request.raw, publicUrl);
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
    if (own === undefined) reply.header('content-security-policy', temporalUiPolicy(address, ''));
    return reply.send(answer.body);
  }
  const page = Buffer.from(
    await answer.body.arrayBuffer().catch((error: unknown) => {
      throw away(error);
    }),
  );
  if (own === undefined)
    reply.header('content-security-policy', temporalUiPolicy(address, isUtf8(page) ? page.toString() : ''));
  return reply.send(page);
}
