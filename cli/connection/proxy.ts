import { BlockList, isIP } from 'node:net';
import { CommandFailure } from '../failures/failure.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for requests to `url` by the rules that kubectl has from Go: `HTTPS_PROXY` or `https_proxy`, unless
 * `NO_PROXY` or `no_proxy` names the host; never for `localhost` and loopback addresses.
 * @throws CommandFailure `invalid_request` if the variable does not hold the URL of a proxy
 */
export function proxyFor(url: string, env: Environment = process.env): URL | undefined {
  const given = (env['HTTPS_PROXY'] || env['https_proxy'])?.trim();
  if (!given) return undefined;
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (host === 'localhost' || inNetwork('127.0.0.0/8', host) || inNetwork('::1/128', host)) return undefined;
  const exceptions = (env['NO_PROXY'] || env['no_proxy'] || '').toLowerCase().split(',');
  if (exceptions.some((entry) => matches(entry.trim(), host, port || '443'))) return undefined;
  return parseProxy(given);
}

/** An entry of NO_PROXY: `*`, an address, a network, `host` (and what is below it), `.host` (only that), each with `:port` or without. */
function matches(entry: string, host: string, port: string): boolean {
  if (entry === '*' || inNetwork(entry, host)) return true;
  const [, bracketed, plain, entryPort] = /^(?:\[(.+)\]|([^:]+|.*:.*:.*?))(?::(\d+))?$/.exec(entry) ?? [];
  const name = bracketed ?? plain;
  if (name === undefined || (entryPort !== undefined && entryPort !== port)) return false;
  if (isIP(name) !== 0) return isIP(host) !== 0 && inNetwork(`${name}/${isIP(name) === 6 ? 128 : 32}`, host);
  const suffix = name.replace(/^\*(?=\.)/, '');
  return suffix.startsWith('.') ? host.endsWith(suffix) : host === suffix || host.endsWith(`.${suffix}`);
}

/** Whether `address` lies in a network in CIDR notation. */
function inNetwork(network: string, address: string): boolean {
  const [first = '', bits = ''] = network.split('/');
  const version = isIP(first);
  if (version === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > (version === 6 ? 128 : 32)) return false;
  const list = new BlockList();
  list.addSubnet(first, Number(bits), version === 6 ? 'ipv6' : 'ipv4');
  return isIP(address) !== 0 && list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

function parseProxy(given: string): URL {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(given) ? given : `http://${given}`;
  try {
    const url = new URL(text);
    decodeURIComponent(url.username + url.password);
    if (['http:', 'https:', 'socks5:'].includes(url.protocol) && url.hostname !== '') return url;
  } catch {
    // said below
  }
  // Not its value, which may hold a password.
  throw new CommandFailure(
    'invalid_request',
    'HTTPS_PROXY is not the URL of a proxy: write http://host:port',
  );
}
