// @peculiar/x509 resolves its algorithms through tsyringe, which refuses to load without it.
import 'reflect-metadata';
import { createPrivateKey, createPublicKey, type KeyObject, randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

/** A certificate and its private key (PKCS #8), both PEM. */
export interface CertificatePair {
  readonly certificate: string;
  readonly key: string;
}

export interface CertificateRequest {
  commonName: string;
  /** Become the subject's O entries; Kubernetes reads them as groups. */
  organizations?: string[];
  /** DNS names and IP addresses of a serving certificate. */
  names?: string[];
  usages: ('server' | 'client')[];
}

export interface CertificateAuthority extends CertificatePair {
  /** A new ECDSA P-256 key with a certificate signed by this authority, valid as long as the authority is. */
  issue(request: CertificateRequest): Promise<CertificatePair>;
}

/**
 * How long authorities and what they issue are valid. Ten years for both: a tenant cluster may sleep for years
 * and must wake without anybody renewing its certificates (docs/adr: tenant keys).
 */
const validityYears = 10;
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const usageIds = {
  server: x509.ExtendedKeyUsage.serverAuth,
  client: x509.ExtendedKeyUsage.clientAuth,
} as const;

/** A new self-signed authority with an ECDSA P-256 key. */
export async function createCertificateAuthority(commonName: string): Promise<CertificateAuthority> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity(),
    name: [{ CN: [commonName] }],
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign | x509.KeyUsageFlags.digitalSignature,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return authority(certificate, keys.privateKey, await privateKeyPem(keys.privateKey));
}

/** The authority of an existing certificate and key. */
export async function loadCertificateAuthority(pair: CertificatePair): Promise<CertificateAuthority> {
  const pkcs8 = createPrivateKey(pair.key).export({ type: 'pkcs8', format: 'der' });
  const privateKey = await crypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']);
  return authority(new x509.X509Certificate(pair.certificate), privateKey, pair.key);
}

/** A new ECDSA P-256 key pair for service-account tokens, PEM. */
export async function createSigningKeys(): Promise<{ privateKey: string; publicKey: string }> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const privateKey = await privateKeyPem(keys.privateKey);
  return { privateKey, publicKey: publicKeyPem(createPublicKey(privateKey)) };
}

function authority(
  certificate: x509.X509Certificate,
  signingKey: CryptoKey,
  keyPem: string,
): CertificateAuthority {
  return {
    certificate: pem(certificate),
    key: keyPem,
    async issue(request) {
      const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
      const issued = await x509.X509CertificateGenerator.create({
        ...validity(certificate.notAfter),
        subject: [
          { CN: [request.commonName] },
          ...(request.organizations ?? []).map((name) => ({ O: [name] })),
        ],
        issuer: certificate.subjectName.toJSON(),
        publicKey: keys.publicKey,
        signingKey,
        signingAlgorithm: algorithm,
        extensions: await leafExtensions(request, keys.publicKey, certificate),
      });
      return { certificate: pem(issued), key: await privateKeyPem(keys.privateKey) };
    },
  };
}

async function leafExtensions(
  request: CertificateRequest,
  publicKey: CryptoKey,
  issuer: x509.X509Certificate,
): Promise<x509.Extension[]> {
  const extensions: x509.Extension[] = [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension(request.usages.map((usage) => usageIds[usage])),
    await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    await x509.SubjectKeyIdentifierExtension.create(publicKey),
  ];
  const names = (request.names ?? []).map((value) => ({
    type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const),
    value,
  }));
  if (names.length > 0) extensions.push(new x509.SubjectAlternativeNameExtension(names));
  return extensions;
}

/** Begins in the past: clocks of clusters differ, and some are wrong by hours. */
function validity(notLaterThan?: Date): { notBefore: Date; notAfter: Date; serialNumber: string } {
  const notBefore = new Date(Date.now() - 24 * 3_600_000);
  const end = new Date(notBefore);
  end.setUTCFullYear(end.getUTCFullYear() + validityYears);
  const notAfter = notLaterThan !== undefined && notLaterThan < end ? notLaterThan : end;
  // 127 positive random bits: unique without a register, RFC 5280 §4.1.2.2.
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  return { notBefore, notAfter, serialNumber: serial.toString('hex') };
}

function pem(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem').trim()}\n`;
}

async function privateKeyPem(key: CryptoKey): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', key));
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    .export({ type: 'pkcs8', format: 'pem' })
    .toString();
}

function publicKeyPem(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString();
}
