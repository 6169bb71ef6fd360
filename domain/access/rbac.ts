/** A rule of a Role or ClusterRole. The API server writes an empty list as none, or as null. */
export interface PolicyRule {
  readonly apiGroups?: readonly string[] | null;
  readonly resources?: readonly string[] | null;
  readonly resourceNames?: readonly string[] | null;
  readonly nonResourceURLs?: readonly string[] | null;
  readonly verbs: readonly string[];
}

/** Whom a binding names. */
export interface RbacSubject {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

/** The role that a binding gives. */
export interface RoleRef {
  readonly kind: string;
  readonly name: string;
}

/** The user of a request, as the API server's authentication would say it. */
export interface RbacUser {
  readonly user: string;
  readonly groups: readonly string[];
}

/** What an authorizer is asked: a verb on resources, or on a path that is none. Empty strings count as absent. */
export type RbacQuestion = ResourceQuestion | PathQuestion;

export interface ResourceQuestion {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  /** Absent: cluster-scoped, or all namespaces. */
  readonly namespace?: string;
  /** Absent for what has no name: collections, and what is to be created. */
  readonly name?: string;
}

export interface PathQuestion {
  readonly verb: string;
  readonly path: string;
}

/** May do everything before any rule is looked at (`NewPrivilegedGroups` of the API server). */
export const privilegedGroup = 'system:masters';

/**
 * Whether one rule allows what is asked: `RuleAllows` of the RBAC authorizer (plugin/pkg/auth/authorizer/rbac/rbac.go
 * and pkg/apis/rbac/v1/evaluation_helpers.go in Kubernetes 1.36), case by case.
 */
export function policyRuleAllows(rule: PolicyRule, question: RbacQuestion): boolean {
  if (!listed(rule.verbs, question.verb)) return false;
  return 'path' in question ? pathMatches(rule, question.path) : resourceMatches(rule, question);
}

function resourceMatches(
  { apiGroups, resources, resourceNames }: PolicyRule,
  { group, resource, subresource = '', name = '' }: ResourceQuestion,
): boolean {
  if (!listed(apiGroups, group)) return false;
  // A rule with names allows none of what has no name: lists, watches, creations, whole collections.
  if (!isEmpty(resourceNames) && resourceNames?.includes(name) !== true) return false;
  if (subresource === '') return listed(resources, resource);
  return listed(resources, `${resource}/${subresource}`) || resources?.includes(`*/${subresource}`) === true;
}

function pathMatches({ nonResourceURLs }: PolicyRule, path: string): boolean {
  return (
    nonResourceURLs?.some(
      (url) => url === path || (url.endsWith('*') && path.startsWith(url.replace(/\*+$/, ''))),
    ) === true
  );
}

function listed(list: readonly string[] | null | undefined, value: string): boolean {
  return list?.includes('*') === true || list?.includes(value) === true;
}

function isEmpty(list: readonly string[] | null | undefined): boolean {
  return list === undefined || list === null || list.length === 0;
}

/** One of the names by which bindings can refer to a user: a user's own (service accounts are users), or a group's. */
export type SubjectKey = `user ${string}` | `group ${string}`;

/** All that bindings can mean `who` by. */
export function subjectKeysOf({ user, groups }: RbacUser): SubjectKey[] {
  return [`user ${user}`, ...groups.map((group): SubjectKey => `group ${group}`)];
}

/**
 * Whom a subject of a binding in `namespace` ('' for a ClusterRoleBinding) means; undefined if no one: `appliesToUser`
 * in pkg/registry/rbac/validation/rule.go. A service account without a namespace is one of the binding's own.
 */
export function subjectKeyOf(subject: RbacSubject, namespace: string): SubjectKey | undefined {
  switch (subject.kind) {
    case 'User':
      return `user ${subject.name}`;
    case 'Group':
      return `group ${subject.name}`;
    case 'ServiceAccount': {
      const home = subject.namespace || namespace;
      return home === '' ? undefined : `user system:serviceaccount:${home}:${subject.name}`;
    }
    default:
      return undefined;
  }
}
