import type { AddressInfo, Server } from 'node:net';
import {
  type CertificateAuthority,
  createCertificateAuthority,
} from '../../adapters/certificates/certificate-authority.ts';
import type { UpstreamTarget } from '../../api/upstreams/upstream.ts';

/** What a fake upstream on loopback shows, and what the gateway shows it. */
export interface UpstreamIdentity {
  readonly authority: CertificateAuthority;
  /** For the server's options; `ca` verifies the gateway. */
  readonly serving: { readonly cert: string; readonly key: string; readonly ca: string };
  /** How the gateway reaches `server`, which listens already. */
  targetOf(server: Server): UpstreamTarget;
}

export async function createUpstreamIdentity(name: string): Promise<UpstreamIdentity> {
  const authority = await createCertificateAuthority(name);
  const serving = await authority.issue({
    commonName: name,
    names: ['localhost', '127.0.0.1'],
    usages: ['server'],
  });
  const client = await authority.issue({ commonName: 'vcluster-platform:gateway', usages: ['client'] });
  return {
    authority,
    serving: { cert: serving.certificate, key: serving.key, ca: authority.certificate },
    targetOf: (server) => ({
      host: '127.0.0.1',
      port: (server.address() as AddressInfo).port,
      ca: authority.certificate,
      cert: client.certificate,
      key: client.key,
      servername: 'localhost',
    }),
  };
}
