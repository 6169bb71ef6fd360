import type { ManagedKind } from '../kinds.ts';
import { auditRoutes } from './audit-routes.ts';
import { clusterRoutes } from './cluster-routes.ts';
import { historyRoutes } from './history-routes.ts';
import { instanceRoutes } from './instance-routes.ts';
import { operationLists } from './operation-lists.ts';
import { operationRoutes } from './operation-routes.ts';
import { projectRoutes } from './project-routes.ts';
import type { BodyOf, HeadersOf, ParamsOf, QueryOf, ResponseOf, RestRoute } from './route.ts';
import { snapshotRoutes } from './snapshot-routes.ts';
import { unclaimedNamespaceRoutes } from './unclaimed-namespace-routes.ts';
import { usageRoutes } from './usage-routes.ts';

/** What a client sends: how, and with which credential, is the caller's. */
export interface RestRequest {
  readonly method: RestRoute['method'];
  /** With its query. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends a request and gives the JSON of the answer; fails for every answer that is not a success. */
export type SendRest = (request: RestRequest) => Promise<unknown>;

type Given<Name extends string, T> = [T] extends [undefined]
  ? unknown
  : Partial<T> extends T
    ? { readonly [N in Name]?: T }
    : { readonly [N in Name]: T };

/** What a call is given. */
export type CallOf<R extends RestRoute> = Given<'params', ParamsOf<R>> &
  Given<'query', QueryOf<R>> &
  Given<'headers', HeadersOf<R>> &
  Given<'body', BodyOf<R>>;

type Call<R extends RestRoute> =
  unknown extends CallOf<R>
    ? () => Promise<ResponseOf<R>>
    : Partial<CallOf<R>> extends CallOf<R>
      ? (call?: CallOf<R>) => Promise<ResponseOf<R>>
      : (call: CallOf<R>) => Promise<ResponseOf<R>>;

type Calls<T extends Readonly<Record<string, RestRoute>>> = { readonly [N in keyof T]: Call<T[N]> };

const routes = {
  ...projectRoutes,
  ...clusterRoutes,
  ...operationLists,
  ...operationRoutes,
  ...snapshotRoutes,
  ...auditRoutes,
  ...unclaimedNamespaceRoutes,
  ...usageRoutes,
  ...historyRoutes,
} as const;

/** `/api/v1` as functions, typed by the schemas that the server's routes check. */
export type RestClient = Calls<typeof routes> & {
  /** What there is for the instances of a kind. */
  of<K extends ManagedKind>(kind: K): Calls<ReturnType<typeof instanceRoutes<K>>>;
};

export function createRestClient(send: SendRest): RestClient {
  return { ...callsOf(routes, send), of: (kind) => callsOf(instanceRoutes(kind), send) };
}

function callsOf<T extends Readonly<Record<string, RestRoute>>>(table: T, send: SendRest): Calls<T> {
  return Object.fromEntries(
    Object.entries(table).map(([name, route]) => [name, (call?: AnyCall) => send(requestOf(route, call))]),
  ) as unknown as Calls<T>;
}

interface AnyCall {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
}

/** The request of a call: parameters stand in its path as they are spelt there. */
export function requestOf(
  { method, path }: Pick<RestRoute, 'method' | 'path'>,
  call: AnyCall = {},
): RestRequest {
  const { params = {}, query = {}, headers = {}, body } = call;
  const filled = path.replaceAll(/:(\w+)/g, (_all, name: string) => encodeURIComponent(params[name] ?? ''));
  const search = new URLSearchParams(given(query)).toString();
  return {
    method,
    path: search === '' ? filled : `${filled}?${search}`,
    headers: given(headers),
    ...(body === undefined ? {} : { body }),
  };
}

function given(fields: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
