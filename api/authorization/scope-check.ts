import { kindOfPlural, type ManagedPlural } from '../../contracts/kinds.ts';
import { managementGroup, projectNamespace, projectOfNamespace } from '../../contracts/names.ts';
import { PlatformError } from '../../contracts/errors.ts';
import type { OperationType } from '../../contracts/verbs.ts';
import type { AccessKeyScope } from '../../contracts/resources/access-key.ts';
import { scopeAllows } from '../../domain/keys/key-scope.ts';
import { kubernetesRequest, type ResourceRequest } from '../../domain/requests/kubernetes-request.ts';
import { verbRules } from '../../domain/lifecycle/verbs.ts';
import type { ScopedRequest, ScopeTarget } from '../../domain/keys/scoped-request.ts';
import type { Action } from './action.ts';
import { parseKubernetesPath } from '../http/kubernetes-path.ts';
import type { Caller } from '../identity/caller.ts';

/**
 * Refuses a request to a Kubernetes API that the scope of the caller's key does not open. One plain function for
 * requests and for upgrades, asked before anything is looked up.
 * @throws PlatformError `forbidden`
 */
export function checkKubernetesScope(
  caller: Caller,
  method: string,
  target: ScopeTarget & { readonly upstreamPath: string },
): void {
  const { scope } = caller.identity;
  if (scope === undefined) return; // most keys: nothing is read for them
  const request = kubernetesRequest(method, target.upstreamPath);
  if (!scopeAllows(scope, { target, request })) throw outOfScope(caller);
}

/** What a key with a scope must open to call a route of the gateway. */
export type RouteScope =
  /** Nothing more: the route only shows or ends what the caller presented. */
  | 'any'
  /** Each object is asked about with `gateway.review`, which narrows by the scope. */
  | 'reviewed'
  /** The request to a Kubernetes API that its path is. */
  | 'kubernetes'
  /** Instances in `:project` (`:name` if there is one), to read or to change by the request's method. */
  | ManagedPlural
  /** An operation of one of them; which one the handler knows, and asks with `checkOperationScope`. */
  | `${ManagedPlural}/operations`;

/**
 * Refuses a request to a route that the scope of the caller's key does not open; a route that declares nothing is
 * open to keys without a scope only.
 * @throws PlatformError `forbidden`
 */
export function checkRouteScope(
  caller: Caller,
  route: RouteScope | undefined,
  request: {
    readonly method: string;
    readonly params: unknown;
    readonly raw: { readonly url?: string | undefined };
  },
): void {
  if (caller.identity.scope === undefined || route === 'any' || route === 'reviewed') return;
  if (route === 'kubernetes')
    return checkKubernetesScope(caller, request.method, parseKubernetesPath(request.raw.url ?? ''));
  if (route === undefined) throw outOfScope(caller);
  const [resource, below] = route.split('/') as [ManagedPlural, string?];
  const { scope } = caller.identity;
  const asked = ofRoute(resource, request);
  if (scopeAllows(scope, asked) || (below !== undefined && opensSnapshots(scope, asked))) return;
  throw outOfScope(caller);
}

/**
 * Refuses an operation that the scope of the caller's key does not open. A key of one tenant cluster may do inside it what
 * its owner may, so it may also bring that one's own data back; all else changes the instance.
 * @throws PlatformError `forbidden`
 */
export function checkOperationScope(caller: Caller, type: OperationType, action: Action): void {
  const { scope } = caller.identity;
  if (actionInScope(scope, action)) return;
  const { request } = verbRules[type];
  if ('snapshots' in request && request.snapshots === true && actionInScope(scope, snapshotAction(action)))
    return;
  throw outOfScope(caller);
}

/** The same verb on the snapshots of an instance. */
export function snapshotAction(action: Action): Action {
  return { ...action, subresource: 'snapshot' };
}

function opensSnapshots(scope: AccessKeyScope | undefined, { target, request }: ScopedRequest): boolean {
  if (request?.resource === undefined) return false;
  const resource = { ...request.resource, subresource: 'snapshot' };
  return scopeAllows(scope, { target, request: { ...request, resource } });
}

/**
 * Whether an action of the management API is within the scope. Verb `use` means the tenant cluster or cluster itself; of a
 * project's secret it is a verb like others.
 */
export function actionInScope(scope: AccessKeyScope | undefined, action: Action): boolean {
  if (scope === undefined) return true;
  const { verb, group = managementGroup, resource, subresource, namespace, name } = action;
  if (verb === 'use' && resource !== 'projectsecrets') {
    const target = usedTarget(action);
    return target !== undefined && scopeAllows(scope, { target });
  }
  return scopeAllows(
    scope,
    managementRequest(verb, {
      group,
      resource,
      ...(subresource === undefined ? {} : { subresource }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(name === undefined ? {} : { name }),
    }),
  );
}

function usedTarget({ resource, namespace = '', name }: Action): ScopeTarget | undefined {
  if (name === undefined) return undefined;
  if (resource === 'clusters') return { kind: 'cluster', name };
  const project = projectOfNamespace(namespace);
  if (project === undefined) return undefined;
  const kind = kindOfPlural(resource);
  return kind === undefined ? undefined : { kind, project, name };
}

function ofRoute(
  resource: ManagedPlural,
  { method, params }: { readonly method: string; readonly params: unknown },
): ScopedRequest {
  const { project, name } = params as { project?: string; name?: string };
  const verb = method === 'GET' || method === 'HEAD' ? 'get' : 'update';
  return managementRequest(verb, {
    group: managementGroup,
    resource,
    ...(project === undefined ? {} : { namespace: projectNamespace(project) }),
    ...(name === undefined ? {} : { name }),
  });
}

function managementRequest(verb: string, resource: ResourceRequest): ScopedRequest {
  return { target: { kind: 'management' }, request: { verb, path: '', resource } };
}

function outOfScope({ credential }: Caller): PlatformError {
  return new PlatformError(
    'forbidden',
    `the scope of access key ${credential.name} does not allow this; use a key with a wider scope`,
  );
}
