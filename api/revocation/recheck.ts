import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { PlatformError } from '../../contracts/errors.ts';
import { kubernetesRequest } from '../../domain/kubernetes-request.ts';
import type { Caller } from '../auth/caller.ts';
import type { Gateway } from '../gateway.ts';
import { impersonatedCaller } from '../kubernetes/impersonation.ts';
import { createJsonClient } from '../kubernetes/json-request.ts';
import type { Recheck } from '../kubernetes/open-streams.ts';
import type { KubernetesTarget } from '../kubernetes/request-path.ts';
import { resolveDestination } from '../kubernetes/resolve-destination.ts';

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

type Deps = Pick<
  Gateway,
  'authenticateAgain' | 'directory' | 'review' | 'management' | 'clusters' | 'tenants'
>;

/**
 * Whether `caller` is still who opened the stream and `allowed` still holds. Groups that came or went count as
 * somebody else: an API server decides about a watch only when it begins, so the client begins anew.
 * @param about what `allowed` looks at besides the caller; default: method and URL
 */
export function recheckOf(
  gateway: Pick<Gateway, 'authenticateAgain' | 'review'>,
  request: OpeningRequest,
  caller: Caller,
  allowed: (caller: Caller) => Promise<void>,
  about?: () => unknown,
): Recheck {
  const { method, headers, rawHeaders } = request;
  let key: string | undefined;
  return {
    // Most requests are over before anybody asks.
    get key() {
      key ??= keyOf(caller, about?.() ?? [method, request.url]);
      return key;
    },
    async run() {
      const authenticated = await gateway.authenticateAgain(headers, method);
      const now =
        caller.identity.originalUser === undefined
          ? authenticated
          : await impersonatedCaller(gateway.review, authenticated, rawHeaders);
      if (JSON.stringify(now.identity) !== JSON.stringify(caller.identity))
        throw new PlatformError('forbidden', 'your groups have changed; begin anew');
      await allowed(now);
    },
  };
}

/** Recheck of a stream from a Kubernetes API: the gateway's door, and the RBAC of the API behind it. */
export function kubernetesRecheck(
  gateway: Deps,
  request: OpeningRequest,
  caller: Caller,
  target: KubernetesTarget,
): Recheck {
  const review = () => reviewOf(request.method, target.upstreamPath);
  // Not the whole URL: watches that differ only in where they began are one question.
  const about = () => [target.prefix, review().spec];
  const allowed = async (now: Caller) => {
    const destination = await resolveDestination(gateway, now, target, request.method);
    const upstream = await destination.upstream();
    const client = createJsonClient(upstream.dispatcher, destination.unreachable);
    const answer = await client(now.identity, {
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      body: review(),
    });
    const { status } = (answer.body ?? {}) as { status?: { allowed?: boolean } };
    if (answer.status === 201 && status?.allowed === false)
      throw new PlatformError('forbidden', 'the right to this stream was taken away');
  };
  return recheckOf(gateway, request, caller, allowed, about);
}

function keyOf({ credential, identity }: Caller, about: unknown): string {
  const { kind, name, expiresAt } = credential;
  // An ID token has no name of its own; its end tells it from its user's others.
  return JSON.stringify([kind, name, kind === 'oidc' ? expiresAt : undefined, identity, about]);
}

function reviewOf(method: string, pathAndQuery: string) {
  const { verb, path, resource } = kubernetesRequest(method, pathAndQuery);
  return {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec:
      resource === undefined
        ? { nonResourceAttributes: { verb, path } }
        : { resourceAttributes: { verb, ...resource } },
  };
}
