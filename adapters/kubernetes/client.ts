import {
  AppsV1Api,
  BatchV1Api,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  KubernetesObjectApi,
  RbacAuthorizationV1Api,
  StorageV1Api,
} from '@kubernetes/client-node';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import type { Writer } from '../../contracts/names.ts';
import { createProxyPool } from './proxy-pool.ts';

/** Clients of one Kubernetes API under one identity. They share the kubeconfig's connections. */
export interface ClusterClient {
  readonly kubeConfig: KubeConfig;
  readonly core: CoreV1Api;
  readonly apps: AppsV1Api;
  readonly batch: BatchV1Api;
  readonly rbac: RbacAuthorizationV1Api;
  readonly storage: StorageV1Api;
  /** Any kind by its object; custom resources through `custom`. */
  readonly objects: KubernetesObjectApi;
  readonly custom: CustomObjectsApi;
}

/** How long a server may take: without a bound, a server that hangs blocks its clients. */
export interface AnswerLimits {
  /** For a connection, TLS included. */
  readonly connectMs: number;
  /** For the head of an answer. */
  readonly headMs: number;
  /** Between two parts of its body. */
  readonly bodyMs: number;
}

/** An API server gives a request up after 60 s; a watch says something once a minute. */
const patient: AnswerLimits = { connectMs: 10_000, headMs: 65_000, bodyMs: 300_000 };
/** For the controllers' few short requests, of which there are some for every tenant cluster again and again. */
export const briefAnswers: AnswerLimits = { connectMs: 5_000, headMs: 5_000, bodyMs: 5_000 };

/**
 * Clients for the current context of a kubeconfig. Nothing is dialled before the first call; `proxy-url` and
 * `tls-server-name` are honoured.
 * @param kubeconfig YAML text, not a path
 * @param writer the process that writes; default: only reads
 */
export function connectCluster(
  kubeconfig: string,
  { writer, limits = patient }: { writer?: Writer | undefined; limits?: AnswerLimits | undefined } = {},
): ClusterClient {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromString(kubeconfig);
  shareConnections(kubeConfig, limits, writer);
  return {
    kubeConfig,
    core: kubeConfig.makeApiClient(CoreV1Api),
    apps: kubeConfig.makeApiClient(AppsV1Api),
    batch: kubeConfig.makeApiClient(BatchV1Api),
    rbac: kubeConfig.makeApiClient(RbacAuthorizationV1Api),
    storage: kubeConfig.makeApiClient(StorageV1Api),
    objects: KubernetesObjectApi.makeApiClient(kubeConfig),
    custom: kubeConfig.makeApiClient(CustomObjectsApi),
  };
}

/**
 * client-node 2.0.1 makes a new agent, hence a TLS handshake, for every request (6.2 ms a request on loopback
 * against 1.7 ms); after this all requests of the kubeconfig share one pool. HTTP/1.1 only: undici 8.12 throws
 * uncaught errors ("other side closed", "socket idle timeout") when an HTTP/2 connection ends.
 */
function shareConnections(kubeConfig: KubeConfig, limits: AnswerLimits, writer: Writer | undefined): void {
  const optionsFor = kubeConfig['createDispatcherOptions'].bind(kubeConfig);
  let shared: Dispatcher | undefined;
  Object.assign(kubeConfig, {
    createDispatcher: (...args: Parameters<typeof optionsFor>) =>
      (shared ??= named(dispatcherFor(optionsFor(...args), limits), writer)),
  });
}

/** `fetch` calls itself "undici" and cannot be told otherwise for every request in one place. */
function named(dispatcher: Dispatcher, writer: Writer | undefined): Dispatcher {
  if (writer === undefined) return dispatcher;
  return dispatcher.compose((dispatch) => (options, handler) => {
    // `fetch` gives them as an object.
    const others = Object.entries(options.headers ?? {}).filter(
      ([name]) => name.toLowerCase() !== 'user-agent',
    );
    return dispatch(
      { ...options, headers: { ...Object.fromEntries(others), 'User-Agent': writer } },
      handler,
    );
  });
}

function dispatcherFor(
  options: ReturnType<KubeConfig['createDispatcherOptions']>,
  { connectMs, headMs, bodyMs }: AnswerLimits,
): Dispatcher {
  const http1 = { allowH2: false };
  const limits = { connectTimeout: connectMs, headersTimeout: headMs, bodyTimeout: bodyMs };
  if (options.type === 'proxy') {
    const { uri, requestTls, connect } = options;
    // The types of undici's connectors and of Node's TLS options differ in what may be undefined.
    return new ProxyAgent({
      ...http1,
      ...limits,
      uri,
      requestTls: { ...requestTls, ...http1 },
      connect,
      clientFactory: createProxyPool,
    } as ProxyAgent.Options);
  }
  return new Agent({
    ...http1,
    ...limits,
    ...('connect' in options ? { connect: options.connect } : {}),
  } as Agent.Options);
}
