import { isIP } from 'node:net';
import { stringify } from 'yaml';
import type { CertificatePair } from './certificate-authority.ts';

export type KubeconfigOptions = ClusterAddress & ({ client: CertificatePair } | { token: string });

interface ClusterAddress {
  /** `https://host:port` */
  server: string;
  /** PEM of the authority that signed the server's certificate; undefined: one that the reader trusts anyway. */
  certificateAuthority: string | undefined;
  /** Name the server's certificate is checked against, when `server` is not in it. */
  tlsServerName?: string;
  /** `http://user:password@host:port` of a CONNECT proxy. */
  proxyUrl?: string;
}

export type KubeconfigFields = Record<string, unknown>;

/** What of a kubeconfig file is read, unchecked. */
export interface KubeconfigFile {
  'current-context'?: string;
  contexts?: { name: string; context?: { cluster?: string; user?: string } }[];
  clusters?: { name: string; cluster?: KubeconfigFields }[];
  users?: { name: string; user?: KubeconfigFields }[];
}

/** A kubeconfig (YAML) with one context named `default` that authenticates by client certificate or bearer token. */
export function renderKubeconfig(options: KubeconfigOptions): string {
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'default',
      clusters: [
        {
          name: 'default',
          cluster: {
            server: options.server,
            ...(options.certificateAuthority === undefined
              ? {}
              : { 'certificate-authority-data': base64(options.certificateAuthority) }),
            ...(options.tlsServerName === undefined ? {} : { 'tls-server-name': options.tlsServerName }),
            ...(options.proxyUrl === undefined ? {} : { 'proxy-url': options.proxyUrl }),
          },
        },
      ],
      contexts: [{ name: 'default', context: { cluster: 'default', user: 'default' } }],
      users: [
        {
          name: 'default',
          user:
            'token' in options
              ? { token: options.token }
              : {
                  'client-certificate-data': base64(options.client.certificate),
                  'client-key-data': base64(options.client.key),
                },
        },
      ],
    },
    { version: '1.1', lineWidth: 0 },
  );
}

/** Name that the certificate of the API server at this URL has. */
export function nameInCertificate(server: string): string {
  const { hostname } = new URL(server);
  // No TLS server name may be an address; every API server's certificate holds this one.
  return isIP(hostname.replace(/^\[|\]$/g, '')) === 0 ? hostname : 'kubernetes';
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** Where a tenant cluster's API server is within its connected cluster, and the name that all charts' certificates hold. */
export function tenantServer(tenant: { name: string; hostNamespace: string }): {
  server: string;
  tlsServerName: string;
} {
  const { name, hostNamespace } = tenant;
  return { server: `https://${name}.${hostNamespace}.svc:443`, tlsServerName: `${name}.${hostNamespace}` };
}
