import type { VerbOf } from '../../contracts/kinds.ts';
import { finish, type OperationPlan, place, type PlannedStep, release, turn } from './plan.ts';

const close: PlannedStep = {
  key: 'close',
  title: 'Let no new pods in',
  undo: 'Lets new pods in again',
  expectedMs: 60,
};
const scale: PlannedStep = {
  key: 'scale',
  title: 'Scale workloads to zero and suspend jobs',
  undo: 'Gives back what they had',
  expectedMs: 200,
};

/** The stages of every lifecycle verb of a space, as virtual-cluster-plans.ts has those of a tenant cluster. */
export const spacePlans: Record<VerbOf<'space'>, OperationPlan> = {
  create: {
    verb: 'Create',
    expectedMs: 400,
    steps: [
      turn,
      place,
      {
        key: 'namespace',
        title: 'Create the namespace',
        undo: 'Deletes the namespace with all it holds',
        expectedMs: 50,
      },
      {
        key: 'access',
        title: 'Grant access in the namespace',
        undo: 'Nothing to undo: it goes with the namespace',
        expectedMs: 80,
      },
      finish,
    ],
  },
  sleep: {
    verb: 'Sleep',
    expectedMs: 3000,
    steps: [
      turn,
      close,
      scale,
      {
        key: 'pods',
        title: 'End the pods that are left',
        undo: 'Nothing undoes it: pods without a controller do not come back',
        expectedMs: 2500,
      },
      finish,
    ],
  },
  wake: {
    verb: 'Wake',
    expectedMs: 400,
    steps: [
      turn,
      { ...close, key: 'open', title: 'Let new pods in', undo: 'Lets no new pods in again' },
      {
        ...scale,
        key: 'scale',
        title: 'Give workloads and jobs back what they had',
        undo: 'Scales to zero again',
      },
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
        key: 'namespace',
        title: 'Delete the namespace with all it holds',
        undo: 'Nothing undoes it: a delete finishes forward',
        // Kubernetes waits 5 s before it looks at a deleted namespace (namespaceDeletionGracePeriod), empty or not.
        expectedMs: 6000,
      },
      release,
    ],
  },
};
