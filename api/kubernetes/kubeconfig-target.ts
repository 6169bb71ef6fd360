import { readKubeconfig } from '../../adapters/kubernetes/read-kubeconfig.ts';
import type { UpstreamTarget } from './upstream.ts';

/**
 * Address and credential of a kubeconfig's current context.
 * @throws Error that names what is missing or refused, never a value
 */
export function targetOfKubeconfig(text: string): UpstreamTarget {
  const { server, certificateAuthority, tlsServerName, proxyUrl, client, token } = readKubeconfig(text);
  // Left out it would be dialled directly, and so somewhere else than whoever wrote it meant.
  if (proxyUrl !== undefined)
    throw new Error('the kubeconfig says proxy-url: the gateway reaches API servers directly');
  const url = new URL(server);
  return {
    host: url.hostname,
    port: Number(url.port || '443'),
    servername: tlsServerName ?? url.hostname,
    ...(certificateAuthority === undefined ? {} : { ca: certificateAuthority }),
    ...(client === undefined ? {} : { cert: client.certificate, key: client.key }),
    ...(token === undefined ? {} : { token }),
  };
}
