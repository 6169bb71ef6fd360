import {
  type PolicyRule,
  policyRuleAllows,
  privilegedGroup,
  type RbacQuestion,
  type RbacSubject,
  type RbacUser,
  type ResourceQuestion,
  type RoleRef,
  type SubjectKey,
  subjectKeyOf,
  subjectKeysOf,
} from '../../domain/access/rbac.ts';

export interface RoleObject {
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: readonly PolicyRule[] | null;
}

export interface BindingObject {
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly roleRef: RoleRef;
  readonly subjects?: readonly RbacSubject[] | null;
}

/** Roles and bindings of one API server, indexed by subject. */
export interface RbacIndex {
  /** Takes a Role or ClusterRole as it is now; undefined: it is gone. */
  setRole(key: string, role: RoleObject | undefined): void;
  /** Takes a RoleBinding or ClusterRoleBinding as it is now; undefined: it is gone. */
  setBinding(key: string, binding: BindingObject | undefined): void;
  /** What the API server's RBAC authorizer would say. */
  allows(who: RbacUser, question: RbacQuestion): boolean;
  /**
   * All namespaces in which `who` may be allowed what is asked about some object; undefined: it may be allowed anywhere.
   * @param question without namespace and name
   */
  namespacesOf(who: RbacUser, question: ResourceQuestion): string[] | undefined;
  /** Counts changes. As long as it is unchanged for `who`, so is every decision about them. */
  generationOf(who: RbacUser): number;
}

interface Binding {
  readonly key: string;
  /** '' for a ClusterRoleBinding. */
  readonly namespace: string;
  readonly role: string;
  readonly subjects: readonly SubjectKey[];
}

interface Grants {
  readonly generation: number;
  /** Count of all changes when it was last certain that these are the grants. */
  checkedAt: number;
  /** By namespace; '' holds everywhere. */
  readonly rules: ReadonlyMap<string, readonly PolicyRule[]>;
}

/** Of subjects that nothing is about any more; beyond that the decisions for all subjects count as changed once. */
const maxGone = 10_000;

/**
 * An empty index. Keys of roles and bindings are {@link objectKey}s: cluster-scoped ones have no slash in them, so the
 * two kinds of each do not meet.
 */
export function createRbacIndex(): RbacIndex {
  const roles = new Map<string, readonly PolicyRule[]>();
  const bindings = new Map<string, Binding>();
  const bindingsOfRole = new Map<string, Set<Binding>>();
  const bindingsOfSubject = new Map<SubjectKey, Set<Binding>>();
  const changedAt = new Map<SubjectKey, number>();
  const known = new WeakMap<RbacUser, Grants>();
  let generation = 0;
  /** The generation of all subjects without one of their own. */
  let floor = 0;

  function changed(subjects: Iterable<SubjectKey>): void {
    generation += 1;
    for (const subject of subjects) changedAt.set(subject, generation);
    if (changedAt.size > bindingsOfSubject.size + maxGone) {
      floor = generation;
      changedAt.clear();
    }
  }

  function unbind(binding: Binding): void {
    bindings.delete(binding.key);
    take(bindingsOfRole, binding.role, binding);
    for (const subject of binding.subjects) take(bindingsOfSubject, subject, binding);
  }

  function grantsOf(who: RbacUser): Grants {
    const before = known.get(who);
    if (before?.checkedAt === generation) return before;
    const now = generationOf(who);
    if (before?.generation === now) {
      before.checkedAt = generation;
      return before;
    }
    const rules = new Map<string, PolicyRule[]>();
    for (const subject of subjectKeysOf(who)) {
      for (const { namespace, role } of bindingsOfSubject.get(subject) ?? []) {
        const granted = roles.get(role);
        if (granted === undefined) continue; // a binding of a role that is not there gives nothing
        const there = rules.get(namespace);
        if (there === undefined) rules.set(namespace, [...granted]);
        else there.push(...granted);
      }
    }
    const grants = { generation: now, checkedAt: generation, rules };
    known.set(who, grants);
    return grants;
  }

  function generationOf(who: RbacUser): number {
    let newest = floor;
    for (const subject of subjectKeysOf(who)) newest = Math.max(newest, changedAt.get(subject) ?? 0);
    return newest;
  }

  return {
    setRole(key, role) {
      if (role === undefined) roles.delete(key);
      else roles.set(key, role.rules ?? []);
      changed([...(bindingsOfRole.get(key) ?? [])].flatMap(({ subjects }) => subjects));
    },
    setBinding(key, object) {
      const before = bindings.get(key);
      if (before !== undefined) unbind(before);
      const after = object === undefined ? undefined : bindingOf(key, object);
      if (after !== undefined) {
        bindings.set(key, after);
        put(bindingsOfRole, after.role, after);
        for (const subject of after.subjects) put(bindingsOfSubject, subject, after);
      }
      changed([...(before?.subjects ?? []), ...(after?.subjects ?? [])]);
    },
    allows(who, question) {
      if (who.groups.includes(privilegedGroup)) return true;
      const { rules } = grantsOf(who);
      const namespace = 'path' in question ? '' : (question.namespace ?? '');
      const allows = (rule: PolicyRule) => policyRuleAllows(rule, question);
      return (
        rules.get('')?.some(allows) === true ||
        (namespace !== '' && rules.get(namespace)?.some(allows) === true)
      );
    },
    namespacesOf(who, question) {
      if (who.groups.includes(privilegedGroup)) return undefined;
      const { rules } = grantsOf(who);
      const allowsSome = (rule: PolicyRule) => policyRuleAllows({ ...rule, resourceNames: null }, question);
      if (rules.get('')?.some(allowsSome) === true) return undefined;
      return [...rules].flatMap(([namespace, there]) => (there.some(allowsSome) ? [namespace] : []));
    },
    generationOf,
  };
}

/** undefined for a binding of something that is not a role, as the API server takes it. */
function bindingOf(key: string, { metadata, roleRef, subjects }: BindingObject): Binding | undefined {
  const { namespace = '' } = metadata;
  const role = roleKeyOf(roleRef, namespace);
  if (role === undefined) return undefined;
  const named = new Set((subjects ?? []).map((subject) => subjectKeyOf(subject, namespace)));
  named.delete(undefined);
  return { key, namespace, role, subjects: [...named] as SubjectKey[] };
}

function roleKeyOf({ kind, name }: RoleRef, namespace: string): string | undefined {
  if (kind === 'ClusterRole') return name;
  return kind === 'Role' && namespace !== '' ? `${namespace}/${name}` : undefined;
}

function put<K>(map: Map<K, Set<Binding>>, key: K, binding: Binding): void {
  const there = map.get(key);
  if (there === undefined) map.set(key, new Set([binding]));
  else there.add(binding);
}

function take<K>(map: Map<K, Set<Binding>>, key: K, binding: Binding): void {
  const there = map.get(key);
  if (there?.delete(binding) === true && there.size === 0) map.delete(key);
}
