import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { temporalUiPath } from './temporal-ui.ts';

/** What the UI needs to know of a request. None of it says who sends it. */
const forwarded = [
  'accept',
  'accept-language',
  'caller-type',
  'content-type',
  'if-modified-since',
  'if-none-match',
  'x-csrf-token',
] as const;
/** The UI's own guard against forged requests: a cookie whose value its pages repeat in a header. */
const csrfCookie = /(?:^|;\s*)_csrf=([A-Za-z0-9+/=_-]{1,128})(?:;|$)/;

export function temporalUiRequestHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const result: Record<string, string> = {};
  for (const name of forwarded) {
    const value = headers[name];
    if (value !== undefined) result[name] = String(value);
  }
  const csrf = csrfCookie.exec(headers.cookie ?? '')?.[1];
  if (csrf !== undefined) result['cookie'] = `_csrf=${csrf}`;
  return result;
}

const returned = ['cache-control', 'content-type', 'etag', 'last-modified', 'location', 'vary'] as const;

/** Headers of an answer of the UI that travel on; of its cookies only the one above, kept to its own path. */
export function temporalUiAnswerHeaders(
  headers: Record<string, string | string[] | undefined>,
): Record<string, string | string[]> {
  const result: Record<string, string | string[]> = {};
  for (const name of returned) {
    const value = headers[name];
    if (value !== undefined) result[name] = value;
  }
  const { location } = result;
  if (location !== undefined && !(typeof location === 'string' && location.startsWith(`${temporalUiPath}/`)))
    delete result['location'];
  const csrf = [headers['set-cookie'] ?? []].flat().map((cookie) => csrfCookie.exec(cookie)?.[1])[0];
  if (csrf !== undefined)
    result['set-cookie'] = `_csrf=${csrf}; Path=${temporalUiPath}; Secure; SameSite=Strict`;
  return result;
}

/**
 * What the UI's pages may do: load and call what lies below their own path and nothing else of this origin, and run
 * the scripts that stand in `html` by their hashes.
 * @param address of the gateway, as the browser has it
 */
export function temporalUiPolicy(address: string, html: string): string {
  const own = `${address}${temporalUiPath}/`;
  const hashes = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(
    ([, script = '']) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`,
  );
  return [
    "default-src 'none'",
    `script-src ${own} ${hashes.join(' ')} 'wasm-unsafe-eval'`,
    `style-src ${own} 'unsafe-inline'`,
    `img-src ${own} data: blob:`,
    `font-src ${own} data:`,
    `connect-src ${own}`,
    `worker-src ${own} blob:`,
    `frame-src ${own}`,
    `manifest-src ${own}`,
    `base-uri ${own}`,
    `form-action ${own}`,
    "frame-ancestors 'self'",
  ].join('; ');
}
