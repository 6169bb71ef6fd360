import { kindNames, managedPlurals, type OperationTarget } from '../../contracts/kinds.ts';
import { managementGroup, projectOfNamespace } from '../../contracts/names.ts';
import { AccessKeyScope } from '../../contracts/resources/access-key.ts';
import { ruleAllows } from './key-scope-rules.ts';
import { isDiscovery, type KubernetesRequest, type ResourceRequest } from '../requests/kubernetes-request.ts';
import type { ScopedRequest } from './scoped-request.ts';

/** One way in which a scope opens something. */
type Opening = (scoped: ScopedRequest) => boolean;

/**
 * Whether a key with `scope` may make a request, whatever its owner may do besides: a scope only narrows. No scope
 * allows everything; a scope that says nothing, and one with a field that is not known here, allows nothing.
 * The parts of a scope add up. `*` means every name.
 */
export function scopeAllows(scope: AccessKeyScope | undefined, scoped: ScopedRequest): boolean {
  if (scope === undefined) return true;
  const openings = openingsOf(scope);
  if (openings.length === 0) return false;
  return isAboutOneself(scoped) || openings.some((opens) => opens(scoped));
}

/** Whether the scope opens nothing at all: it is empty, or says what is not understood here. */
export function opensNothing(scope: AccessKeyScope): boolean {
  return openingsOf(scope).length === 0;
}

function openingsOf(scope: AccessKeyScope): Opening[] {
  if (!isUnderstood(scope)) return [];
  return [
    ...(scope.projects ?? []).flatMap(({ project }) => (project ? [projectOpening(project)] : [])),
    ...(scope.virtualClusters ?? []).flatMap(({ project, virtualCluster }) =>
      project && virtualCluster ? [instanceOpening({ kind: 'tenant', project, name: virtualCluster })] : [],
    ),
    ...(scope.spaces ?? []).flatMap(({ project, space }) =>
      project && space ? [instanceOpening({ kind: 'space', project, name: space })] : [],
    ),
    ...(scope.clusters ?? []).flatMap(({ cluster }) => (cluster ? [clusterOpening(cluster)] : [])),
    ...(scope.roles ?? []).flatMap((role) => roleOpening(role)),
    // Discovery and `selves`, which every scope opens, and no project, since it names none.
    ...(scope.allowLoftCli === true ? [() => false] : []),
    ...(scope.rules ?? []).map(
      (rule): Opening =>
        (scoped) =>
          ruleAllows(rule, scoped),
    ),
  ];
}

/** Discovery, the version, and who one is: what a client asks before it does anything. */
function isAboutOneself({ target, request }: ScopedRequest): boolean {
  if (target.kind !== 'management' || request === undefined) return false;
  const { verb, resource } = request;
  if (resource === undefined) return isDiscovery(request);
  return (
    verb === 'create' &&
    isManagement(resource, 'selves') &&
    resource.name === undefined &&
    resource.namespace === undefined
  );
}

/** Kinds whose objects live in a project's namespace. */
const inProjects: ReadonlySet<string> = new Set([...managedPlurals, 'projectsecrets']);

/** All that is in the project; the project itself to read. */
function projectOpening(project: string): Opening {
  return ({ target, request }) => {
    if ('project' in target) return matches(project, target.project);
    if (target.kind !== 'management' || request?.resource === undefined) return false;
    const { verb, resource } = request;
    if (isManagement(resource, 'projects')) return readsNamed(request, project);
    const namespaceProject = projectOfNamespace(resource.namespace ?? '');
    if (!namespaceProject || !matches(project, namespaceProject)) return false;
    if (resource.group === managementGroup) return inProjects.has(resource.resource);
    return isEvents(resource) && ['get', 'list', 'watch'].includes(verb);
  };
}

/** What may be done with subresources of an instance by who has the instance only. */
const ownSubresources: ReadonlySet<string> = new Set(['create kubeconfig', 'update snapshot']);

/** Everything inside one tenant cluster or space, its own snapshots too; its instance to read and to get a kubeconfig for. */
function instanceOpening({ kind, project, name }: OperationTarget): Opening {
  return ({ target, request }) => {
    if (target.kind === kind) return matches(project, target.project) && matches(name, target.name);
    if (target.kind !== 'management' || request?.resource === undefined) return false;
    const { verb, resource } = request;
    if (!isManagement(resource, kindNames[kind].plural)) return false;
    const namespaceProject = projectOfNamespace(resource.namespace ?? '');
    if (!namespaceProject || !matches(project, namespaceProject)) return false;
    if (readsNamed(request, name)) return true;
    return ownSubresources.has(`${verb} ${resource.subresource}`) && isNamed(resource, name);
  };
}

function clusterOpening(cluster: string): Opening {
  return ({ target, request }) => {
    if (target.kind === 'cluster') return matches(cluster, target.name);
    if (target.kind !== 'management' || request?.resource === undefined) return false;
    return (
      isManagement(request.resource, 'clusters') &&
      request.resource.subresource === undefined &&
      readsNamed(request, cluster)
    );
  };
}

/** Roles of a scope that open anything. */
export const rolesThatOpen: readonly string[] = ['loft-cli'];

/**
 * Role `loft-cli` reads the projects it names, and their instances (those it names, if it does). The other roles
 * (`agent`, `vcluster`, `network-peer`, `workspace`, `metrics-writer`, `metrics-reader`) belong to parts that this
 * platform does not have, and open nothing.
 */
function roleOpening(role: NonNullable<AccessKeyScope['roles']>[number]): Opening[] {
  if (!rolesThatOpen.includes(role.role ?? '')) return [];
  const { projects = [], virtualClusters } = role;
  return [
    ({ target, request }) => {
      if (target.kind !== 'management' || request?.resource === undefined) return false;
      const { resource } = request;
      if (isManagement(resource, 'projects')) return projects.some((project) => readsNamed(request, project));
      if (!isManagement(resource, 'virtualclusterinstances') || resource.subresource !== undefined)
        return false;
      const namespaceProject = projectOfNamespace(resource.namespace ?? '');
      if (!namespaceProject || !projects.some((project) => matches(project, namespaceProject))) return false;
      return (virtualClusters ?? ['*']).some((name) => readsNamed(request, name));
    },
  ];
}

/** Whether the request reads objects called `name` and no others. */
function readsNamed({ verb, resource }: KubernetesRequest, name: string): boolean {
  if (resource === undefined || !['get', 'list', 'watch'].includes(verb)) return false;
  return isNamed(resource, name);
}

/** A collection holds more than one name, so only `*` means it. */
function isNamed(resource: ResourceRequest, name: string): boolean {
  return name === '*' || resource.name === name;
}

function isManagement({ group, resource }: ResourceRequest, plural: string): boolean {
  return group === managementGroup && resource === plural;
}

function isEvents({ group, resource, subresource }: ResourceRequest): boolean {
  return (group === '' || group === 'events.k8s.io') && resource === 'events' && subresource === undefined;
}

function matches(pattern: string, name: string): boolean {
  return pattern === '*' || pattern === name;
}

/** Whether every field of the scope is one of the schema's: what is not known may have been meant to narrow. */
function isUnderstood(scope: AccessKeyScope): boolean {
  return Object.entries(scope).every(([field, value]) => {
    if (!Object.hasOwn(AccessKeyScope.properties, field)) return false; // nor one that objects inherit: `toString`
    const schema = (AccessKeyScope.properties as Record<string, unknown>)[field] as Shape;
    if (field === 'rules') return Array.isArray(value); // each rule looks at its own fields
    const fields = schema.items?.properties;
    if (fields === undefined) return typeof value === 'boolean';
    if (!Array.isArray(value)) return false;
    return (value as unknown[]).every((entry) => hasOnly(entry, fields));
  });
}

interface Shape {
  readonly items?: { readonly properties?: object };
}

function hasOnly(entry: unknown, fields: object): boolean {
  return (
    typeof entry === 'object' &&
    entry !== null &&
    !Array.isArray(entry) &&
    Object.keys(entry).every((name) => Object.hasOwn(fields, name))
  );
}
