import { PlatformError } from '../../contracts/errors.ts';

/**
 * Lets a stream be opened by our own pages and by programs (they send no `Origin`), not by a page of another
 * origin in a browser that is logged in here (CVE-2019-13209). A sibling domain, another port, `http` and `null`
 * are other origins.
 * @throws PlatformError `forbidden`
 */
export function checkOrigin(origin: string | undefined, publicUrl: string): void {
  if (origin === undefined || origin === new URL(publicUrl).origin) return;
  throw new PlatformError('forbidden', 'pages of another origin may not open streams');
}
