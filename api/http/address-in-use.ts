import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';

/**
 * `https://host:port` by which a request came, whatever forwards it, or `publicUrl`. A client could write any Host, and
 * what it says must not lead others astray: only names of the certificate that the request was served with count,
 * which nobody else can prove to have.
 */
export function addressInUse({ headers: { host = '' }, socket }: IncomingMessage, publicUrl: string): string {
  const certificate = (socket as Partial<TLSSocket>).getX509Certificate?.();
  if (certificate === undefined || host.includes('*') || !URL.canParse(`https://${host}`)) return publicUrl;
  const { hostname, origin } = new URL(`https://${host}`);
  const name = hostname.replace(/^\[|\]$/g, '');
  const isOwn =
    isIP(name) === 0
      ? certificate.checkHost(name, { subject: 'never', wildcards: false })
      : certificate.checkIP(name);
  return isOwn === undefined ? publicUrl : origin;
}
