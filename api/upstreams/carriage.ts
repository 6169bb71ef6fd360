import { kubernetesRequest } from '../../domain/kubernetes-request.ts';

/** What a request to a Kubernetes API asks of the connection that it is sent on. */
export interface Carriage {
  readonly isWatch: boolean;
  /** Kubernetes' long-running requests: they may be silent for hours. */
  readonly isLongRunning: boolean;
  /**
   * A watch or log: it has a connection that nothing was sent on before. On one that went silent no one would ever
   * know that there is nothing to hear.
   */
  readonly ownConnection: boolean;
  /** A plain read: sent twice it does what it does sent once. */
  readonly isRepeatable: boolean;
}

const longRunningVerbs: ReadonlySet<string> = new Set(['watch', 'proxy']);
const longRunningSubresources: ReadonlySet<string> = new Set([
  'log',
  'proxy',
  'attach',
  'exec',
  'portforward',
]);

/** @param path with its query */
export function carriageOf(method: string, path: string): Carriage {
  const { verb, resource } = kubernetesRequest(method, path);
  const isLongRunning =
    longRunningVerbs.has(verb) || longRunningSubresources.has(resource?.subresource ?? '');
  const isWatch = verb === 'watch';
  return {
    isWatch,
    isLongRunning,
    ownConnection: isWatch || (verb === 'get' && resource?.subresource === 'log'),
    isRepeatable: (method === 'GET' || method === 'HEAD') && !isLongRunning,
  };
}
