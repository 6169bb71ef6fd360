import type { VerbOf } from '../../contracts/kinds.ts';
import {
  changesNothing,
  finish,
  leftovers,
  type OperationPlan,
  place,
  type PlannedStep,
  release,
  turn,
} from './plan.ts';

const ready = (expectedMs: number): PlannedStep => ({
  key: 'ready',
  title: 'Waiting for control plane',
  undo: changesNothing,
  expectedMs,
});
const start: PlannedStep = {
  key: 'start',
  title: 'Starting control plane',
  undo: 'Stops it again',
  expectedMs: 60,
};
const stop: PlannedStep = {
  key: 'stop',
  title: 'Stopping control plane',
  undo: 'Starts it again',
  expectedMs: 1500,
};
const check: PlannedStep = {
  key: 'check',
  title: 'Rendering and checking chart',
  undo: changesNothing,
  expectedMs: 250,
};
/** Skipped unless somebody deleted in the connected cluster what the platform made there. */
const rebuild: PlannedStep = {
  key: 'rebuild',
  title: 'Rebuilding host namespace',
  undo: 'Deletes the namespace, if it was made again',
  expectedMs: 1,
};
const access: PlannedStep = {
  key: 'access',
  title: 'Granting access in tenant cluster',
  undo: 'Nothing to undo: deleted with the tenant cluster',
  expectedMs: 80,
};

/**
 * The stages of every lifecycle verb of a tenant cluster. Rows of `operation_steps` are made from it when an operation is
 * submitted; the workflow of the same verb runs exactly these keys.
 */
export const virtualClusterPlans: Record<VerbOf<'tenant'>, OperationPlan> = {
  create: {
    verb: 'Create',
    workflow: 'createTenantCluster',
    expectedMs: 6000,
    steps: [
      turn,
      place,
      check,
      {
        key: 'namespace',
        title: 'Creating host namespace',
        undo: 'Deletes the namespace and everything in it',
        expectedMs: 50,
      },
      {
        key: 'keys',
        title: 'Creating keys and certificates',
        undo: 'Nothing to undo: deleted with the namespace',
        expectedMs: 80,
      },
      {
        key: 'credential',
        title: "Issuing gateway's credential",
        undo: 'Nothing to undo: deleted with the namespace',
        expectedMs: 60,
      },
      {
        key: 'install',
        title: 'Installing Helm release',
        undo: 'Uninstalls the release',
        expectedMs: 700,
      },
      ready(4000),
      access,
      finish,
    ],
  },
  update: {
    verb: 'Update',
    workflow: 'updateTenantCluster',
    expectedMs: 4000,
    steps: [
      turn,
      {
        key: 'inspect',
        title: 'Reading desired state',
        undo: changesNothing,
        expectedMs: 30,
      },
      rebuild,
      check,
      {
        key: 'images',
        title: 'Trying images of a sleeping control plane',
        undo: 'Nothing to undo: its Job is gone by then',
        expectedMs: 1,
      },
      {
        key: 'install',
        title: 'Upgrading Helm release',
        undo: 'Rolls back to the previous revision',
        expectedMs: 700,
      },
      ready(2000),
      access,
      finish,
    ],
  },
  sleep: { verb: 'Sleep', workflow: 'sleepTenantCluster', expectedMs: 1800, steps: [turn, stop, finish] },
  wake: {
    verb: 'Wake',
    workflow: 'wakeTenantCluster',
    expectedMs: 1800,
    steps: [
      turn,
      start,
      ready(1500),
      {
        key: 'fallback',
        title: 'Going back to what was up before',
        undo: 'Deploys again what was deployed',
        expectedMs: 0,
      },
      finish,
    ],
  },
  snapshot: {
    verb: 'Snapshot',
    workflow: 'snapshotTenantCluster',
    expectedMs: 3000,
    steps: [
      turn,
      {
        key: 'record',
        title: 'Recording snapshot',
        undo: 'Marks the record as failed',
        expectedMs: 20,
      },
      {
        key: 'save',
        title: 'Saving data',
        undo: 'Deletes the Job and the file',
        expectedMs: 2500,
      },
      {
        key: 'complete',
        title: 'Completing snapshot record',
        undo: 'Nothing to undo: the record is marked as failed',
        expectedMs: 50,
      },
      finish,
    ],
  },
  restore: {
    verb: 'Restore',
    workflow: 'restoreTenantCluster',
    expectedMs: 9000,
    steps: [
      turn,
      {
        key: 'find',
        title: 'Finding snapshot',
        undo: changesNothing,
        expectedMs: 20,
      },
      rebuild,
      {
        key: 'prepare',
        title: 'Restoring snapshot beside current data',
        undo: 'Deletes the restored copy',
        expectedMs: 2500,
      },
      stop,
      {
        key: 'swap',
        title: 'Swapping in restored data',
        undo: 'Swaps the previous data back in',
        expectedMs: 1500,
      },
      start,
      ready(1500),
      {
        key: 'commit',
        title: 'Deleting previous data',
        undo: 'Cannot be undone: the restored data are in use',
        expectedMs: 1500,
      },
      access,
      finish,
    ],
  },
  delete: {
    verb: 'Delete',
    workflow: 'deleteTenantCluster',
    expectedMs: 2500,
    steps: [
      turn,
      leftovers,
      {
        key: 'uninstall',
        title: 'Uninstalling Helm release',
        undo: 'Cannot be undone: a delete runs until it succeeds',
        expectedMs: 400,
      },
      {
        key: 'namespace',
        title: 'Deleting host namespace and its volumes',
        undo: 'Cannot be undone: a delete runs until it succeeds',
        // The control plane ends meanwhile.
        expectedMs: 1500,
      },
      release,
    ],
  },
};
