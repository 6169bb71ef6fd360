import type { IncomingHttpHeaders } from 'node:http';

/**
 * Cookies of this very origin: `__Host-` names (RFC 6265bis §4.1.3.2), values in base64url, which no script reads and
 * no other site's request carries, top-level navigation excepted.
 */
export function hostCookie(name: `__Host-${string}`, value: string, maxAgeSeconds?: number): string {
  const age = maxAgeSeconds === undefined ? '' : `; Max-Age=${maxAgeSeconds}`;
  return `${name}=${value}; Path=/; HttpOnly; Secure; SameSite=Lax${age}`;
}

/** Has the browser forget the cookie. */
export function clearedCookie(name: `__Host-${string}`): string {
  return hostCookie(name, '', 0);
}

/** All values of the cookies called `name`: more than one could mean two people. */
export function cookieValues({ cookie }: IncomingHttpHeaders, name: `__Host-${string}`): string[] {
  if (cookie === undefined) return [];
  return cookie
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
}
