import { errorTable, type PlatformError } from '../../contracts/errors.ts';

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
    readonly causes?: { reason: string; message: string }[];
  };
}

const reasons: Record<number, string> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  501: 'NotImplemented',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** A failure as a Status; the code of our own table stands among the causes. */
export function toStatus(error: PlatformError, retryAfterSeconds?: number): Status {
  const code = errorTable[error.code].status;
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: error.message,
    reason: reasons[code] ?? 'InternalError',
    code,
    details: {
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
      causes: [{ reason: error.code, message: errorTable[error.code].title }],
    },
  };
}
