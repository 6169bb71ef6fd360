/** Words of states, in one table. */
export const stateText = {
  awake: 'Awake',
  ready: 'Ready',
  asleep: 'Asleep',
  failed: 'Failed',
  terminating: 'Deleting',
  pending: 'Not created yet',
  changing: 'A change is under way',
  unknown: 'Unknown',
  offline: 'Offline',
  online: 'Online',
  queued: 'Waiting',
  running: 'Running',
  succeeded: 'Succeeded',
  cancelled: 'Cancelled',
  superseded: 'Not needed any more',
  skipped: 'Skipped',
  undoing: 'Being undone',
  undone: 'Undone',
  undoFailed: 'Failed to undo',
} as const;

/** What is being done while an operation runs. */
export const doingText: Readonly<Record<string, string>> = {
  create: 'Creating',
  update: 'Updating',
  sleep: 'Going to sleep',
  wake: 'Waking',
  snapshot: 'Taking a snapshot',
  restore: 'Restoring',
  delete: 'Deleting',
  disconnect: 'Disconnecting',
  upgrade: 'Upgrading the agent',
};

/** An operation as the title of a page or line. */
export const verbText: Readonly<Record<string, string>> = {
  create: 'Create',
  update: 'Update',
  sleep: 'Sleep',
  wake: 'Wake',
  snapshot: 'Snapshot',
  restore: 'Restore',
  delete: 'Delete',
  disconnect: 'Disconnect',
  upgrade: 'Upgrade agent',
};
