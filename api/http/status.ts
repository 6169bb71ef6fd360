import { type ErrorCode, errorTable, type PlatformError } from '../../contracts/errors.ts';

/** The error object that Kubernetes clients understand (`metav1.Status`). */
export interface Status {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: Record<string, never>;
  readonly status: 'Failure';
  readonly message: string;
  readonly reason: string;
  readonly code: number;
  readonly details?: {
    readonly retryAfterSeconds?: number;
    readonly causes?: { reason: string; message: string; field?: string }[];
  };
}

const reasons: Record<number, string> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  408: 'Timeout',
  409: 'Conflict',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  431: 'RequestHeaderFieldsTooLarge',
  500: 'InternalError',
  501: 'NotImplemented',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** What seldom passes within seconds. */
const lasting: ReadonlySet<ErrorCode> = new Set([
  'sleeping',
  'wake_failed',
  'cluster_unreachable',
  'cluster_offline',
  'chart_unavailable',
]);

/**
 * Seconds after which a client should try again; undefined where that hardly helps: Kubernetes clients try up to ten times
 * and show the reason only then.
 */
export function retryAfterOf({ code, details }: PlatformError): number | undefined {
  const seconds = details?.['retryAfterSeconds'];
  if (typeof seconds === 'number') return seconds;
  const { status } = errorTable[code];
  return status === 429 || (status === 503 && !lasting.has(code)) ? 1 : undefined;
}

const discoveryPath =
  /^\/kubernetes\/(?:management|cluster\/[^/]+|project(?:\/[^/]+){3})\/(?:api(?:\/[^/?]+)?|apis(?:\/[^/?]+){0,2}|openapi\/[^?]*|version)\/?(?:\?|$)/;
const longestWarning = 1_000;

/**
 * Header `Warning` of a failed discovery request: kubectl shows its text, while of these answers it reads no Status and says
 * only that the server cannot handle the request.
 * @param url as it stood on the request line
 */
export function discoveryWarning({ message }: PlatformError, url: string): string | undefined {
  if (!discoveryPath.test(url)) return undefined;
  const text = message.slice(0, longestWarning).replaceAll(/\p{C}+/gu, ' ');
  // A header is written as UTF-8 or latin1, whatever its body is: encoded as client-go decodes it (RFC 2047).
  const encoded = /^[ -~]*$/.test(text)
    ? text.replaceAll(/["\\]/g, '\\$&')
    : `=?utf-8?b?${Buffer.from(text).toString('base64')}?=`;
  return `299 - "${encoded}"`;
}

/** A failure as a Status; the code of our own table stands among the causes. */
export function toStatus(error: PlatformError): Status {
  const retryAfterSeconds = retryAfterOf(error);
  const { status: code, title } = errorTable[error.code];
  const { field } = error.details ?? {};
  // Of what is invalid, kubectl shows the causes and not the message.
  const cause = { reason: error.code, message: code === 422 ? error.message : title };
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    // Clients look for the word.
    message: code === 401 ? `Unauthorized: ${error.message}` : error.message,
    reason: reasons[code] ?? 'InternalError',
    code,
    details: {
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
      causes: [typeof field === 'string' ? { ...cause, field } : cause],
    },
  };
}
