/** Texts of the list of snapshots over all projects. */
export const snapshotsText = {
  title: 'Snapshots',
  emptyTitle: 'There is no snapshot',
  emptyWhy:
    'A snapshot is all that is stored in a tenant cluster at one time. Take one on the page of a tenant cluster.',
  emptyAction: 'Tenant clusters',
  noMatch: 'No snapshot matches',
  noMatchWhy: 'Search for something else, or remove a filter.',
  noProjects: 'You are not a member of a project yet',
  noProjectsWhy: 'Snapshots belong to projects. Ask an administrator to add you to one.',
  choose: 'Choose a project',
  chooseWhy: (count: number) =>
    `Snapshots are listed project by project, and you see ${count} projects. Choose one.`,
  search: 'Search by snapshot or tenant cluster',
  state: 'State',
  anyState: 'Any state',
  states: { creating: 'Being taken', completed: 'Complete', failed: 'Failed' },
  columns: {
    name: 'Name',
    tenantCluster: 'Tenant cluster',
    project: 'Project',
    state: 'State',
    size: 'Size',
    kubernetes: 'Kubernetes',
    age: 'Taken',
    actions: 'Actions',
  },
  gone: 'deleted',
  goneSince: 'The tenant cluster was deleted',
  restore: 'Restore',
  restoreOf: (name: string) => `Restore snapshot ${name}`,
  restoreGoneTitle: (name: string) => `Restore snapshot ${name}`,
  restoreGoneWhy: (tenantCluster: string) =>
    `Tenant cluster ${tenantCluster} was deleted. Its snapshot can be restored into another tenant cluster of the project, whose own data are lost with that. Put its name in the place of TENANT-CLUSTER.`,
  someFailed: (projects: string) => `The snapshots of some projects could not be read: ${projects}`,
} as const;
