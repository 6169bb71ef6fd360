import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Dispatcher } from 'undici';
import { PlatformError } from '../../../contracts/errors.ts';
import type { Caller } from '../../identity/caller.ts';
import type { Gateway } from '../../gateway.ts';
import { kubernetesRecheck } from '../recheck.ts';
import { hideEntry, hideFrom, hideFromEvent, type HidingRequest } from './hiding.ts';
import { managementUnreachable } from '../../upstreams/json-request.ts';
import { withComputed, withComputedInEvent } from '../computed/computed-objects.ts';
import { linesOf } from './body-lines.ts';
import { answerText, carriedOf, carryAsJson, silenceMs } from './carry-as-json.ts';
import type { Listing, Shown } from './reader.ts';
import { isolation } from '../proxy.ts';
import type { KubernetesTarget } from '../../http/kubernetes-path.ts';
import { followWatch, httpWatchClient, type WatchClient } from './watch-client.ts';
import { jsonText } from '../../http/json-text.ts';

interface Hidden<P extends string = HidingRequest['plural']> {
  readonly gateway: Gateway;
  readonly caller: Caller;
  readonly target: KubernetesTarget;
  readonly hiding: { readonly plural: P; readonly verb: string };
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
  const body = isShown ? jsonText(await asShown(JSON.parse(text) as Listing, gateway, caller, hiding)) : text;
  return reply.code(answer.statusCode).header('content-type', contentType).send(body);
}

async function asShown(
  answer: Listing,
  { review, usage }: Gateway,
  { identity }: Caller,
  { plural }: Hidden['hiding'],
): Promise<object> {
  const { kind, items, rows } = answer;
  if (kind === 'Status') return answer;
  if (rows) return { ...answer, rows: await hideFrom(review, identity, plural, rows) };
  const shown = items
    ? { ...answer, items: await hideFrom(review, identity, plural, items) }
    : hideEntry(plural, answer as unknown as Shown);
  await usage.fresh(plural);
  return withComputed<object>({ review, usage, identity }, plural, shown);
}

/**
 * Serves such a watch, each event by itself; it ends like any other that is carried (proxy/forward-request.ts).
 * @throws PlatformError `management_unavailable`, `forbidden` before an answer has begun
 */
export async function watchHidden(client: WatchClient, id: string, hidden: Hidden<string>): Promise<void> {
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
      const { review, usage } = gateway;
      const reader = { review, usage, identity: caller.identity };
      const event = withComputedInEvent(reader, hiding.plural, { type, object: shown });
      await client.write(`${jsonText(event)}\n`);
    }
  });
}
