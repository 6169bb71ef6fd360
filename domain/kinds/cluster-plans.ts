import type { VerbOf } from '../../contracts/kinds.ts';
import { changesNothing, finish, leftovers, type OperationPlan, turn } from './plan.ts';

/** The stages of every verb of a connected cluster, as virtual-cluster-plans.ts has those of a tenant cluster. */
export const clusterPlans: Record<VerbOf<'cluster'>, OperationPlan> = {
  disconnect: {
    verb: 'Disconnect',
    workflow: 'disconnectCluster',
    expectedMs: 10_000,
    steps: [
      turn,
      {
        key: 'close',
        title: 'Closing cluster to new tenants',
        undo: 'Opens it again',
        expectedMs: 50,
      },
      leftovers,
      {
        key: 'tenants',
        title: 'Deleting tenant clusters and spaces',
        undo: 'Cannot be undone: what is being deleted goes on to its end',
        expectedMs: 1_000,
      },
      {
        key: 'objects',
        title: 'Removing platform from cluster',
        undo: 'Cannot be undone: "vcp add cluster" connects it again',
        expectedMs: 8_000,
      },
      {
        key: 'finish',
        title: 'Deleting Cluster',
        undo: 'Cannot be undone: "vcp add cluster" connects it again',
        expectedMs: 500,
      },
    ],
  },
  upgrade: {
    verb: 'Upgrade agent of',
    workflow: 'upgradeCluster',
    expectedMs: 20_000,
    steps: [
      turn,
      { key: 'inspect', title: "Reading agent's image", undo: changesNothing, expectedMs: 50 },
      { key: 'image', title: "Changing agent's image", undo: 'Changes it back', expectedMs: 200 },
      { key: 'connected', title: 'Waiting for new agent', undo: changesNothing, expectedMs: 20_000 },
      finish,
    ],
  },
};
