import { once } from 'node:events';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Dispatcher } from 'undici';
import { PlatformError } from '../../../contracts/errors.ts';
import type { Caller } from '../../identity/caller.ts';
import type { Gateway } from '../../gateway.ts';
import { kubernetesRecheck, openingRequest } from '../recheck.ts';
import { hideEntry, hideFrom, hideFromEvent, type HidingRequest } from './hiding.ts';
import { managementUnreachable } from '../../upstreams/json-request.ts';
import { linesOf } from './body-lines.ts';
import { acceptedJson, type Listing, type Shown, textOf } from './reader.ts';
import { GatewayShutdown } from '../../streams/stream-registry.ts';
import { checkOutgoingHeaders } from '../../upstreams/outgoing-header-check.ts';
import { isImpersonationDenied, unknownIdentityMessage } from '../../upstreams/impersonation-denied.ts';
import { isolation } from '../proxy.ts';
import { upstreamHeaders } from '../../upstreams/request-headers.ts';
import type { KubernetesTarget } from '../../http/kubernetes-path.ts';
import { hasBody } from '../forward-request.ts';

const silenceMs = 65_000;

interface Hidden {
  readonly gateway: Gateway;
  readonly caller: Caller;
  readonly target: KubernetesTarget;
  readonly hiding: HidingRequest;
}

/**
 * Serves a read or deletion by a caller who may not change what it shows: carried to the management API under the caller's
 * identity, the answer read as JSON and sent without what is hidden from them.
 * @throws PlatformError `management_unavailable`, `forbidden`
 */
export async function serveHidden(
  request: FastifyRequest,
  reply: FastifyReply,
  hidden: Hidden,
): Promise<FastifyReply> {
  if (hidden.hiding.verb === 'watch') return watch(request, reply, hidden);
  const answer = await carry(request, hidden, AbortSignal.timeout(silenceMs));
  return sendWhole(reply, answer, hidden);
}

async function sendWhole(
  reply: FastifyReply,
  answer: Dispatcher.ResponseData,
  { gateway, caller, hiding }: Hidden,
): Promise<FastifyReply> {
  const text = await textOf(answer);
  if (isImpersonationDenied(answer.statusCode, text))
    throw caller.identity.originalUser === undefined
      ? new PlatformError(managementUnreachable.code, managementUnreachable.message)
      : new PlatformError('forbidden', unknownIdentityMessage);
  const { warning, 'content-type': contentType = 'application/json' } = answer.headers;
  if (warning !== undefined) reply.header('warning', warning);
  const isShown = answer.statusCode < 300 && text !== '';
  // What could not be read is not shown.
  if (isShown && !String(contentType).startsWith('application/json'))
    throw new PlatformError(managementUnreachable.code, managementUnreachable.message);
  const body = isShown
    ? JSON.stringify(await withoutHidden(JSON.parse(text), gateway, caller, hiding))
    : text;
  return reply.code(answer.statusCode).header('content-type', contentType).send(body);
}

async function withoutHidden(
  answer: unknown,
  { review }: Gateway,
  { identity }: Caller,
  { plural }: HidingRequest,
): Promise<unknown> {
  const listing = answer as Listing;
  const { kind, items, rows } = listing;
  if (kind === 'Status') return answer;
  if (items) return { ...listing, items: await hideFrom(review, identity, plural, items) };
  if (rows) return { ...listing, rows: await hideFrom(review, identity, plural, rows) };
  return hideEntry(plural, answer as Shown);
}

/** Each event by itself; the stream ends like any other that is carried (proxy/forward-request.ts). */
async function watch(request: FastifyRequest, reply: FastifyReply, hidden: Hidden): Promise<FastifyReply> {
  const { gateway, caller, target, hiding } = hidden;
  const ended = new AbortController();
  const response = reply.raw;
  response.once('close', () => ended.abort());
  const over = gateway.streams.add(
    caller,
    (reason) => {
      ended.abort(reason);
      if (!(reason instanceof GatewayShutdown)) response.destroy();
    },
    () => kubernetesRecheck(gateway, openingRequest(request.raw), caller, target),
  );
  try {
    const answer = await carry(request, hidden, ended.signal);
    if (answer.statusCode !== 200) return await sendWhole(reply, answer, hidden);
    reply.hijack();
    response.writeHead(200, {
      'content-type': String(answer.headers['content-type'] ?? 'application/json'),
      'cache-control': 'no-cache, private',
      'x-request-id': request.id,
      ...isolation,
    });
    response.flushHeaders();
    for await (const line of linesOf(answer.body)) {
      if (line === '') continue;
      const { type, object } = JSON.parse(line) as { type: string; object: Shown | Listing };
      const shown = await hideFromEvent(gateway.review, caller.identity, hiding.plural, object);
      if (!response.write(`${JSON.stringify({ type, object: shown })}\n`))
        await once(response, 'drain', { signal: ended.signal });
    }
    response.end();
  } catch (error) {
    if (!response.headersSent && !ended.signal.aborted) throw error;
    if (!ended.signal.aborted)
      request.log.warn({ err: error }, 'watch with hidden fields ended unexpectedly');
    if (ended.signal.reason instanceof GatewayShutdown) response.end();
    else response.destroy();
  } finally {
    over();
  }
  if (!reply.sent) reply.hijack();
  return reply;
}

async function carry(
  request: FastifyRequest,
  { gateway: { management }, caller: { identity }, target: { upstreamPath }, hiding }: Hidden,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  const headers = ['Accept', acceptedJson(request.headers.accept)];
  const rest = upstreamHeaders(request.raw.rawHeaders, identity, request.id);
  for (let index = 0; index + 1 < rest.length; index += 2) {
    const [name, value] = [rest[index] as string, rest[index + 1] as string];
    // What is packed or in another form could not be read here.
    if (!/^accept(-encoding)?$/i.test(name)) headers.push(name, value);
  }
  checkOutgoingHeaders(headers);
  try {
    const answer = await management.dispatcher.request({
      method: request.method as Dispatcher.HttpMethod,
      path: upstreamPath,
      headers,
      body: hasBody(request.raw) ? request.raw : null,
      headersTimeout: silenceMs,
      bodyTimeout: hiding.verb === 'watch' ? 0 : silenceMs,
      signal,
    });
    if (answer.statusCode !== 401) return answer;
    throw new Error(`401 for the gateway: ${await answer.body.text()}`);
  } catch (cause) {
    if (signal.aborted && hiding.verb === 'watch') throw cause;
    throw new PlatformError(managementUnreachable.code, managementUnreachable.message, { cause });
  }
}
