import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { PlatformError } from '../../contracts/errors.ts';

/** Address that a request came from. */
export type ClientAddress = (request: IncomingMessage) => string | undefined;

/**
 * The address of the connection; behind a proxy of `trustedProxies` (addresses or CIDR ranges) the last one in
 * X-Forwarded-For that is not a trusted proxy itself: everything before it the client could have written.
 * @throws PlatformError `invalid_request` for an entry that is neither
 */
export function createClientAddress(trustedProxies: readonly string[] = []): ClientAddress {
  const trusted = new BlockList();
  for (const entry of trustedProxies) {
    const [address = '', bits] = entry.split('/');
    const version = isIP(address);
    const [family, most] = version === 6 ? (['ipv6', 128] as const) : (['ipv4', 32] as const);
    if (version === 0 || (bits !== undefined && !(/^\d{1,3}$/.test(bits) && Number(bits) <= most)))
      throw new PlatformError(
        'invalid_request',
        `trustedProxies: "${entry}" is neither an address nor a CIDR range`,
      );
    if (bits === undefined) trusted.addAddress(address, family);
    else trusted.addSubnet(address, Number(bits), family);
  }
  const isTrusted = (address: string) => trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');

  return ({ socket, headers }) => {
    const peer = plain(socket.remoteAddress);
    const forwarded = headers['x-forwarded-for'];
    if (trustedProxies.length === 0 || peer === undefined || forwarded === undefined || !isTrusted(peer))
      return peer;
    let nearest = peer;
    for (const hop of String(forwarded).split(',').reverse()) {
      const address = plain(hop.trim());
      // This is not an address: nothing before it can be believed either.
      if (address === undefined || isIP(address) === 0) return nearest;
      nearest = address;
      if (!isTrusted(address)) return nearest;
    }
    return nearest;
  };
}

/** IPv4 addresses arrive as `::ffff:1.2.3.4` on sockets that listen on both. */
function plain(address: string | undefined): string | undefined {
  return address?.replace(/^::ffff:(?=\d+\.)/i, '');
}
