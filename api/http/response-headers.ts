import { rememberedByName } from './remembered-by-name.ts';

/**
 * Headers of an upstream's answer that do not travel on. What answers may be a pod behind `…/proxy`, and a browser or a
 * proxy in front of the gateway would take these for ours.
 */
const dropped: ReadonlySet<string> = new Set([
  // Of the upstream's own connection (RFC 9110 §7.6.1).
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'proxy-authentication-info',
  // State that a browser keeps for the whole origin: sessions, cookies, caches, other addresses, hints, dictionaries.
  'set-cookie',
  'set-cookie2',
  'clear-site-data',
  'set-login',
  'use-as-dictionary',
  'origin-agent-cluster',
  'sec-session-registration',
  'secure-session-registration',
  'sec-session-challenge',
  'secure-session-challenge',
  'alt-svc',
  'alternate-protocol',
  'accept-ch',
  'accept-ch-lifetime',
  'critical-ch',
  'activate-storage-access',
  'strict-transport-security',
  'public-key-pins',
  'public-key-pins-report-only',
  'expect-ct',
  // Reports about our requests to another server.
  'nel',
  'report-to',
  'reporting-endpoints',
  'content-security-policy-report-only',
  // What may run, and where.
  'content-security-policy',
  'x-content-security-policy',
  'x-webkit-csp',
  'service-worker-allowed',
  'x-content-type-options',
  'origin-trial',
  // Requests that a page has not asked for, and moves to other places.
  'refresh',
  'link',
  'speculation-rules',
  'supports-loading-mode',
  'observe-browsing-topics',
  // Who else may read or embed it.
  'timing-allow-origin',
  'cross-origin-resource-policy',
  'x-frame-options',
  'x-permitted-cross-domain-policies',
  // What a proxy in front of the gateway would do in its place, and caches shared between callers.
  'x-sendfile',
  'x-lighttpd-send-file',
  'x-reproxy-url',
  'surrogate-control',
  'cdn-cache-control',
  'x-request-id',
]);
const droppedPrefixes = ['access-control-', 'x-accel-', 'x-litespeed-', 'attribution-reporting-'];

const isDropped = rememberedByName(
  (name) => dropped.has(name) || droppedPrefixes.some((prefix) => name.startsWith(prefix)),
);

/**
 * An upstream's answer headers, names in lower case, without those above. A redirect stays below `prefix`; one to
 * another host is dropped. Only the caller's own cache may keep the answer: it depends on the caller.
 */
export function downstreamHeaders(
  headers: Record<string, string | string[] | undefined>,
  prefix: string,
): Record<string, string | string[]> {
  const result: Record<string, string | string[]> = {};
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (value !== undefined && !isDropped(name)) result[name] = value;
  }
  result['cache-control'] = privately(result['cache-control']);
  const { location } = result;
  if (location !== undefined) {
    if (typeof location === 'string' && /^\/(?![/\\])/.test(location)) result['location'] = prefix + location;
    else delete result['location'];
  }
  return result;
}

/** Of OpenAPI documents API servers say `public, immutable`. */
function privately(value: string | string[] | undefined): string {
  if (value === 'no-cache, private') return value; // their answer to nearly everything
  if (value === undefined) return 'private';
  const directives = [value ?? []].flat().join(',').split(',');
  const kept = directives
    .map((directive) => directive.trim())
    .filter((directive) => directive !== '' && !/^(public|private|s-maxage)\b/i.test(directive));
  return [...kept, 'private'].join(', ');
}
