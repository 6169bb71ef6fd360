import type { VerbOf } from '../../contracts/kinds.ts';
import { finish, leftovers, type OperationPlan, place, type PlannedStep, release, turn } from './plan.ts';

const close: PlannedStep = {
  key: 'close',
  title: 'Blocking new pods',
  undo: 'Allows new pods again',
  expectedMs: 60,
};
const scale: PlannedStep = {
  key: 'scale',
  title: 'Scaling workloads to zero and suspending jobs',
  undo: 'Restores replica counts and resumes jobs',
  expectedMs: 200,
};

/** The stages of every lifecycle verb of a space, as virtual-cluster-plans.ts has those of a tenant cluster. */
export const spacePlans: Record<VerbOf<'space'>, OperationPlan> = {
  create: {
    verb: 'Create',
    workflow: 'createSpace',
    expectedMs: 400,
    steps: [
      turn,
      place,
      {
        key: 'namespace',
        title: 'Creating namespace',
        undo: 'Deletes the namespace and everything in it',
        expectedMs: 50,
      },
      {
        key: 'access',
        title: 'Granting access in namespace',
        undo: 'Nothing to undo: deleted with the namespace',
        expectedMs: 80,
      },
      finish,
    ],
  },
  sleep: {
    verb: 'Sleep',
    workflow: 'sleepSpace',
    expectedMs: 3000,
    steps: [
      turn,
      close,
      scale,
      {
        key: 'pods',
        title: 'Deleting remaining pods',
        undo: 'Cannot be undone: pods without a controller do not come back',
        expectedMs: 2500,
      },
      finish,
    ],
  },
  wake: {
    verb: 'Wake',
    workflow: 'wakeSpace',
    expectedMs: 400,
    steps: [
      turn,
      { ...close, key: 'open', title: 'Allowing new pods', undo: 'Blocks new pods again' },
      {
        ...scale,
        key: 'scale',
        title: 'Restoring replica counts and resuming jobs',
        undo: 'Scales to zero again',
      },
      finish,
    ],
  },
  delete: {
    verb: 'Delete',
    workflow: 'deleteSpace',
    expectedMs: 800,
    steps: [
      turn,
      leftovers,
      {
        key: 'namespace',
        title: 'Deleting namespace',
        undo: 'Cannot be undone: a delete runs until it succeeds',
        // More if pods take long to end, or something has a finalizer.
        expectedMs: 500,
      },
      release,
    ],
  },
};
