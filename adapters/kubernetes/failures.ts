import { ApiException } from '@kubernetes/client-node/dist/gen/apis/exception.js';
import { type ErrorCode, PlatformError } from '../../contracts/errors.ts';
import { connectionFault } from './connection-fault.ts';
import { refusalOf } from './refusals.ts';

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

/** Whether `write` succeeded; false if the API answers 409: it exists already, or another has taken its place. */
export async function unlessConflict(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (isConflict(error)) return false;
    throw error;
  }
}

/** The answer of `write`, which is called again, at most `attempts` times in all, while the API answers 409. */
export async function retryOnConflict<T>(
  attempts: number,
  write: (attempt: number) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await write(attempt);
    } catch (error) {
      if (attempt >= attempts || !isConflict(error)) throw error;
    }
  }
}

/**
 * The answer of `call`, with failures as PlatformErrors (`kubernetesFailure`).
 * @param what what is tried, for people: "reading Namespace x"
 */
export async function callKubernetes<T>(
  what: string,
  call: Promise<T> | (() => Promise<T>),
  unreachable: ErrorCode = 'cluster_unreachable',
): Promise<T> {
  try {
    return await (typeof call === 'function' ? call() : call);
  } catch (error) {
    throw kubernetesFailure(what, error, unreachable);
  }
}

/** `callKubernetes` for the management API: `management_unavailable` if it cannot be reached. */
export function callManagement<T>(what: string, call: Promise<T> | (() => Promise<T>)): Promise<T> {
  return callKubernetes(what, call, 'management_unavailable');
}

/** Status message that the API server sent, without headers and body; why it sent none. */
export function apiMessage(error: unknown): string {
  if (!(error instanceof ApiException)) return connectionFault(error);
  const body: unknown = typeof error.body === 'string' ? parseJson(error.body) : error.body;
  if (typeof body === 'object' && body !== null && 'message' in body && typeof body.message === 'string')
    return body.message;
  return `the Kubernetes API answered ${error.code}`;
}

/**
 * A Kubernetes API failure as a PlatformError; `what` says what was tried ("reading Namespace x"). One of a cluster whose agent
 * is away becomes `cluster_offline`; other connection
 * failures, 429 and 5xx become `unreachable` (retryable), 401 and 403 `forbidden`, 409 `conflict`, faults of the program
 * `internal`. Whatever the status, a write that admission or a full store refused says so, with the name of the webhook,
 * policy or quota.
 */
export function kubernetesFailure(
  what: string,
  error: unknown,
  unreachable: ErrorCode = 'cluster_unreachable',
): PlatformError {
  if (error instanceof PlatformError) return error;
  const offline = offlineIn(error);
  if (offline !== undefined) return offline;
  const status = statusOf(error);
  const message = `${what}: ${apiMessage(error)}`;
  if (isBug(error)) return new PlatformError('internal', message, { cause: error });
  const refusal = status === undefined ? undefined : refusalOf(message);
  if (refusal !== undefined) {
    const { code, ...details } = refusal;
    return new PlatformError(code, message, { details, cause: error });
  }
  if (status === undefined || status === 429 || status >= 500)
    return new PlatformError(unreachable, message, { cause: error });
  if (status === 401 || status === 403) return new PlatformError('forbidden', message, { cause: error });
  if (status === 404) return new PlatformError('not_found', message, { cause: error });
  if (status === 409) return new PlatformError('conflict', message, { cause: error });
  return new PlatformError('invalid_request', message, { cause: error });
}

/** What the gateway said of the cluster's agent (proxy-pool.ts). */
function offlineIn(error: unknown): PlatformError | undefined {
  let cause = error;
  for (let depth = 0; depth < 5 && cause instanceof Error; depth++) {
    if (cause instanceof PlatformError && cause.code === 'cluster_offline') return cause;
    cause = cause.cause;
  }
  return undefined;
}

/** Who takes one for a cluster that is away waits for it in vain. A TypeError of `fetch` has a cause or a code. */
function isBug(error: unknown): boolean {
  if (error instanceof ReferenceError) return true;
  return error instanceof TypeError && error.cause === undefined && !('code' in error);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not JSON: the caller falls back on the status code
  }
}
