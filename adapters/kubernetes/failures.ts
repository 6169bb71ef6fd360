import { ApiException } from '@kubernetes/client-node';
import { type ErrorCode, PlatformError } from '../../contracts/errors.ts';

/** HTTP status of a Kubernetes API error, or undefined if `error` is none (a connection failure, say). */
export function statusOf(error: unknown): number | undefined {
  return error instanceof ApiException ? error.code : undefined;
}

export function isNotFound(error: unknown): boolean {
  return statusOf(error) === 404;
}

export function isConflict(error: unknown): boolean {
  return statusOf(error) === 409;
}

/** `promise`, or undefined if the API answers 404. */
export async function orUndefined<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Status message that the API server sent, without headers and body. */
export function apiMessage(error: unknown): string {
  if (!(error instanceof ApiException)) return error instanceof Error ? error.message : String(error);
  const body: unknown = typeof error.body === 'string' ? parseJson(error.body) : error.body;
  if (typeof body === 'object' && body !== null && 'message' in body && typeof body.message === 'string')
    return body.message;
  return `the Kubernetes API answered ${error.code}`;
}

/**
 * A Kubernetes API failure as a PlatformError; `what` says what was tried ("reading Namespace x"). Connection
 * failures, 429 and 5xx become `unreachable` (retryable), 401 and 403 `forbidden`, 409 `conflict`.
 */
export function kubernetesFailure(
  what: string,
  error: unknown,
  unreachable: ErrorCode = 'cluster_unreachable',
): PlatformError {
  if (error instanceof PlatformError) return error;
  const status = statusOf(error);
  const message = `${what}: ${apiMessage(error)}`;
  if (status === undefined || status === 429 || status >= 500)
    return new PlatformError(unreachable, message, { cause: error });
  if (status === 401 || status === 403) return new PlatformError('forbidden', message, { cause: error });
  if (status === 404) return new PlatformError('not_found', message, { cause: error });
  if (status === 409) return new PlatformError('conflict', message, { cause: error });
  return new PlatformError('invalid_request', message, { cause: error });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not JSON: the caller falls back on the status code
  }
}
