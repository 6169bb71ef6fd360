import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { PlatformError } from '../../contracts/errors.ts';
import { kubernetesRequest } from '../../domain/requests/kubernetes-request.ts';
import type { RbacQuestion } from '../../domain/access/rbac.ts';
import type { Caller } from '../identity/caller.ts';
import type { Gateway } from '../gateway.ts';
import { impersonatedCaller } from '../authorization/impersonation.ts';
import { createJsonClient } from '../upstreams/json-request.ts';
import type { Recheck } from '../streams/stream-registry.ts';
import type { KubernetesTarget } from '../http/kubernetes-path.ts';
import { resolveUpstream } from './resolve-upstream.ts';

/** The request that opened a stream. */
export interface OpeningRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
}

/** What is kept of a request for as long as its stream is open. */
export function openingRequest({
  method = '',
  url = '',
  headers,
  rawHeaders,
}: IncomingMessage): OpeningRequest {
  return { method, url, headers, rawHeaders };
}

/** Less than the time between two sweeps: one that is not answered delays no other. */
const upstreamReviewMs = 2_500;

type Deps = Pick<Gateway, 'authenticateAgain' | 'cache' | 'review' | 'management' | 'clusters' | 'tenants'>;

/**
 * Whether `caller` is still the user who opened the stream and `allowed` still holds. Changed groups count as
 * another caller: an API server decides about a watch only when it begins, so the client begins again.
 * @param options `about`: what `allowed` looks at besides the caller, default method and URL; `asked`: which check
 */
export function recheckOf(
  gateway: Pick<Gateway, 'authenticateAgain' | 'review' | 'cache'>,
  request: OpeningRequest,
  caller: Caller,
  allowed: (caller: Caller) => Promise<void>,
  { asked = 'access', about }: { asked?: 'access' | 'operations'; about?: () => unknown } = {},
): Recheck {
  const { method, headers, rawHeaders } = request;
  let key: string | undefined;
  return {
    // Most requests are over before the first recheck.
    get key() {
      key ??= keyOf(caller, about?.() ?? [method, request.url]);
      return key;
    },
    queue: `${caller.credential.kind} ${asked}`,
    async run() {
      const authenticated = await gateway.authenticateAgain(headers, method);
      const now =
        caller.identity.originalUser === undefined
          ? authenticated
          : await impersonatedCaller(gateway, authenticated, rawHeaders, request.url);
      if (JSON.stringify(now.identity) !== JSON.stringify(caller.identity))
        throw new PlatformError('forbidden', 'your groups have changed; reconnect');
      await allowed(now);
    },
  };
}

/** Recheck of a stream from a Kubernetes API: the gateway's own check, and the RBAC of the upstream. */
export function kubernetesRecheck(
  gateway: Deps,
  request: OpeningRequest,
  caller: Caller,
  target: KubernetesTarget,
): Recheck {
  // Not the whole URL: watches that differ only in where they began are one question.
  const { verb, path, resource } = kubernetesRequest(request.method, target.upstreamPath);
  const question: RbacQuestion = resource === undefined ? { verb, path } : { verb, ...resource };
  const about = () => [target.prefix, question];
  const allowed = async (now: Caller) => {
    await resolveUpstream(gateway, now, target, request.method);
    // There the upstream is the API that the gateway's check asks, and its RBAC is known here.
    if (target.kind !== 'management') return;
    if (!(await gateway.review.authorizes(now.identity, question))) throw rightTaken();
  };
  const gatewayCheck = recheckOf(gateway, request, caller, allowed, { about });
  if (target.kind === 'management') return gatewayCheck;
  const run = () => upstreamAllows(gateway, request, caller, target, question);
  return {
    key: gatewayCheck.key,
    queue: gatewayCheck.queue,
    run: gatewayCheck.run,
    upstreamCheck: { key: gatewayCheck.key, queue: target.prefix, run },
  };
}

function rightTaken(): PlatformError {
  return new PlatformError('forbidden', 'access to this stream was revoked');
}

/** @throws PlatformError `forbidden`, or why it cannot be decided */
async function upstreamAllows(
  gateway: Deps,
  { method }: OpeningRequest,
  caller: Caller,
  target: KubernetesTarget,
  question: RbacQuestion,
): Promise<void> {
  const destination = await resolveUpstream(gateway, caller, target, method);
  const upstream = await destination.upstream();
  const client = createJsonClient(upstream.dispatcher, destination.unreachable);
  const answer = await client(caller.identity, {
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: 'path' in question ? { nonResourceAttributes: question } : { resourceAttributes: question },
    },
    timeoutMs: upstreamReviewMs,
  });
  const { status } = (answer.body ?? {}) as { status?: { allowed?: boolean } };
  if (answer.status === 201 && status?.allowed === false) throw rightTaken();
}

function keyOf({ credential, identity }: Caller, about: unknown): string {
  const { kind, name, expiresAt } = credential;
  // An ID token has no name of its own; its end tells it from its user's others.
  return JSON.stringify([kind, name, kind === 'oidc' ? expiresAt : undefined, identity, about]);
}
