import { originalUserExtra } from '../../contracts/names.ts';
import { toHeaderText } from '../http/header-text.ts';
import { rememberedByName } from '../http/remembered-by-name.ts';
import type { Identity } from '../identity/identity.ts';

/** Hop-by-hop headers (RFC 9110 §7.6.1), credentials, and what a proxy in front might believe. */
const dropped: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'expect',
  'host',
  'authorization',
  'cookie',
  'cookie2',
  'forwarded',
  'via',
  'x-real-ip',
  'x-original-url',
  'x-rewrite-url',
  'x-request-id',
  'audit-id',
]);
const droppedPrefixes = ['impersonate-', 'x-remote-', 'x-forwarded-', 'x-original-'];

/** Whether a client's header called `name` (any case, `_` for `-` included) must not travel on. */
const isDroppedHeader = rememberedByName((name) => {
  const lower = name.toLowerCase();
  const canonical = lower.includes('_') ? lower.replaceAll('_', '-') : lower;
  return (
    dropped.has(canonical) ||
    canonical === 'impersonate' ||
    droppedPrefixes.some((prefix) => canonical.startsWith(prefix))
  );
});

/**
 * Headers for the upstream, as a flat list of names and values: what the client sent without anything that
 * could name an identity, any hop-by-hop header and any header that a `Connection` header names; then the
 * identity, last, each group in a header of its own.
 * @param rawHeaders names and values as they arrived
 */
export function upstreamHeaders(
  rawHeaders: readonly string[],
  identity: Identity,
  requestId: string,
): string[] {
  const named = connectionNamed(rawHeaders);
  const headers: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (isDroppedHeader(name) || named?.has(name.toLowerCase())) continue;
    headers.push(name, rawHeaders[index + 1] as string);
  }
  headers.push('Audit-ID', requestId);
  appendIdentity(headers, identity);
  return headers;
}

/** The one extra that is ever sent; its key is percent-encoded as the API server wants it. */
const originalUserHeader = `Impersonate-Extra-${encodeURIComponent(originalUserExtra)}`;

/** Identities are not changed, and those of users are made once (api/identity/caller.ts). */
const headersOfIdentity = new WeakMap<Identity, readonly string[]>();

/** Adds the impersonation headers of `identity` to a flat header list. */
export function appendIdentity(headers: string[], identity: Identity): void {
  let own = headersOfIdentity.get(identity);
  if (own === undefined) {
    own = identityHeaders(identity);
    headersOfIdentity.set(identity, own);
  }
  for (const text of own) headers.push(text);
}

function identityHeaders({ user, groups, originalUser }: Identity): string[] {
  return [
    'Impersonate-User',
    toHeaderText(user),
    ...groups.flatMap((group) => ['Impersonate-Group', toHeaderText(group)]),
    ...(originalUser === undefined ? [] : [originalUserHeader, toHeaderText(originalUser)]),
  ];
}

function connectionNamed(rawHeaders: readonly string[]): Set<string> | undefined {
  let named: Set<string> | undefined;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const header = rawHeaders[index] as string;
    if (header.length !== 'connection'.length || header.toLowerCase() !== 'connection') continue;
    for (const token of (rawHeaders[index + 1] as string).split(',')) {
      const name = token.trim().toLowerCase();
      // `Connection: content-length` would take the body's length away from us, not from the client.
      if (name === '' || name === 'content-length') continue;
      named ??= new Set();
      named.add(name);
    }
  }
  return named;
}
