import { kindNames, type ManagedKind } from '../../contracts/kinds.ts';
import { capitalized } from '../../contracts/names.ts';

/** `3 tenant clusters`, `1 space`. */
export function countOf(kind: ManagedKind, count: number, mark = ''): string {
  const { noun } = kindNames[kind];
  return `${count.toLocaleString('en')}${mark} ${noun}${count === 1 && mark === '' ? '' : 's'}`;
}

/** Texts of what one does with tenant clusters and spaces. */
export const actionText = {
  sleep: 'Sleep',
  wake: 'Wake',
  retry: 'Try again now',
  delete: 'Delete',
  moreActions: (name: string) => `Actions for ${name}`,
  operations: 'Operations',

  sleepTitle: (name: string) => `Put ${name} to sleep`,
  sleepWhat: {
    tenant: 'The control plane and its workloads stop. All data stay.',
    space: 'All workloads in it are scaled to zero. All objects and data stay.',
  } satisfies Record<ManagedKind, string>,
  wakesBy: 'What wakes it',
  wakesByUse: 'Any request to it, its schedule, or somebody',
  wakesAfter: (hours: number) =>
    hours === 1
      ? 'No request for one hour, then any request'
      : `No request for ${hours} hours, then any request`,
  wakesByPerson: 'Only somebody who wakes it',

  deleteTitle: (name: string) => `Delete ${name}`,
  deleteWhat: {
    tenant:
      'The control plane, everything that runs in it, its host namespace and its volumes are deleted. This cannot be undone or cancelled.',
    space:
      'Its namespace with everything in it, volumes too, is deleted. This cannot be undone or cancelled.',
  } satisfies Record<ManagedKind, string>,
  deleteKeeps: {
    tenant:
      'Its snapshots stay for a while, and administrators of the project can restore them. Its operations and its audit log stay.',
    space: 'Its operations and its audit log stay. There are no snapshots of spaces.',
  } satisfies Record<ManagedKind, string>,

  accepted: {
    sleep: (name: string) => `${name} goes to sleep`,
    wake: (name: string) => `${name} wakes`,
    retry: (name: string) => `${name} is tried again`,
    delete: (name: string) => `${name} is being deleted`,
  },
  joined: 'This was already under way.',
  replaced: (noun: string, name: string) =>
    `The ${noun} ${name} that you saw is gone: this is another one of the same name.`,
  follow: 'Follow the operation',
  refused: {
    sleep: (name: string) => `${name} was not put to sleep`,
    wake: (name: string) => `${name} was not woken`,
    retry: (name: string) => `${name} was not tried again`,
    delete: (name: string) => `${name} was not deleted`,
  },
} as const;

/** Texts of what one does with many at once. */
export const manyText = {
  bar: (count: number) => `${count.toLocaleString('en')} selected`,
  clear: 'Clear selection',
  title: {
    sleep: (what: string) => `Put ${what} to sleep`,
    wake: (what: string) => `Wake ${what}`,
    delete: (what: string) => `Delete ${what}`,
  },
  what: {
    sleep: {
      tenant: 'Their control planes and workloads stop. All data stay. Any request to one wakes it.',
      space:
        'All their workloads are scaled to zero. All objects and data stay. Any request to one wakes it.',
    },
    wake: {
      tenant: 'Their control planes and workloads start again.',
      space: 'Their workloads start again.',
    },
    delete: {
      tenant:
        'Everything that runs in them, their host namespaces and their volumes are deleted. Their snapshots stay for a while, for administrators. This cannot be undone or cancelled.',
      space:
        'Their namespaces with everything in them, volumes too, are deleted. This cannot be undone or cancelled.',
    },
  } satisfies Record<string, Record<ManagedKind, string>>,
  leftOut: {
    sleep: (count: number) => `${count} of the selected cannot sleep now, or you may not do it: left out.`,
    wake: (count: number) => `${count} of the selected cannot be woken now, or you may not do it: left out.`,
    delete: (count: number) =>
      `${count} of the selected are being deleted already, or you may not do it: left out.`,
  },
  typed: (count: number) => `delete ${count}`,
  these: 'What is deleted',
  loses: (count: number, names: string) =>
    `This ends ${count} ${count === 1 ? 'pod' : 'pods'} without a controller, which nothing makes again, in ${names}.`,
  progress: (done: number, all: number) => `${done} of ${all}`,
  accepted: (count: number) =>
    count === 1 ? '1 operation was accepted' : `${count} operations were accepted`,
  showThem: 'Show the operations',
  failed: (count: number, all: number) => `${count} of ${all} were refused:`,
  stopped: (count: number) => `Stopped: ${count} were not tried.`,
  again: 'Try those that are left',
  stop: 'Stop after those under way',
  andMore: (count: number) => `# and ${count} more`,
} as const;

/** Texts of lists of tenant clusters and spaces. */
export const listText = {
  title: (kind: ManagedKind) => `${capitalized(kindNames[kind].noun)}s`,
  create: (kind: ManagedKind) => `Create a ${kindNames[kind].noun}`,
  createShort: 'Create',
  count: countOf,
  search: 'Search by name',
  anyState: 'Any state',
  state: 'State',
  anyCluster: 'Any connected cluster',
  anyTemplate: 'Any template',
  columns: 'Columns',
  defaultColumns: 'Show the usual ones',
  filters: 'Filters',
  changed: 'The list has changed',
  refresh: 'Refresh',
  column: {
    name: 'Name',
    state: 'State',
    template: 'Template',
    cluster: 'Connected cluster',
    kubernetes: 'Kubernetes',
    namespace: 'Namespace',
    slept: 'Time asleep',
    activity: 'Last activity',
    owner: 'Owner',
    age: 'Age',
    actions: 'Actions',
  },
  slept: (percent: string) => `Asleep ${percent} of the last seven days`,
  newerVersion: (version: string) => `Version ${version} is there and not deployed`,
  inline: 'Its own',
  inlineWhy: 'Made without a template: the resource has all values itself',
  unknown: 'Not known',
  team: (name: string) => `Team ${name}`,
  neverUsed: 'Not used yet',
  emptyTitle: (kind: ManagedKind, project: string | undefined) =>
    project === undefined
      ? `There are no ${kindNames[kind].noun}s yet`
      : `There are no ${kindNames[kind].noun}s in project ${project} yet`,
  emptyWhy: {
    tenant:
      'A tenant cluster is a Kubernetes cluster of your own that starts in seconds, and sleeps when nobody uses it.',
    space: 'A space is a namespace of a connected cluster for you alone. It sleeps when nobody uses it.',
  } satisfies Record<ManagedKind, string>,
  mayNotCreate:
    'You see here what you may use. Ask an administrator of a project to add you, or to share one with you.',
  noMatch: (kind: ManagedKind) => `No ${kindNames[kind].noun} matches the filters`,
  noMatchWhy: 'Change the filters, or look in all projects.',
} as const;
