import { projectRoles } from '../../contracts/names.ts';

const things = (count: number, isMore: boolean, one: string, many: string) =>
  `${count}${isMore ? '+' : ''} ${count === 1 && !isMore ? one : many}`;

/** Texts of projects. */
export const projectsText = {
  title: 'Projects',
  create: 'Create a project',
  emptyTitle: 'There is no project that you may see',
  emptyWhy: 'A project owns tenant clusters and spaces, and says who may use them. Create the first one.',
  emptyForOthers: 'Ask an administrator of a project to make you a member of it.',
  all: 'All projects',
  columns: { members: 'Members', clusters: 'Clusters', templates: 'Templates', description: 'Description' },
  any: 'All',
  count: (count: number) => `${count}`,
  everyone: 'Everyone',
  name: 'Name',
  nameWhy: 'Lower-case letters, digits and "-". It stays for good.',
  nameWrong: 'At most 54 lower-case letters, digits and "-", beginning and ending with a letter or digit',
  displayName: 'Display name',
  description: 'Description',
  createTitle: 'Create a project',
  beingDeleted: 'It is being deleted, and goes once nothing is in it any more.',
  contains: 'In this project',
  tenantClusters: (count: number, isMore: boolean) =>
    things(count, isMore, 'tenant cluster', 'tenant clusters'),
  spaces: (count: number, isMore: boolean) => things(count, isMore, 'space', 'spaces'),
  operations: 'Operations',
  snapshots: 'Snapshots',
  audit: 'Audit log',
  facts: 'Facts',
  owner: 'Owner',
  members: 'Members',
  editMembers: 'Edit members',
  noMembers: 'Nobody is a member yet',
  noMembersWhy: 'Administrators of the platform see it all the same.',
  member: 'Member',
  kind: 'Kind',
  role: 'Role',
  user: 'User',
  team: 'Team',
  ownerRole: 'Owner, administers the project',
  roles: {
    [projectRoles.admin]: { name: 'Administrator', does: 'Sees and changes everything in the project' },
    'loft-management-project-user': {
      name: 'User',
      does: 'Creates tenant clusters and spaces, and uses their own',
    },
    [projectRoles.viewer]: { name: 'Viewer', does: 'Sees the project, and what is shared with them' },
  } as Readonly<Record<string, { readonly name: string; readonly does: string }>>,
  noRole: 'No role',
  allowed: 'What may be used here',
  clusters: 'Connected clusters',
  templatesOf: { tenant: 'Templates of tenant clusters', space: 'Templates of spaces' },
  allAllowed: 'All',
  noneAllowed: 'None',
  byDefault: (name: string) => `${name}, unless another is chosen`,
  inline: 'Without a template',
  inlineAllowed: 'Members may also write their own values instead of using a template.',
  inlineForbidden: 'Members have to use a template.',
  quotas: 'Quotas',
  quotasOfProject: 'Of the project',
  quotasOfUser: 'Of each user or team',
  quotasWhy: 'They are kept as they are written; this version of the platform does not enforce them.',
  edit: {
    title: (name: string) => `Edit ${name}`,
    only: 'Only these',
    all: 'All that there are',
    which: 'Which',
    byDefault: 'Default',
    noDefault: 'No default',
    inline: 'Members may use their own values instead of a template',
  },
  editingMembers: {
    title: (name: string) => `Members of ${name}`,
    add: 'Add a member',
    remove: (name: string) => `Remove ${name}`,
    everyone: '* means everyone who may log in.',
    name: 'Name',
    incomplete: 'Every member needs a name and a role.',
  },
  delete: {
    title: (name: string) => `Delete ${name}?`,
    empty:
      'There is no tenant cluster and no space in it that you may see. Its members, settings and secrets are lost; it cannot be taken back.',
    blocked: (parts: string) =>
      `There are still ${parts} in it. They are not deleted with the project: it takes nothing new from now on, and goes once all of them are deleted. This cannot be taken back.`,
    and: (parts: readonly string[]) => parts.join(' and '),
  },
} as const;

/** What people call a role. */
export function roleName(role: string | undefined): string {
  return role ? (projectsText.roles[role]?.name ?? role) : projectsText.noRole;
}
