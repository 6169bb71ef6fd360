import { ApiException } from '@kubernetes/client-node/dist/gen/apis/exception.js';
import { type HttpMethod, RequestContext } from '@kubernetes/client-node/dist/gen/http/http.js';
import { type Dispatcher, type Response, fetch } from 'undici';

/**
 * Where requests go, and as whom: of client-node's KubeConfig what is needed here. The gateway has one of its own, so that it does
 * without client-node's index, 16 MB of generated code that take 45 MiB of memory in a process.
 */
export interface ApiTarget {
  getCurrentCluster(): { readonly server: string } | null;
  applySecurityAuthentication(context: RequestContext): Promise<void>;
  /** New connections for one who asks again and again, and ends them; absent: everybody shares the target's. */
  ownConnections?(): Dispatcher;
}

export interface KubernetesRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path below the server's address, with its query. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly contentType?: string;
  /** Default `application/json`. */
  readonly accept?: string | undefined;
  readonly signal?: AbortSignal;
  /** Default: as the target says. */
  readonly connections?: Dispatcher | undefined;
}

const defaultTimeoutMs = 30_000;

/** What to accept for objects without their content, the name of a list or of one object. */
export function acceptMetadata(of: 'PartialObjectMetadataList' | 'PartialObjectMetadata'): string {
  return `application/json;as=${of};g=meta.k8s.io;v=v1`;
}

/**
 * The answer to one request, as JSON. A 30 s limit holds unless `signal` is given.
 * @throws ApiException if the API answers with an error; what `fetch` throws if it cannot be reached
 */
export async function requestJson(kubeConfig: ApiTarget, request: KubernetesRequest): Promise<unknown> {
  const signal = request.signal ?? AbortSignal.timeout(defaultTimeoutMs);
  const response = await openRequest(kubeConfig, { ...request, signal });
  return response.json();
}

/** Like {@link requestJson}, but the answer's body is still to be read: for watches. There is no time limit of its own. */
export async function openRequest(kubeConfig: ApiTarget, request: KubernetesRequest): Promise<Response> {
  const server = kubeConfig.getCurrentCluster()?.server;
  if (server === undefined) throw new Error('the kubeconfig does not name a cluster');
  const url = `${server.replace(/\/$/, '')}${request.path}`;
  const method = request.method ?? 'GET';
  const context = new RequestContext(url, method as HttpMethod);
  await kubeConfig.applySecurityAuthentication(context);
  const dispatcher = request.connections ?? context.getDispatcher();
  const response = await fetch(url, {
    method,
    redirect: 'manual', // a cluster does not send us anywhere
    headers: {
      ...context.getHeaders(),
      Accept: request.accept ?? 'application/json',
      ...(request.body === undefined ? {} : { 'Content-Type': request.contentType ?? 'application/json' }),
    },
    ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    ...(dispatcher === undefined ? {} : { dispatcher }),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  });
  if (response.ok) return response;
  const text = await response.text();
  throw new ApiException(response.status, response.statusText, text, Object.fromEntries(response.headers));
}
