/** What a request asks of a Kubernetes API, as that API's own resolver reads it (k8s.io/apiserver RequestInfo). */
export interface KubernetesRequest {
  /** `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`; empty for other methods. */
  readonly verb: string;
  /** Without the query. */
  readonly path: string;
  /** Undefined for non-resource paths, such as `/version` and discovery. */
  readonly resource: ResourceRequest | undefined;
}

export interface ResourceRequest {
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
  /** Of the object; for a list or watch the one that its field selector names. */
  readonly name?: string;
}

const verbs: Readonly<Record<string, string>> = {
  GET: 'get',
  HEAD: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** Subresources of namespaces: `namespaces/<name>/status` is not a resource in a namespace. */
const ofNamespace: ReadonlySet<string> = new Set(['status', 'finalize']);

/**
 * The request that `method` and `pathAndQuery` mean. What cannot be read is a request for no resource, which scopes
 * and rules do not open.
 */
export function kubernetesRequest(method: string, pathAndQuery: string): KubernetesRequest {
  const queryStart = pathAndQuery.indexOf('?');
  const path = queryStart < 0 ? pathAndQuery : pathAndQuery.slice(0, queryStart);
  const query = queryStart < 0 ? '' : pathAndQuery.slice(queryStart + 1);
  const verb = verbs[method] ?? '';
  const segments = path.split('/').filter((segment) => segment !== '');
  const decoded = path.includes('%') ? segments.map(decode) : segments;
  const prefixLength = decoded[0] === 'api' ? 2 : decoded[0] === 'apis' ? 3 : undefined;
  if (prefixLength === undefined || decoded.length <= prefixLength || decoded.includes(undefined))
    return { verb, path, resource: undefined };
  const parts = decoded as string[];
  const group = parts[0] === 'apis' ? (parts[1] ?? '') : '';
  return withResource({ verb, path, group, query, parts: parts.slice(prefixLength) });
}

const oldForms = ['watch', 'proxy'] as const;

function withResource(given: {
  verb: string;
  path: string;
  group: string;
  query: string;
  parts: readonly string[];
}): KubernetesRequest {
  const { path, group, query } = given;
  // The old forms /api/v1/watch/… and /api/v1/proxy/…
  const special = oldForms.find((form) => form === given.parts[0]);
  const parts = special === undefined ? given.parts : given.parts.slice(1);
  if (parts.length === 0) return { verb: given.verb, path, resource: undefined };
  const namespace = parts[0] === 'namespaces' ? parts[1] : undefined;
  const isInNamespace = namespace !== undefined && parts[2] !== undefined && !ofNamespace.has(parts[2]);
  const [resource = '', named, subresource] = isInNamespace ? parts.slice(2) : parts;
  const verb = special ?? (named === undefined ? collectionVerb(given.verb, query) : given.verb);
  const name = named ?? (collectionVerbs.has(verb) ? selectedName(query) : undefined);
  return { verb, path, resource: withoutAbsent({ group, resource, subresource, namespace, name }) };
}

/** Not put together of parts: paths are read for every request, more than once. */
function withoutAbsent(found: {
  group: string;
  resource: string;
  subresource: string | undefined;
  namespace: string | undefined;
  name: string | undefined;
}): ResourceRequest {
  const { group, resource, subresource, namespace, name } = found;
  const request: { -readonly [K in keyof ResourceRequest]: ResourceRequest[K] } = { group, resource };
  if (subresource !== undefined) request.subresource = subresource;
  if (namespace !== undefined) request.namespace = namespace;
  if (name !== undefined) request.name = name;
  return request;
}

/** Discovery and the version: what a client asks before it does anything. */
export function isDiscovery({ verb, path, resource }: KubernetesRequest): boolean {
  return resource === undefined && verb === 'get' && discovery.test(path);
}

const discovery = /^\/(version|api|api\/v1|apis|apis\/[^/]+(\/[^/]+)?|openapi\/v2|openapi\/v3(\/.*)?)\/?$/;

const collectionVerbs: ReadonlySet<string> = new Set(['list', 'watch', 'deletecollection']);

/** What a request for a whole collection does. */
function collectionVerb(verb: string, query: string): string {
  if (verb === 'get') return isWatch(query) ? 'watch' : 'list';
  return verb === 'delete' ? 'deletecollection' : verb;
}

function isWatch(query: string): boolean {
  const value = new URLSearchParams(query).get('watch');
  return value !== null && !['false', '0'].includes(value.toLowerCase());
}

/** The one name that a field selector allows. Anything less plain counts as no name. */
function selectedName(query: string): string | undefined {
  if (query.includes(';')) return undefined;
  const selectors = new URLSearchParams(query).getAll('fieldSelector');
  if (selectors.length !== 1) return undefined;
  return /^metadata\.name==?([a-z0-9]([-a-z0-9.]*[a-z0-9])?)$/.exec(selectors[0] ?? '')?.[1];
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined; // URIError: no valid UTF-8
  }
}
