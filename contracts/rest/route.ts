import type { Static, TObject, TSchema } from 'typebox';
import type { ErrorCode } from '../errors.ts';

/** A route of `/api/v1`, as its server and its client both know it. */
export interface RestRoute {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: `/api/v1/${string}`;
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly params?: TObject;
  readonly query?: TObject;
  readonly headers?: TObject;
  readonly body?: TSchema;
  readonly status: 200 | 202;
  readonly response: TSchema;
  /** Answers with other statuses that are not failures either. */
  readonly also?: { readonly 200?: TSchema };
  /** Codes of its failures besides those that every route with its access and method has. */
  readonly failures?: readonly ErrorCode[];
  /** What its example with curl has that does not follow from the rest. */
  readonly curl?: { readonly query?: string; readonly data?: string };
}

type Of<R, Part extends 'params' | 'query' | 'headers' | 'body'> = R extends {
  readonly [P in Part]: infer S extends TSchema;
}
  ? Static<S>
  : undefined;

export type ParamsOf<R extends RestRoute> = Of<R, 'params'>;
export type QueryOf<R extends RestRoute> = Of<R, 'query'>;
export type HeadersOf<R extends RestRoute> = Of<R, 'headers'>;
export type BodyOf<R extends RestRoute> = Of<R, 'body'>;
export type ResponseOf<R extends RestRoute> = Static<R['response']>;
