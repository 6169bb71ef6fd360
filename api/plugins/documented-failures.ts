import type { FastifySchema, RouteOptions } from 'fastify';
import { Type } from 'typebox';
import { type ErrorCode, errorTable } from '../../contracts/errors.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Codes of the route's failures besides those that every route with its access and method has. */
    failures?: readonly ErrorCode[];
  }
}

const ofAll = ['invalid_request', 'request_timeout', 'head_too_large', 'internal'] as const;
const ofChanges = ['too_large'] as const;
const ofCallers = [
  'unauthenticated',
  'forbidden',
  'management_unavailable',
  'database_unavailable',
  'identity_provider_unavailable',
] as const;

/** Codes that failures of a route may have, in the order of the table of errors. */
export function failuresOf({ method, config }: Pick<RouteOptions, 'method' | 'config'>): ErrorCode[] {
  const codes = new Set<ErrorCode>([
    ...ofAll,
    ...(method === 'GET' ? [] : ofChanges),
    ...(config?.access === 'authenticated' ? ofCallers : []),
    ...(config?.failures ?? []),
  ]);
  return (Object.keys(errorTable) as ErrorCode[]).filter((code) => codes.has(code));
}

/** The answers of a route's failures by status, each with the codes that it may have; with those that `documented` has. */
export function withFailures(documented: FastifySchema['response'], codes: readonly ErrorCode[]): object {
  const responses = { ...(documented as Record<string, object>) };
  for (const [status, sameStatus] of Map.groupBy(codes, (code) => errorTable[code].status)) {
    const problem = {
      'application/problem+json': {
        schema: Type.Intersect([
          Type.Ref('Problem'),
          Type.Object({ status: Type.Literal(status), code: Type.Enum([...sameStatus]) }),
        ]),
      },
    };
    const other = responses[status];
    responses[status] = {
      'x-response-description': sameStatus
        .map((code) => `\`${code}\`: ${errorTable[code].title.toLowerCase()}`)
        .join('; '),
      content: other === undefined ? problem : { 'application/json': { schema: other }, ...problem },
    };
  }
  return responses;
}
