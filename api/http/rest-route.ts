import type { FastifyContextConfig } from 'fastify';
import type { RestRoute } from '../../contracts/rest/route.ts';

type Part<R, P extends 'params' | 'query' | 'headers' | 'body'> = R extends {
  readonly [K in P]: infer S;
}
  ? S
  : undefined;

type Also<R> = R extends { readonly also: infer A } ? A : unknown;

/** A route of contracts/rest/ for Fastify: what it checks, and what the OpenAPI document says. */
export function restRoute<const R extends RestRoute>(route: R, config: FastifyContextConfig) {
  const { params, query, headers, body, status, response, also, failures, curl, ...said } =
    route as RestRoute;
  const { summary, description, operationId, tags } = said;
  const schema = {
    summary,
    description,
    operationId,
    tags,
    ...(params === undefined ? {} : { params }),
    ...(query === undefined ? {} : { querystring: query }),
    ...(headers === undefined ? {} : { headers }),
    ...(body === undefined ? {} : { body }),
    response: { ...also, [status]: response },
  };
  return {
    config: {
      ...config,
      ...(failures === undefined ? {} : { failures }),
      ...(curl === undefined ? {} : { curl }),
    },
    schema: schema as unknown as {
      readonly params: Part<R, 'params'>;
      readonly querystring: Part<R, 'query'>;
      readonly headers: Part<R, 'headers'>;
      readonly body: Part<R, 'body'>;
      readonly response: { readonly [S in R['status']]: R['response'] } & Also<R>;
    },
  };
}
