import { kindNames, managedKinds } from '../../contracts/kinds.ts';
import type { RbacObject, Subject } from '../../adapters/kubernetes/rbac-objects.ts';
import {
  identities,
  managementGroup,
  projectNamespace,
  projectOfNamespace,
  projectRoles,
} from '../../contracts/names.ts';
import type { Project, ProjectMember } from '../../contracts/resources/project.ts';
import { memberGroup } from '../../domain/accounts/identity-names.ts';
import { allowedTemplates } from '../../domain/instance-templates/template-choice.ts';
import { type Controller, type ControllerContext, resync } from '../controller.ts';

/** Members and owner of a project as RBAC: their role in its namespace, and the sight of what it may use. */
export function projectAccess({ caches, rbac }: ControllerContext): Controller {
  return {
    name: 'project-access',
    async reconcile(name) {
      const project = caches.projects.get(name);
      const isThere = project !== undefined && caches.namespaces.get(projectNamespace(name)) !== undefined;
      await rbac.sync(`projects/${name}`, isThere ? grants(project) : []);
      return project === undefined ? undefined : resync;
    },
    watch(add) {
      caches.projects.onChange(add);
      caches.namespaces.onChange((namespace) => {
        const project = projectOfNamespace(namespace);
        if (project !== undefined) add(project);
      });
      rbac.onChange((owner) => {
        if (owner.startsWith('projects/')) add(owner.slice('projects/'.length));
      });
    },
  };
}

function grants(project: Project): RbacObject[] {
  const byRole = subjectsByRole(project);
  const everyone = uniqueSubjects([...byRole.values()].flat());
  const admins = byRole.get(projectRoles.admin) ?? [];
  const namespace = projectNamespace(project.metadata.name);
  const inNamespace = [...byRole].map(
    ([role, subjects]): RbacObject => ({
      kind: 'RoleBinding',
      name: `vcluster-platform:member:${role}`,
      namespace,
      role: { kind: 'ClusterRole', name: role },
      subjects,
    }),
  );
  return [
    ...inNamespace,
    keepsSecrets(namespace),
    ...clusterGrant(
      `vcluster-platform:project:${project.metadata.name}:member`,
      memberRules(project),
      everyone,
    ),
    ...clusterGrant(`vcluster-platform:project:${project.metadata.name}:admin`, adminRules(project), admins),
  ];
}

/** Lets the gateway keep the project's secrets, deciding itself who may see and change which (api/secrets/). */
function keepsSecrets(namespace: string): RbacObject {
  const name = identities.gatewaySecrets;
  return {
    kind: 'RoleBinding',
    name,
    namespace,
    role: { kind: 'ClusterRole', name },
    subjects: [{ kind: 'User', name }],
  };
}

/** Subjects of each role that the project gives. The owner is an administrator of it. */
function subjectsByRole(project: Project): Map<string, Subject[]> {
  const { owner, members = [] } = project.spec ?? {};
  const all: ProjectMember[] = [
    ...members,
    ...(owner?.user ? [{ kind: 'User', name: owner.user, clusterRole: projectRoles.admin }] : []),
    ...(owner?.team ? [{ kind: 'Team', name: owner.team, clusterRole: projectRoles.admin }] : []),
  ];
  const byRole = new Map<string, Subject[]>();
  for (const member of all) {
    const group = memberGroup(member);
    const { clusterRole } = member;
    if (group === undefined || !clusterRole) continue;
    byRole.set(
      clusterRole,
      uniqueSubjects([...(byRole.get(clusterRole) ?? []), { kind: 'Group', name: group }]),
    );
  }
  return byRole;
}

function clusterGrant(
  name: string,
  rules: Extract<RbacObject, { rules: unknown }>['rules'],
  subjects: readonly Subject[],
): RbacObject[] {
  if (subjects.length === 0) return [];
  return [
    { kind: 'ClusterRole', name, rules },
    { kind: 'ClusterRoleBinding', name, role: { kind: 'ClusterRole', name }, subjects },
  ];
}

/**
 * A member sees the project and what it allows, and uses project and templates (`status.canUse`). To use a cluster would be to
 * go there past the platform.
 */
function memberRules(project: Project) {
  const subresources = ['templates', 'clusters', 'members'].map((entry) => `projects/${entry}`);
  return [
    {
      apiGroups: [managementGroup],
      resources: ['projects', ...subresources],
      resourceNames: [project.metadata.name],
      verbs: ['get', 'use'],
    },
    ...managedKinds.flatMap((kind) =>
      allowedRule(kindNames[kind].templates.plural, ['get', 'use'], allowedTemplates(kind, project)),
    ),
    ...allowedRule('clusters', ['get'], project.spec?.allowedClusters),
  ];
}

function adminRules(project: Project) {
  return [
    {
      apiGroups: [managementGroup],
      resources: ['projects'],
      resourceNames: [project.metadata.name],
      verbs: ['update', 'patch'],
    },
  ];
}

function allowedRule(resource: string, verbs: string[], allowed: readonly { name?: string }[] | undefined) {
  const names = (allowed ?? [{ name: '*' }]).flatMap(({ name }) => name || []);
  if (names.length === 0) return [];
  const rule = { apiGroups: [managementGroup], resources: [resource], verbs };
  return [names.includes('*') ? rule : { ...rule, resourceNames: [...new Set(names)].sort() }];
}

function uniqueSubjects(subjects: readonly Subject[]): Subject[] {
  return [...new Map(subjects.map((subject) => [subject.name, subject])).values()];
}
