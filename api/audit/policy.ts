import { type AuditConfig, type AuditLevel, type AuditRule, auditLevels } from '../../contracts/audit.ts';
import { managedPlurals, templatePlurals } from '../../contracts/kinds.ts';
import type { RequestDescription } from './describe-request.ts';

/** Who a request comes from, as far as rules ask. */
export interface AuditSubject {
  readonly user: string;
  readonly groups: readonly string[];
}

/** How much to keep of a request. */
export type AuditPolicy = (request: RequestDescription, subject: AuditSubject | undefined) => AuditLevel;

/** Questions that change nothing and that clients ask without end. */
const questions = [
  'selfsubjectaccessreviews',
  'selfsubjectrulesreviews',
  'selfsubjectreviews',
  'subjectaccessreviews',
  'localsubjectaccessreviews',
  'selves',
];
/** Streams into pods, and credentials: always worth an event. */
const credentialsAndStreams = [
  '*/exec',
  '*/attach',
  '*/portforward',
  '*/proxy',
  '*/log',
  '*/kubeconfig',
  '*/accesskey',
  '*/token',
];

const always: readonly AuditRule[] = [
  { level: 'None', resources: [{ resources: questions }] },
  { level: 'Metadata', resources: [{ resources: credentialsAndStreams }] },
];

const reads = ['get', 'list', 'watch'];
/** After vCluster Platform's four levels, but without bodies in the first two. */
const presets: Record<number, readonly AuditRule[]> = {
  1: [{ level: 'None', verbs: reads }, { level: 'Metadata' }],
  2: [{ level: 'Metadata' }],
  3: [{ level: 'Request' }],
  4: [{ level: 'RequestResponse' }],
};

/**
 * The policy of a configuration: its own rules, then the preset's; the first that matches decides. Whatever they say,
 * bodies that hold secrets are never kept.
 */
export function createAuditPolicy({ rules = [], preset = 1 }: AuditConfig): AuditPolicy {
  const all = [...rules, ...always, ...(presets[preset] ?? [])];
  return (request, subject) => {
    const level = all.find((rule) => matches(rule, request, subject))?.level ?? 'None';
    return auditLevels.indexOf(level) > auditLevels.indexOf('Metadata') && holdsSecrets(request)
      ? 'Metadata'
      : level;
  };
}

function matches(rule: AuditRule, request: RequestDescription, subject: AuditSubject | undefined): boolean {
  const { users, userGroups, verbs, resources, namespaces, pathKinds } = rule;
  return (
    includes(verbs, request.verb) &&
    includes(users, subject?.user) &&
    (userGroups === undefined || (subject?.groups ?? []).some((group) => includes(userGroups, group))) &&
    includes(namespaces, request.namespace ?? '') &&
    includes(pathKinds, request.pathKind) &&
    (resources === undefined || resources.some((wanted) => matchesResource(wanted, request)))
  );
}

function includes(list: readonly string[] | undefined, value: string | undefined): boolean {
  return list === undefined || list.includes('*') || (value !== undefined && list.includes(value));
}

function matchesResource(
  { group, resources, resourceNames }: NonNullable<AuditRule['resources']>[number],
  { apiGroup, resource, subresource, name }: RequestDescription,
): boolean {
  if (resource === undefined || (group !== undefined && group !== (apiGroup ?? ''))) return false;
  if (resourceNames !== undefined && (name === undefined || !resourceNames.includes(name))) return false;
  if (resources === undefined || resources.includes('*')) return true;
  if (subresource === undefined) return resources.includes(resource);
  return (
    resources.includes(`${resource}/${subresource}`) ||
    resources.includes(`${resource}/*`) ||
    resources.includes(`*/${subresource}`)
  );
}

/** Resources whose objects hold credentials, in the management API or in any cluster. */
const secretResources: ReadonlySet<string> = new Set([
  'secrets',
  'sharedsecrets',
  'projectsecrets',
  'accesskeys',
  'ownedaccesskeys',
  'resetaccesskeys',
  'users',
  'clusters',
  'registervirtualclusters',
  'tokenreviews',
  'ingressauthtokens',
  'directclusterendpointtokens',
  'licensetokens',
  'password',
  'login',
  // Their values and parameters are texts that people write passwords into.
  ...managedPlurals,
  ...templatePlurals,
  'rendervirtualclustertemplates',
]);
/** Subresources that hand out credentials or carry users' own traffic. */
const secretSubresources: ReadonlySet<string> = new Set([
  'token',
  'kubeconfig',
  'accesskey',
  'snapshotcredentials',
  'profile',
  'accesskeys',
  'proxy',
  'exec',
  'attach',
  'portforward',
  'log',
  'shell',
]);

/** Whether bodies of such a request may hold secrets; assumed where it cannot be known. */
function holdsSecrets({ pathKind, resource, subresource }: RequestDescription): boolean {
  if (resource === undefined || pathKind === 'login' || pathKind === 'temporal' || pathKind === 'other')
    return true;
  return secretResources.has(resource) || (subresource !== undefined && secretSubresources.has(subresource));
}
