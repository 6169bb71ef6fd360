import { createCipheriv, hkdfSync, randomBytes } from 'node:crypto';

/**
 * The service-account keys of a snapshot, sealed with the project's key so that they can pass through the Job's
 * result: nonce, AES-256-GCM text and tag, base64. adapters/snapshots/service-account-keys.ts opens them.
 */
export function sealServiceAccountKeys(projectKey: Buffer, pki: Record<string, string>): string {
  const plain = JSON.stringify({ privateKey: pki['sa.key'], publicKey: pki['sa.pub'] });
  const key = Buffer.from(hkdfSync('sha256', projectKey, '', 'vcps service-account keys', 32));
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString('base64');
}
