import type { PathKind } from '../../contracts/audit.ts';
import {
  kindNames,
  kindOfCollection,
  kindOfPlural,
  kindOfSegment,
  type NameField,
} from '../../contracts/kinds.ts';
import { projectOfNamespace } from '../../contracts/names.ts';
import { kubernetesRequest } from '../../domain/requests/kubernetes-request.ts';

/** What a request is about, read off its method and path; it decides nothing about access. */
export interface RequestDescription extends Readonly<Partial<Record<NameField, string | undefined>>> {
  readonly pathKind: PathKind;
  /** As in Kubernetes: get, list, watch, create, update, patch, delete, deletecollection; else the method. */
  readonly verb: string;
  /** Without the query, at most 1,024 characters. */
  readonly path: string;
  readonly project?: string | undefined;
  readonly cluster?: string | undefined;
  readonly apiGroup?: string | undefined;
  readonly resource?: string | undefined;
  readonly subresource?: string | undefined;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}

type Fields = { -readonly [K in keyof RequestDescription]: RequestDescription[K] };

const maxPath = 1_024;
const oidcCallback = '/auth/oidc/callback';

export function describeRequest(method: string, url: string): RequestDescription {
  const queryStart = url.indexOf('?');
  const path = queryStart < 0 ? url : url.slice(0, queryStart);
  const query = queryStart < 0 ? '' : url.slice(queryStart + 1);
  const fields: Fields = { pathKind: 'other', verb: '', path: path.slice(0, maxPath).toWellFormed() };
  const segments = path.split('/').slice(1);
  const [first, second] = segments;
  if (first === 'kubernetes') describeKubernetes(fields, segments.slice(1), method, query);
  else if (first === 'api' && second === 'v1') describeRest(fields, segments.slice(2), method);
  else if (first === 'auth') {
    fields.pathKind = 'login';
    if (path === oidcCallback) fields.verb = 'create'; // a session, though browsers come with GET
  } else if (first === 'temporal') fields.pathKind = 'temporal';
  if (fields.verb === '') fields.verb = verbOf(method, fields.name, false);
  return fields;
}

function describeKubernetes(fields: Fields, segments: string[], method: string, query: string): void {
  const [first, second, third, fourth] = segments;
  if (first === 'management') {
    fields.pathKind = 'management';
    describeResource(fields, segments.slice(1), method, query);
    fields.project = fields.namespace === undefined ? undefined : projectOfNamespace(fields.namespace);
    if (fields.resource === 'projects') fields.project = fields.name;
    const kind = kindOfPlural(fields.resource ?? '');
    if (kind !== undefined) fields[kindNames[kind].field] = fields.name;
  } else if (first === 'cluster') {
    fields.pathKind = 'cluster';
    fields.cluster = second;
    describeResource(fields, segments.slice(2), method, query);
  } else if (first === 'project') {
    const kind = kindOfSegment(third ?? '');
    if (kind === undefined) return;
    fields.pathKind = kind;
    fields.project = second;
    fields[kindNames[kind].field] = fourth;
    describeResource(fields, segments.slice(4), method, query);
  }
}

/** What follows the gateway's own prefix, as the Kubernetes API there reads it. */
function describeResource(fields: Fields, segments: readonly string[], method: string, query: string): void {
  const { verb, resource } = kubernetesRequest(method, `/${segments.join('/')}?${query}`);
  fields.verb = verb;
  if (resource === undefined) return;
  fields.apiGroup = resource.group;
  fields.resource = resource.resource;
  fields.subresource = resource.subresource;
  fields.namespace = resource.namespace;
  fields.name = resource.name;
}

/** `/api/v1/projects/<p>/virtualclusters/<v>/operations/<id>` and the like: names follow their collections. */
function describeRest(fields: Fields, segments: string[], method: string): void {
  fields.pathKind = 'rest';
  for (let index = 0; index < segments.length; index += 2) {
    const name = segments[index + 1];
    fields.resource = segments[index];
    fields.name = name;
    if (fields.resource === 'projects') fields.project = name;
    if (fields.resource === 'clusters') fields.cluster = name;
    const kind = kindOfCollection(fields.resource ?? '');
    if (kind !== undefined) fields[kindNames[kind].field] = name;
  }
  const { resource, name } = fields;
  // /api/v1/operations/<id>/cancel: something done with the one before.
  if (name === undefined && segments.length === 3 && resource !== undefined) {
    [fields.resource, fields.name] = segments;
    fields.subresource = resource;
  }
  fields.verb = verbOf(method, fields.name, (fields.subresource ?? fields.resource) === 'events');
}

function verbOf(method: string, name: string | undefined, watching: boolean): string {
  switch (method) {
    case 'GET':
    case 'HEAD':
      if (watching) return 'watch';
      return name === undefined ? 'list' : 'get';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return name === undefined ? 'deletecollection' : 'delete';
    case 'OPTIONS':
      return 'get';
    default:
      return 'other';
  }
}

/** Whether a request with this verb changes nothing. */
export function isRead(verb: string): boolean {
  return verb === 'get' || verb === 'list' || verb === 'watch';
}
