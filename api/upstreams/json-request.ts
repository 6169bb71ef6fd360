import type { Dispatcher } from 'undici';
import { type ErrorCode, PlatformError } from '../../contracts/errors.ts';
import { writers } from '../../contracts/names.ts';
import type { Identity } from '../identity/identity.ts';
import { checkOutgoingHeaders } from './outgoing-header-check.ts';
import { isImpersonationDenied, unknownIdentityMessage } from './impersonation-denied.ts';
import { appendIdentity } from './request-headers.ts';
import { jsonText } from '../http/json-text.ts';

export interface JsonRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: object;
  /** Default `application/json`. */
  readonly contentType?: string;
  /** Default `application/json`. */
  readonly accept?: string;
  readonly requestId?: string;
  readonly timeoutMs?: number;
}

export interface JsonAnswer {
  readonly status: number;
  readonly body: unknown;
}

const json = 'application/json';

/** Small requests to a Kubernetes API under an identity. */
export type JsonClient = (identity: Identity, request: JsonRequest) => Promise<JsonAnswer>;

/**
 * A JsonClient of one Kubernetes API. (client-node cannot do this: it merges repeated headers, and every group
 * needs one of its own.) Its promises fail with `unreachable.code` when the API cannot be reached or does not
 * know the gateway, and with `forbidden` when the gateway may not impersonate the user; other
 * statuses are answers.
 */
export function createJsonClient(
  dispatcher: Dispatcher,
  unreachable: {
    code: ErrorCode;
    message: string;
    details?: Record<string, unknown>;
  } = managementUnreachable,
): JsonClient {
  return async (
    identity,
    { method, path, body, contentType = json, accept = json, requestId, timeoutMs = 10_000 },
  ) => {
    const headers = ['Accept', accept, 'User-Agent', writers.gateway];
    if (body !== undefined) headers.push('Content-Type', contentType);
    if (requestId !== undefined) headers.push('Audit-ID', requestId);
    appendIdentity(headers, identity);
    checkOutgoingHeaders(headers);
    try {
      const answer = await dispatcher.request({
        method,
        path,
        headers,
        body: body === undefined ? null : jsonText(body),
        signal: AbortSignal.timeout(timeoutMs),
      });
      const text = await answer.body.text();
      if (isImpersonationDenied(answer.statusCode, text)) {
        if (identity.originalUser === undefined) throw new Error(text);
        throw new PlatformError('forbidden', unknownIdentityMessage, { cause: new Error(text) });
      }
      if (answer.statusCode === 401) throw new Error('401: the credential of the gateway was rejected');
      return { status: answer.statusCode, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
    } catch (error) {
      if (error instanceof PlatformError) throw error;
      const { code, message, details } = unreachable;
      throw new PlatformError(code, message, { cause: error, ...(details && { details }) });
    }
  };
}

/** The error when the management API is unreachable. */
export const managementUnreachable = {
  code: 'management_unavailable',
  message: 'the management API is unreachable; try again',
} as const;

/** Message of a `Status` answer. */
export function statusMessage(answer: JsonAnswer): string {
  const { body } = answer;
  if (typeof body === 'object' && body !== null && 'message' in body && typeof body.message === 'string')
    return body.message;
  return `the management API responded ${answer.status}`;
}
