import type { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Dispatcher } from 'undici';
import { PlatformError } from '../../../contracts/errors.ts';
import type { Caller } from '../../identity/caller.ts';
import type { Gateway } from '../../gateway.ts';
import { kubernetesRecheck, openingRequest, type OpeningRequest } from '../recheck.ts';
import { hideEntry, hideFrom, hideFromEvent, type HidingRequest } from './hiding.ts';
import { managementUnreachable } from '../../upstreams/json-request.ts';
import { linesOf } from './body-lines.ts';
import { acceptedJson, type Listing, type Shown, textOf } from './reader.ts';
import { checkOutgoingHeaders } from '../../upstreams/outgoing-header-check.ts';
import { isImpersonationDenied, unknownIdentityMessage } from '../../upstreams/impersonation-denied.ts';
import { isolation } from '../proxy.ts';
import { upstreamHeaders } from '../../upstreams/request-headers.ts';
import type { KubernetesTarget } from '../../http/kubernetes-path.ts';
import { hasBody } from '../forward-request.ts';
import { followWatch, httpWatchClient, type WatchClient } from './watch-client.ts';

const silenceMs = 65_000;

interface Hidden {
  readonly gateway: Gateway;
  readonly caller: Caller;
  readonly target: KubernetesTarget;
  readonly hiding: HidingRequest;
}

/** A request to be carried, as its client sent it. */
interface Carried {
  readonly id: string;
  readonly opening: OpeningRequest;
  readonly body: Readable | Buffer | null;
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
  if (hidden.hiding.verb === 'watch') {
    await watchHidden(httpWatchClient(request, reply, hidden.caller, isolation), request.id, hidden);
    return reply;
  }
  const answer = await carryAsJson(carriedOf(request), hidden, AbortSignal.timeout(silenceMs));
  return sendWhole(reply, answer, hidden);
}

async function sendWhole(
  reply: FastifyReply,
  answer: Dispatcher.ResponseData,
  { gateway, caller, hiding }: Hidden,
): Promise<FastifyReply> {
  const text = await answerText(answer, caller);
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

/** @throws PlatformError `forbidden`, `management_unavailable` if the gateway may not act as the caller */
export async function answerText(answer: Dispatcher.ResponseData, { identity }: Caller): Promise<string> {
  const text = await textOf(answer);
  if (!isImpersonationDenied(answer.statusCode, text)) return text;
  throw identity.originalUser === undefined
    ? new PlatformError(managementUnreachable.code, managementUnreachable.message)
    : new PlatformError('forbidden', unknownIdentityMessage);
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

/**
 * Serves such a watch, each event by itself; it ends like any other that is carried (proxy/forward-request.ts).
 * @throws PlatformError `management_unavailable`, `forbidden` before an answer has begun
 */
export async function watchHidden(client: WatchClient, id: string, hidden: Hidden): Promise<void> {
  const { gateway, caller, target, hiding } = hidden;
  const { opening } = client;
  const recheck = () => kubernetesRecheck(gateway, opening, caller, target);
  await followWatch(gateway, client, recheck, async (signal) => {
    const answer = await carryAsJson({ id, opening, body: null }, hidden, signal, true);
    const contentType = String(answer.headers['content-type'] ?? 'application/json');
    if (answer.statusCode !== 200) {
      const text = await answerText(answer, caller);
      client.begin(answer.statusCode, contentType);
      await client.write(text);
      return;
    }
    client.begin(200, contentType);
    for await (const line of linesOf(answer.body)) {
      if (line === '') continue;
      const { type, object } = JSON.parse(line) as { type: string; object: Shown | Listing };
      const shown = await hideFromEvent(gateway.review, caller.identity, hiding.plural, object);
      await client.write(`${JSON.stringify({ type, object: shown })}\n`);
    }
  });
}

/** A request with its body. */
export function carriedOf({ id, raw }: FastifyRequest): Carried {
  return { id, opening: openingRequest(raw), body: hasBody(raw) ? raw : null };
}

/** Carries a request to the management API under the caller's identity; its answer is JSON. @throws PlatformError `management_unavailable` */
export async function carryAsJson(
  { id, opening: { method, headers: given, rawHeaders }, body }: Carried,
  { gateway, caller: { identity }, target: { upstreamPath } }: Omit<Hidden, 'hiding'>,
  signal: AbortSignal,
  isWatch = false,
): Promise<Dispatcher.ResponseData> {
  const headers = ['Accept', acceptedJson(given.accept)];
  const rest = upstreamHeaders(rawHeaders, identity, id);
  for (let index = 0; index + 1 < rest.length; index += 2) {
    const [name, value] = [rest[index] as string, rest[index + 1] as string];
    // What is packed or in another form could not be read here.
    if (!/^accept(-encoding)?$/i.test(name)) headers.push(name, value);
  }
  checkOutgoingHeaders(headers);
  try {
    const answer = await gateway.management.dispatcher.request({
      method: method as Dispatcher.HttpMethod,
      path: upstreamPath,
      headers,
      body,
      headersTimeout: silenceMs,
      bodyTimeout: isWatch ? 0 : silenceMs,
      signal,
    });
    if (answer.statusCode !== 401) return answer;
    throw new Error(`401 for the gateway: ${await answer.body.text()}`);
  } catch (cause) {
    if (signal.aborted && isWatch) throw cause;
    throw new PlatformError(managementUnreachable.code, managementUnreachable.message, { cause });
  }
}
