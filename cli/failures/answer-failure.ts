import { type ErrorCode, isErrorCode } from '../../contracts/errors.ts';
import { CommandFailure } from './failure.ts';

interface ErrorBody {
  readonly code?: unknown;
  readonly detail?: string;
  readonly title?: string;
  // of a Kubernetes Status
  readonly kind?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly details?: { readonly causes?: { readonly reason?: string }[] };
}

interface FailedAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, unknown>>;
}

/**
 * What a `Status` puts before the reason: a word for tools, which our title says too, or, as API servers do (validatingadmissionpolicy's
 * dispatcher), which policy it is that refuses.
 */
const spoken =
  /^Unauthorized: |^.{0,600}? is forbidden: ValidatingAdmissionPolicy '[^']*' with binding '[^']*' denied request: /;

/** Why a request failed, by the answer to it. */
export function failureOf(url: string, answer: FailedAnswer, text: string): CommandFailure {
  const { statusCode: status, headers } = answer;
  const body = parseErrorBody(text);
  const id = headers['x-request-id'];
  const more = { requestId: typeof id === 'string' ? id : undefined, problem: body };
  if (body === undefined) return failureOfOther(url, status, more.requestId);
  if (body.kind === 'Status') {
    const message = body.message?.replace(spoken, '') ?? `the API answered ${status}`;
    return new CommandFailure(codeOfStatus(status, body), message, more);
  }
  const code = isErrorCode(body.code) ? body.code : codeOfHttp(status);
  if (isOfOlder(body))
    return new CommandFailure(code, `${body.detail}: the platform may be older than this vcp`, {
      ...more,
      next: 'vcp version',
    });
  return new CommandFailure(code, body.detail ?? body.title ?? `the platform responded ${status}`, more);
}

/** A route, a method of one or a field that vcp knows and the platform does not. */
function isOfOlder({ detail = '' }: ErrorBody): boolean {
  return detail.startsWith('no route for ') || / has no method |\bis not a known field\b/.test(detail);
}

/** A proxy in between may be out of order, or want to be logged in to; anything else is not the platform. */
function failureOfOther(url: string, status: number, requestId: string | undefined): CommandFailure {
  if (status < 500 && status !== 401 && status !== 403) return notThePlatform(url);
  return new CommandFailure(codeOfHttp(status), `the server at ${url} responded ${status}`, { requestId });
}

/** What answers is something else. */
export function notThePlatform(url: string): CommandFailure {
  return new CommandFailure('invalid_request', `the server at ${url} is not vcluster-platform`, {
    next: 'vcp login <url>',
  });
}

function parseErrorBody(text: string): ErrorBody | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null ? body : undefined;
  } catch {
    return undefined; // something else answered
  }
}

function codeOfStatus(status: number, body: ErrorBody): ErrorCode {
  const ours = body.details?.causes?.map(({ reason }) => reason).find(isErrorCode);
  if (ours !== undefined) return ours;
  return body.reason === 'AlreadyExists' ? 'already_exists' : codeOfHttp(status);
}

function codeOfHttp(status: number): ErrorCode {
  if (status === 401) return 'unauthenticated';
  if (status === 403) return 'forbidden';
  if (status === 404) return 'not_found';
  if (status === 409) return 'conflict';
  if (status === 413) return 'too_large';
  if (status < 500) return 'invalid_request';
  return status === 500 ? 'internal' : 'management_unavailable';
}
