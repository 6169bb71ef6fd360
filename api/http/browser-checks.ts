import type { IncomingHttpHeaders } from 'node:http';
import { PlatformError } from '../../contracts/errors.ts';

/**
 * Whether the page that a browser names as `Origin` is ours: at the configured address, or at the one that the request was
 * sent to (a forward, another name), since no page chooses the `Host` of its requests, and cookies go to the host that set them.
 */
export function isOwnOrigin({ origin, host }: IncomingHttpHeaders, publicUrl: string): boolean {
  return origin === new URL(publicUrl).origin || (host !== undefined && origin === `https://${host}`);
}

/**
 * Lets a request that a cookie authenticates, or that sets one, come from our own pages and from programs (they send no
 * `Origin`), not from a page of another origin in a browser that is logged in here (CVE-2019-13209). A sibling domain,
 * another port, `http` and `null` are other origins.
 * @throws PlatformError `forbidden`
 */
export function checkOrigin(headers: IncomingHttpHeaders, publicUrl: string): void {
  if (headers.origin === undefined || isOwnOrigin(headers, publicUrl)) return;
  throw new PlatformError('forbidden', 'the request comes from a page of another origin; it was refused');
}

/** What a browser would run, or take into a page, of the answer (Fetch standard, request destinations). */
const active: ReadonlySet<string> = new Set([
  'script',
  'style',
  'worker',
  'sharedworker',
  'serviceworker',
  'audioworklet',
  'paintworklet',
  'xslt',
  'manifest',
  'object',
  'embed',
  'frame',
  'iframe',
  'fencedframe',
  'speculationrules',
]);

/**
 * Refuses to give a browser something out of a cluster as part of a page. `Content-Security-Policy` cannot: a script's own
 * headers have no say in the page that loads it, and our own pages trust scripts of our origin.
 * @param destination header `Sec-Fetch-Dest`, which pages cannot set; programs send none
 * @throws PlatformError `forbidden`
 */
export function checkFetchDestination(destination: string | string[] | undefined): void {
  if (typeof destination === 'string' && active.has(destination.toLowerCase()))
    throw new PlatformError('forbidden', `content of a cluster is not served as a ${destination}`);
}
