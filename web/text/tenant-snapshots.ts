/** Texts about the snapshots of one tenant cluster. */
export const tenantSnapshotsText = {
  title: 'Snapshots',
  why: 'All that is stored in the tenant cluster at one time: its objects, Secrets too, not the data in volumes. When the tenant cluster is deleted, they stay for a while.',
  none: 'There is no snapshot yet',
  noneWhy:
    'Take one before a change that you may want to take back. It takes some seconds, and what sleeps is not woken.',
  take: 'Take a snapshot',
  takeTitle: (name: string) => `Take a snapshot of ${name}`,
  nameLabel: 'Name of the snapshot',
  nameHint: 'Lower-case letters, digits and dashes. Empty: the time.',
  taking: 'A snapshot is being taken',
  restoring: 'A restore was accepted',
  deleting: 'Being deleted',
  restore: 'Restore',
  restoreOf: (name: string) => `Restore snapshot ${name}`,
  restoreTitle: (name: string) => `Restore ${name}`,
  restoreLoses: (name: string, snapshot: string, time: string) =>
    `Everything that was written to tenant cluster ${name} since ${time} is lost. It becomes what it was in snapshot ${snapshot}.`,
  restoreHow: 'It is away for some seconds meanwhile. If the restore fails, the present data come back.',
  restoreSafe: 'Take a snapshot first if you may want to come back to what is there now.',
  deleteTitle: (name: string) => `Delete snapshot ${name}`,
  deleteOf: (name: string) => `Delete snapshot ${name}`,
  deleteWhat: (time: string) =>
    `What the tenant cluster was ${time} cannot be restored any more. The tenant cluster itself does not change.`,
  name: 'Name',
  taken: 'Taken',
  size: 'Size',
  keys: 'Objects',
  version: 'Kubernetes',
  states: { creating: 'Being taken', completed: 'Complete', failed: 'Failed' },
  hash: 'SHA-256 of the file',
} as const;
