import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Gateway } from '../../gateway.ts';
import { checkFetchDestination } from '../../http/browser-checks.ts';
import { type KubernetesTarget, parseKubernetesPath } from '../../http/kubernetes-path.ts';
import { waitingBytes } from '../../http/waiting-bytes.ts';
import type { Caller } from '../../identity/caller.ts';
import { callerOf } from '../../plugins/access.ts';
import { answerAsRead } from '../../proxy/computed/answer-as-read.ts';
import { computedRequest } from '../../proxy/computed/computed-request.ts';
import { discoveryChange } from '../../proxy/discovery/discovery-answers.ts';
import { hidingRequest, seesHidden } from '../../proxy/filtered/hiding.ts';
import { selfReviewOf, serveSelfReview } from '../../proxy/filtered/self-review.ts';
import type { FilteredHandler } from '../../proxy/filtered/serve-filtered.ts';
import { serveHidden } from '../../proxy/filtered/serve-hidden.ts';
import { isOfOwnAccount, serveOwnAccount } from '../../proxy/filtered/serve-own-account.ts';
import { refuseUnseen } from '../../proxy/filtered/unseen.ts';
import { isolation, proxy } from '../../proxy/proxy.ts';
import { kubernetesRecheck, openingRequest } from '../../proxy/recheck.ts';
import { resolveUpstream } from '../../proxy/resolve-upstream.ts';
import type { ResolvedUpstream } from '../../proxy/resolved-upstream.ts';
import { checkSubresource } from '../../proxy/unknown-subresource.ts';
import type { Recheck } from '../../streams/stream-registry.ts';
import { bodyOfCheckedWrite } from './checked-write.ts';
import { serveFirstApply } from './first-apply.ts';
import { servePasswordSecret } from './reset-password.ts';

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/** A request to what sleeps. */
interface Holding {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly caller: Caller;
  readonly target: KubernetesTarget;
  readonly recheck: () => Recheck;
}

/** Everything under `/kubernetes/` that no other route takes: carried through under the caller's identity. */
export async function proxyRoutes(
  app: FastifyInstance,
  gateway: Gateway,
  filtered: FilteredHandler,
): Promise<void> {
  // Bodies are streams here, whatever they are.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  const awake = (found: ResolvedUpstream, { request, reply, caller, target, recheck }: Holding) =>
    gateway.held.awake(found, {
      ...{ caller, target, recheck, id: request.id },
      ...{ method: request.method, headers: request.headers },
      bytes: waitingBytes(request.raw),
      onGone: (listener) => void (reply.raw.closed ? listener() : reply.raw.once('close', listener)),
    });
  const handler = async (request: FastifyRequest, reply: FastifyReply) => {
    checkFetchDestination(request.headers['sec-fetch-dest']);
    const target = parseKubernetesPath(request.raw.url ?? '');
    const caller = callerOf(request);
    checkSubresource(request.method, target);
    const served = filtered.request(request, reply, caller, target);
    if (served !== false && (await served)) return reply;
    const kind = selfReviewOf(request.method, target);
    if (kind !== undefined) return serveSelfReview(request, reply, { gateway, caller, target, kind });
    await refuseUnseen(gateway, caller, request.method, target);
    if (await isOfOwnAccount(gateway, caller, request.method, target))
      return serveOwnAccount(request, reply, gateway, target);
    const hiding = hidingRequest(request.method, target);
    if (
      hiding !== undefined &&
      !(await seesHidden(gateway.review, caller.identity, hiding.plural, hiding.place))
    ) {
      await resolveUpstream(gateway, caller, target, request.method); // the scope of their key
      return serveHidden(request, reply, { gateway, caller, target, hiding });
    }
    const recheck = () => kubernetesRecheck(gateway, openingRequest(request.raw), caller, target);
    const found = await resolveUpstream(gateway, caller, target, request.method);
    const destination =
      found.sleeper === undefined ? found : await awake(found, { request, reply, caller, target, recheck });
    if (destination === undefined) return reply.hijack(); // nobody waits for an answer
    const { instance } = destination;
    const using = { caller, target, method: request.method, headers: request.headers };
    gateway.activity.used(instance, using);
    const reset = await servePasswordSecret(gateway, caller, request, reply, target);
    if (reset.isServed) return reply;
    const applied = await serveFirstApply(gateway, caller, request, reply, target);
    if (applied.isServed) return reply;
    const body = reset.body ?? applied.body ?? (await bodyOfCheckedWrite(gateway, caller, request, target));
    const { review, usage, streams, managementJson } = gateway;
    const computed = computedRequest(request.method, target, request.headers.accept);
    const reader = { review, usage, managementJson, identity: caller.identity };
    const change = computed ? answerAsRead(reader, computed) : discoveryChange(request.method, target);
    const opened = () => gateway.activity.opened(instance, using);
    return proxy(request, reply, { target, caller, destination, streams, recheck, opened, change, body });
  };
  // In place of Helmet's: what is carried has them already, so they are set on our own answers only.
  app.addHook('onSend', (_request, reply, payload, done) => {
    reply.headers(isolation);
    done(null, payload);
  });
  const config = {
    access: 'authenticated',
    scope: 'kubernetes',
    impersonation: true,
    ownHeaders: true,
  } as const;
  for (const url of ['/kubernetes', '/kubernetes/*'])
    app.route({ method: [...methods], url, config, schema: { hide: true }, handler });
}
