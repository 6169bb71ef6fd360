import type { VerbOf } from '../../contracts/kinds.ts';
import { finish, type OperationPlan, place, type PlannedStep, release, turn } from './plan.ts';

const ready = (expectedMs: number): PlannedStep => ({
  key: 'ready',
  title: 'Wait until the control plane answers',
  undo: 'Nothing to undo: it only looks',
  expectedMs,
});
const start: PlannedStep = {
  key: 'start',
  title: 'Start the control plane',
  undo: 'Stops it again',
  expectedMs: 60,
};
const stop: PlannedStep = {
  key: 'stop',
  title: 'Stop the control plane',
  undo: 'Starts it again',
  expectedMs: 1500,
};
const check: PlannedStep = {
  key: 'check',
  title: 'Render and check the chart',
  undo: 'Nothing to undo: it changes nothing',
  expectedMs: 250,
};
const access: PlannedStep = {
  key: 'access',
  title: 'Grant access inside the tenant cluster',
  undo: 'Nothing to undo: it goes with the tenant cluster',
  expectedMs: 80,
};

/**
 * The stages of every lifecycle verb of a tenant cluster. Rows of `operation_steps` are made from it when an operation is
 * submitted; the workflow of the same verb runs exactly these keys.
 */
export const virtualClusterPlans: Record<VerbOf<'tenant'>, OperationPlan> = {
  create: {
    verb: 'Create',
    expectedMs: 6000,
    steps: [
      turn,
      place,
      check,
      {
        key: 'namespace',
        title: 'Create the host namespace',
        undo: 'Deletes the namespace with all it holds',
        expectedMs: 50,
      },
      {
        key: 'keys',
        title: 'Create keys and certificates',
        undo: 'Nothing to undo: they go with the namespace',
        expectedMs: 80,
      },
      {
        key: 'credential',
        title: "Issue the gateway's credential",
        undo: 'Nothing to undo: it goes with the namespace',
        expectedMs: 60,
      },
      {
        key: 'install',
        title: 'Install the Helm release',
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
    expectedMs: 4000,
    steps: [
      turn,
      {
        key: 'inspect',
        title: 'Read what is wanted',
        undo: 'Nothing to undo: it changes nothing',
        expectedMs: 30,
      },
      check,
      {
        key: 'install',
        title: 'Upgrade the Helm release',
        undo: 'Rolls back to the revision before',
        expectedMs: 700,
      },
      ready(2000),
      access,
      finish,
    ],
  },
  sleep: { verb: 'Sleep', expectedMs: 1800, steps: [turn, stop, finish] },
  wake: { verb: 'Wake', expectedMs: 1800, steps: [turn, start, ready(1500), finish] },
  snapshot: {
    verb: 'Snapshot',
    expectedMs: 3000,
    steps: [
      turn,
      {
        key: 'record',
        title: 'Enter it in the catalogue',
        undo: 'Marks the entry as failed',
        expectedMs: 20,
      },
      {
        key: 'save',
        title: 'Save the data beside the volume',
        undo: 'Deletes the Job and the file',
        expectedMs: 2500,
      },
      {
        key: 'complete',
        title: 'Complete the catalogue entry',
        undo: 'Nothing to undo: the entry is marked as failed',
        expectedMs: 50,
      },
      finish,
    ],
  },
  restore: {
    verb: 'Restore',
    expectedMs: 9000,
    steps: [
      turn,
      {
        key: 'find',
        title: 'Find the snapshot',
        undo: 'Nothing to undo: it changes nothing',
        expectedMs: 20,
      },
      {
        key: 'prepare',
        title: 'Restore the snapshot beside the present data',
        undo: 'Deletes the restored copy',
        expectedMs: 2500,
      },
      stop,
      {
        key: 'swap',
        title: 'Swap the restored data in',
        undo: 'Swaps the former data back in',
        expectedMs: 1500,
      },
      start,
      ready(1500),
      {
        key: 'commit',
        title: 'Delete the former data',
        undo: 'Nothing undoes it: the tenant cluster has answered with the restored data',
        expectedMs: 1500,
      },
      access,
      finish,
    ],
  },
  delete: {
    verb: 'Delete',
    expectedMs: 7000,
    steps: [
      turn,
      {
        key: 'inspect',
        title: 'Find what is there',
        undo: 'Nothing to undo: it changes nothing',
        expectedMs: 30,
      },
      {
        key: 'uninstall',
        title: 'Uninstall the Helm release',
        undo: 'Nothing undoes it: a delete finishes forward',
        expectedMs: 400,
      },
      {
        key: 'namespace',
        title: 'Delete the host namespace and its volumes',
        undo: 'Nothing undoes it: a delete finishes forward',
        // Kubernetes waits 5 s before it looks at a deleted namespace (namespaceDeletionGracePeriod), empty or not.
        expectedMs: 6000,
      },
      release,
    ],
  },
};
