import { isIP } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import { Agent } from 'undici';
import type { ApiTarget } from '../../adapters/kubernetes/request.ts';
import { targetOfKubeconfig } from './kubeconfig-target.ts';

const tcpKeepAliveMs = 30_000;

/**
 * The API server of a kubeconfig as `user`, for informers: each has connections of its own, so that one that leads nowhere is the
 * trouble of one, over HTTP/1.1 (docs/adr/0004-http1-to-clusters.md).
 * @throws PlatformError `cluster_unreachable` that names what is missing or refused, never a value
 */
export function informerTarget(kubeconfig: string, user: string): ApiTarget {
  const { host, port, servername, token, ca, cert, key } = targetOfKubeconfig(kubeconfig);
  const server = `https://${host}:${port}`;
  const peer = isIP(servername) === 0 ? { servername } : {};
  // Made once: reading certificates and key again for each connection costs more than the handshake.
  let secureContext: SecureContext | undefined;
  let shared: Agent | undefined;
  const ownConnections = () => {
    secureContext ??= createSecureContext({
      minVersion: 'TLSv1.2',
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    });
    const connect = { ...peer, secureContext, keepAlive: true, keepAliveInitialDelay: tcpKeepAliveMs };
    return new Agent({ allowH2: false, connect });
  };
  return {
    ownConnections,
    getCurrentCluster: () => ({ server }),
    async applySecurityAuthentication(context) {
      context.setHeaderParam('Impersonate-User', user);
      if (token !== undefined) context.setHeaderParam('Authorization', `Bearer ${token}`);
      context.setDispatcher((shared ??= ownConnections()));
    },
  };
}
