import { kindNames, type ManagedKind, managedKinds } from '../../contracts/kinds.ts';
import type { KubernetesRequest, ResourceRequest } from '../requests/kubernetes-request.ts';
import type { ScopedRequest } from './scoped-request.ts';

/** A rule of a scope as vCluster Platform has them (deprecated there): empty lists mean everything. */
interface ScopeRule {
  readonly verbs?: readonly string[];
  readonly resources?: readonly GroupResources[];
  readonly namespaces?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly requestTargets?: readonly string[];
  readonly cluster?: string;
}

interface GroupResources {
  readonly group?: string;
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
}

const targetNames = {
  management: 'Management',
  cluster: 'Cluster',
  ...(Object.fromEntries(managedKinds.map((kind) => [kind, kindNames[kind].requestTarget])) as {
    readonly [K in ManagedKind]: (typeof kindNames)[K]['requestTarget'];
  }),
} as const;

/**
 * Whether one rule of a scope allows a request. A rule with a field that is not known here allows nothing; so does
 * one with `virtualClusters`, which names tenant clusters by places that have no paths here.
 */
export function ruleAllows(given: unknown, { target, request }: ScopedRequest): boolean {
  const rule = readRule(given);
  if (rule === undefined) return false;
  if (!oneOf(rule.requestTargets, targetNames[target.kind])) return false;
  if (rule.cluster && !(target.kind === 'cluster' && target.name === rule.cluster)) return false;
  if (request === undefined) return true;
  if (!oneOf(rule.verbs, request.verb)) return false;
  return request.resource === undefined ? allowsPath(rule, request) : allowsResource(rule, request.resource);
}

function allowsPath(
  { nonResourceURLs, resources, namespaces }: ScopeRule,
  { path }: KubernetesRequest,
): boolean {
  if (isEmpty(nonResourceURLs)) return isEmpty(resources) && isEmpty(namespaces);
  return (nonResourceURLs ?? []).some(
    (url) => url === path || (url.endsWith('*') && path.startsWith(url.slice(0, -1))),
  );
}

function allowsResource(
  { resources, namespaces, nonResourceURLs }: ScopeRule,
  asked: ResourceRequest,
): boolean {
  if (!isEmpty(nonResourceURLs) && isEmpty(resources) && isEmpty(namespaces)) return false;
  if (!oneOf(namespaces, asked.namespace ?? '')) return false;
  return isEmpty(resources) || (resources ?? []).some((entry) => inGroupResources(entry, asked));
}

/** As in a Kubernetes audit policy: `pods`, `pods/log`, `pods/*`, `*` + `/scale`, `*`. */
function inGroupResources(
  { group, resources, resourceNames }: GroupResources,
  asked: ResourceRequest,
): boolean {
  if (group !== '*' && (group ?? '') !== asked.group) return false;
  if (!isEmpty(resourceNames) && !(asked.name !== undefined && resourceNames?.includes(asked.name)))
    return false;
  if (isEmpty(resources)) return true;
  const { resource, subresource } = asked;
  const forms =
    subresource === undefined
      ? ['*', resource]
      : ['*', `${resource}/${subresource}`, `${resource}/*`, `*/${subresource}`];
  return (resources ?? []).some((pattern) => forms.includes(pattern));
}

function oneOf(list: readonly string[] | undefined, value: string): boolean {
  return isEmpty(list) || list?.includes('*') === true || list?.includes(value) === true;
}

function isEmpty(list: readonly unknown[] | undefined): boolean {
  return list === undefined || list.length === 0;
}

function readRule(given: unknown): ScopeRule | undefined {
  if (!isRecord(given)) return undefined;
  const { cluster, resources, ...lists } = given;
  if (cluster !== undefined && typeof cluster !== 'string') return undefined;
  if (resources !== undefined && !(Array.isArray(resources) && resources.every(isGroupResources)))
    return undefined;
  const known = ['verbs', 'namespaces', 'nonResourceURLs', 'requestTargets'];
  const understood = Object.entries(lists).every(([name, value]) => known.includes(name) && isStrings(value));
  return understood ? (given as ScopeRule) : undefined;
}

function isGroupResources(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { group, ...lists } = value;
  if (group !== undefined && typeof group !== 'string') return false;
  return Object.entries(lists).every(
    ([name, list]) => ['resources', 'resourceNames'].includes(name) && isStrings(list),
  );
}

function isStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
