import type { PolicyRule, RbacObject, Subject } from '../adapters/kubernetes/rbac-objects.ts';
import { managementGroup, projectOfNamespace, teamGroup, userGroup } from '../contracts/names.ts';
import type { VirtualClusterInstance } from '../contracts/resources/virtual-cluster-instance.ts';
import { fromObjectKey } from '../adapters/kubernetes/informer.ts';
import { type Controller, type ControllerContext, resync } from './controller.ts';

const subresources = ['accesskey', 'kubeconfig', 'log', 'operations', 'snapshot'];

/** Owner and `spec.access` of a tenant cluster as RBAC on that one resource. */
export function instanceAccess({ caches, rbac }: ControllerContext): Controller {
  return {
    name: 'instance-access',
    async reconcile(key) {
      const instance = caches.virtualclusterinstances.get(key);
      const { namespace = '' } = fromObjectKey(key);
      const isInProject = projectOfNamespace(namespace) !== undefined;
      await rbac.sync(
        `instances/${key}`,
        instance === undefined || !isInProject ? [] : grants(instance, namespace),
      );
      return instance === undefined ? undefined : resync;
    },
    watch(add) {
      caches.virtualclusterinstances.onChange(add);
      rbac.onChange((owner) => {
        if (owner.startsWith('instances/')) add(owner.slice('instances/'.length));
      });
    },
  };
}

function grants(instance: VirtualClusterInstance, namespace: string): RbacObject[] {
  const { name } = instance.metadata;
  const { owner, access = [] } = instance.spec ?? {};
  const entries = [
    {
      suffix: 'owner',
      verbs: ['*'],
      subresources: ['*'],
      users: owner?.user ? [owner.user] : [],
      teams: owner?.team ? [owner.team] : [],
    },
    ...access.map((entry, index) => ({ suffix: `access-${index}`, ...entry })),
  ];
  return entries.flatMap(({ suffix, verbs = [], subresources: below = [], users = [], teams = [] }) => {
    const subjects = subjectsOf(users, teams);
    const rule = ruleOf(name, verbs, below);
    if (subjects.length === 0 || rule.verbs.length === 0) return [];
    const roleName = `vcluster-platform:instance:${name}:${suffix}`;
    return [
      { kind: 'Role', name: roleName, namespace, rules: [rule] },
      { kind: 'RoleBinding', name: roleName, namespace, role: { kind: 'Role', name: roleName }, subjects },
    ] satisfies RbacObject[];
  });
}

/** `*` stands for what people do with a tenant cluster: never its status, never its finalizers. */
function ruleOf(name: string, verbs: readonly string[], below: readonly string[]): PolicyRule {
  const allVerbs = ['get', 'list', 'watch', 'update', 'patch', 'delete', 'create', 'use'];
  const wanted =
    below.includes('*') || below.length === 0
      ? subresources
      : below.filter((entry) => subresources.includes(entry));
  return {
    apiGroups: [managementGroup],
    resources: ['virtualclusterinstances', ...wanted.map((entry) => `virtualclusterinstances/${entry}`)],
    resourceNames: [name],
    verbs: verbs.includes('*') ? allVerbs : verbs.filter((verb) => allVerbs.includes(verb)),
  };
}

function subjectsOf(users: readonly string[], teams: readonly string[]): Subject[] {
  const groups = [
    ...users.map((user) => (user === '*' ? 'system:authenticated' : userGroup(user))),
    ...teams.map(teamGroup),
  ];
  return [...new Set(groups)].map((group) => ({ kind: 'Group', name: group }));
}
