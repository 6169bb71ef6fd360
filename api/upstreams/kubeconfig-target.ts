import { type ReadKubeconfig, readKubeconfig } from '../../adapters/kubernetes/read-kubeconfig.ts';
import { PlatformError } from '../../contracts/errors.ts';
import type { UpstreamTarget } from './upstream.ts';

/**
 * Address and credential of a kubeconfig's current context.
 * @throws PlatformError `cluster_unreachable` that names what is missing or refused, never a value
 */
export function targetOfKubeconfig(text: string): UpstreamTarget {
  const { server, certificateAuthority, tlsServerName, client, token } = read(text);
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

function read(text: string): ReadKubeconfig {
  try {
    const kubeconfig = readKubeconfig(text);
    // Left out it would be dialled directly, and so somewhere else than its author meant.
    if (kubeconfig.proxyUrl !== undefined)
      throw new Error('the kubeconfig has proxy-url, but the gateway connects to API servers directly');
    return kubeconfig;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'it is not a kubeconfig';
    throw new PlatformError(
      'cluster_unreachable',
      `the gateway's credential for it cannot be used: ${reason}`,
      {
        cause,
      },
    );
  }
}
