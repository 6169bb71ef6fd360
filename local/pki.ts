import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type CertificateAuthority,
  type CertificatePair,
  createCertificateAuthority,
  createSigningKeys,
  loadCertificateAuthority,
} from '../adapters/certificates/certificate-authority.ts';
import { renderKubeconfig } from '../adapters/certificates/kubeconfig.ts';
import { writePrivateFile } from '../adapters/processes/start-process.ts';
import type { GatewayConfig } from '../contracts/config.ts';
import type { ApiserverKeys } from './servers/kube-apiserver.ts';

/** Keys of one Kubernetes API server, kept in a folder. ECDSA P-256 throughout. */
export interface ClusterPki {
  readonly authority: CertificateAuthority;
  readonly server: ApiserverKeys;
  /** Kubeconfig of a client certificate with this user and these groups. */
  kubeconfig(
    server: string,
    user: string,
    groups?: string[],
    options?: { tlsServerName?: string; proxyUrl?: string },
  ): Promise<string>;
  /** A client certificate. */
  client(user: string, groups?: string[]): Promise<CertificatePair>;
}

/** Opens the keys in `dir`, made at the first call. Clients' keys are created again at every call and kept nowhere. */
export async function openClusterPki(
  dir: string,
  commonName: string,
  moreNames: readonly string[] = [],
): Promise<ClusterPki> {
  const authority = await openAuthority(dir, commonName);
  const server: ApiserverKeys = {
    caFile: join(dir, 'ca.crt'),
    certificateFile: join(dir, 'apiserver.crt'),
    keyFile: join(dir, 'apiserver.key'),
    serviceAccountKeyFile: join(dir, 'sa.key'),
    serviceAccountPublicKeyFile: join(dir, 'sa.pub'),
    certificatesDir: join(dir, 'self-signed'),
  };
  mkdirSync(server.certificatesDir, { recursive: true, mode: 0o700 });
  const names = [
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'localhost',
    '127.0.0.1',
    '127.96.0.1',
    ...moreNames,
  ];
  await keep([server.certificateFile, server.keyFile], async () => {
    const { certificate, key } = await authority.issue({
      commonName: 'kube-apiserver',
      names,
      usages: ['server'],
    });
    return [certificate, key];
  });
  await keep([server.serviceAccountPublicKeyFile, server.serviceAccountKeyFile], async () => {
    const { publicKey, privateKey } = await createSigningKeys();
    return [publicKey, privateKey];
  });
  const client = (user: string, groups: string[] = []): Promise<CertificatePair> =>
    authority.issue({ commonName: user, organizations: groups, usages: ['client'] });
  return {
    authority,
    server,
    client,
    async kubeconfig(address, user, groups = [], options = {}) {
      return renderKubeconfig({
        server: address,
        certificateAuthority: authority.certificate,
        client: await client(user, groups),
        ...options,
      });
    },
  };
}

/** The authority whose certificate and key lie in `dir` as `ca.crt` and `ca.key`, made at the first call. */
export async function openAuthority(dir: string, commonName: string): Promise<CertificateAuthority> {
  const [certificateFile, keyFile] = [join(dir, 'ca.crt'), join(dir, 'ca.key')];
  await keep([certificateFile, keyFile], async () => {
    const { certificate, key } = await createCertificateAuthority(commonName);
    return [certificate, key];
  });
  return loadCertificateAuthority({
    certificate: readFileSync(certificateFile, 'utf8'),
    key: readFileSync(keyFile, 'utf8'),
  });
}

/** Writes a pair of files unless both are there: the second is written last, so half a pair is created again. */
async function keep(files: [string, string], make: () => Promise<[string, string]>): Promise<void> {
  if (files.every((file) => existsSync(file))) return;
  const contents = await make();
  files.forEach((file, index) => writePrivateFile(file, contents[index] ?? ''));
}

/**
 * The gateway's certificate for this machine and the host of `publicUrl`, new at every start, from an authority kept in
 * `dir` that clients trust (`ca.crt`).
 */
export async function issueGatewayCertificate(dir: string, publicUrl: string): Promise<GatewayConfig['tls']> {
  const authority = await openAuthority(dir, 'vcluster-platform');
  const files = {
    certFile: join(dir, 'tls.crt'),
    keyFile: join(dir, 'tls.key'),
    caFile: join(dir, 'ca.crt'),
  };
  const { certificate, key } = await authority.issue({
    commonName: 'vcluster-platform',
    names: [
      ...new Set(['localhost', '127.0.0.1', '::1', new URL(publicUrl).hostname.replace(/^\[|\]$/g, '')]),
    ],
    usages: ['server'],
  });
  writePrivateFile(files.certFile, certificate);
  writePrivateFile(files.keyFile, key);
  return files;
}
