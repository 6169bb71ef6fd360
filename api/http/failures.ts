import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { type ErrorCode, errorTable, PlatformError } from '../../contracts/errors.ts';
import type { Problem } from '../../contracts/operations.ts';
import { discoveryWarning, retryAfterOf, toStatus } from './status.ts';
import { dnsLabelPattern } from '../../contracts/rest/values.ts';

/** Every failure in its client's form: a `Status` under /kubernetes/, else `application/problem+json`. */
export const failures = fp(
  async (app: FastifyInstance) => {
    app.setErrorHandler((error: FastifyError, request, reply) => sendFailure(error, request, reply));
  },
  { name: 'failures' },
);

/** Answers with `error`; unknown ones are logged, and the client gets only the request's id. */
export function sendFailure(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const failure = asPlatformError(error);
  const { status } = errorTable[failure.code];
  if (status >= 500) {
    const of = { reqId: request.id, isKnown: request.caller !== undefined };
    request.server.requestLines.failed(of, { err: error, code: failure.code });
  }
  reply.header('x-request-id', request.id).header('cache-control', 'no-store').code(status);
  const retry = retryAfterOf(failure);
  if (retry !== undefined) reply.header('retry-after', String(retry));
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  if (request.raw.url?.startsWith('/kubernetes')) {
    const warning = discoveryWarning(failure, request.raw.url);
    if (warning !== undefined) reply.header('warning', warning);
    return reply.header('content-type', 'application/json').send(JSON.stringify(toStatus(failure)));
  }
  return reply
    .header('content-type', 'application/problem+json')
    .send(JSON.stringify(toProblem(failure, request.id, validationErrors(error))));
}

/** The problem document of a failure. */
function toProblem(failure: PlatformError, requestId: string, errors?: Problem['errors']): Problem {
  const { status, title } = errorTable[failure.code];
  return {
    type: `https://vcluster-platform.io/errors/${failure.code.replaceAll('_', '-')}`,
    title,
    status,
    code: failure.code,
    detail: failure.message,
    requestId,
    ...(errors === undefined ? {} : { errors }),
    ...(failure.details === undefined ? {} : { details: failure.details }),
  };
}

/** The client's form of `error`; `internal` for what only the log may show. */
export function asPlatformError(error: unknown): PlatformError {
  if (error instanceof PlatformError) return error;
  const fastifyError = error as Partial<FastifyError>;
  const code = codeOfStatus(fastifyError.statusCode);
  if (code === undefined) {
    return new PlatformError('internal', 'internal error; the log has the cause under this request ID', {
      cause: error,
    });
  }
  if (code === 'too_large') return new PlatformError(code, 'the body is larger than 1 MiB', { cause: error });
  if (fastifyError.statusCode === 415) {
    return new PlatformError(code, 'the body must be JSON: send it with "Content-Type: application/json"', {
      cause: error,
    });
  }
  const invalid = validationErrors(error);
  const message =
    invalid?.map(({ path, message }) => `${path}: ${message}`).join('; ') ?? fastifyError.message ?? code;
  return new PlatformError(code, message, { cause: error });
}

function codeOfStatus(status: number | undefined): ErrorCode | undefined {
  if (status === undefined || status < 400 || status >= 500) return undefined;
  if (status === 413) return 'too_large';
  if (status === 404) return 'not_found';
  return 'invalid_request';
}

/** Field errors of a schema violation, each with the JSON pointer of the field; an unknown field is named. */
function validationErrors(error: unknown): NonNullable<Problem['errors']> | undefined {
  const { validation, validationContext } = error as Partial<FastifyError>;
  return validation?.map(({ instancePath, params, message }) => {
    const unknown = params['additionalProperty'];
    const missing = params['missingProperty'];
    const values = params['allowedValues'];
    const pointer = `${validationContext ?? 'body'}${instancePath}`;
    if (typeof unknown === 'string')
      return { path: `${pointer}/${unknown}`, message: 'is not a known field' };
    if (typeof missing === 'string') return { path: `${pointer}/${missing}`, message: 'is missing' };
    if (Array.isArray(values)) return { path: pointer, message: `must be one of ${values.join(', ')}` };
    if (params['pattern'] === dnsLabelPattern) {
      return {
        path: pointer,
        message: 'must be lower-case letters, digits and "-", beginning and ending with a letter or digit',
      };
    }
    return { path: pointer, message: message ?? 'is not valid' };
  });
}
