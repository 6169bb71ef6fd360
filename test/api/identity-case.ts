import { annaKey } from './test-gateway.ts';

/**
 * What must become of a request. `identity`: it arrives once, as anna and nobody else, under the very path;
 * `refused`: an answer of 4xx (or a closed connection) and nothing arrives.
 */
export type Expected = 'identity' | 'refused';

export interface IdentityCase {
  /** Row of the table of attack classes that it belongs to. */
  readonly row: string;
  readonly name: string;
  /** The whole request; `mark` goes into its query, so that what arrives can be told apart. */
  readonly bytes: (mark: string) => string;
  readonly expected: Expected;
  /** What arrives for `identity`: path with query. */
  readonly url: (mark: string) => string;
}

export const rows = {
  connection: 'CVE-2021-31999: Connection names headers that the proxy adds',
  upgradeConnection: 'CVE-2022-23652: the same in requests to upgrade',
  impersonate: 'CVE-2021-36776: Impersonate headers of the client',
  groups: 'OCM 329: groups of the client beside ours',
  uid: 'Pinniped: uid and extra are carried or refused, never dropped',
  reserved: 'kube-oidc-proxy 99: reserved identities of an owner',
  frontProxy: 'front-proxy headers',
  forwarded: 'CVE-2026-3635: X-Forwarded from a client that is not a proxy',
  credentials: 'credentials in several or odd places',
  upgradeBody: 'CVE-2026-58055: upgrade with a body',
  injection: 'CVE-2026-1527: line breaks in paths, hosts, subprotocols',
  smuggling: 'CVE-2021-22959: two readings of where a request ends',
  traversal: 'CVE-2021-21321: paths that climb or read two ways',
  path: 'authorised path = forwarded path, byte for byte',
  space: 'a space is one namespace of a connected cluster and nothing beyond it',
  http2: 'CVE-2023-44487: no HTTP/2 on this door',
} as const;

export const prefix = '/kubernetes/management';
export const namespaces = '/api/v1/namespaces';
export const bearer = `Authorization: Bearer ${annaKey}`;
export const spdy = ['Connection: Upgrade', 'Upgrade: SPDY/3.1'];
export const webSocket = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
];

interface Options {
  method?: string;
  path?: string;
  key?: string;
  host?: string;
  body?: string;
}

/** A request that differs from an ordinary one by these lines. */
export function headersCase(
  row: string,
  name: string,
  lines: string[],
  expected: Expected,
  options: Options = {},
): IdentityCase {
  const { method = 'GET', path = namespaces, key = bearer, host = 'Host: a', body = '' } = options;
  const url = (mark: string) => `${path}${path.includes('?') ? '&' : '?'}${mark}`;
  return {
    row,
    name: `${method} ${name}`,
    expected,
    url,
    bytes: (mark) =>
      `${[`${method} ${prefix}${url(mark)} HTTP/1.1`, host, key, ...lines].filter(Boolean).join('\r\n')}\r\n\r\n${body}`,
  };
}
