import type { Activities } from '../../activities/index.ts';
import type { NamespaceDeletion } from '../../activities/instances/owned-namespace.ts';
import type { InstanceRef, UnplacedRef } from '../../contracts/instance-ref.ts';
import type { ManagedKind, OperationKind } from '../../contracts/kinds.ts';
import type { OperationOutcome } from '../../domain/status/after-operation.ts';

/** The activities by which every kind has the same done, each under its own name. */
interface KindActivities<K extends ManagedKind> {
  locate(activities: Activities, target: UnplacedRef<K>): Promise<InstanceRef<K>>;
  deleteNamespace(
    activities: Activities,
    target: InstanceRef<K>,
  ): Promise<NamespaceDeletion | null | undefined>;
  waitForNamespaceDeleted(
    activities: Activities,
    target: InstanceRef<K>,
    deletion: Partial<NamespaceDeletion>,
  ): Promise<void>;
}

export const kindActivities: { readonly [K in ManagedKind]: KindActivities<K> } = {
  tenant: {
    locate: async (activities, tenant) => (await activities.inspectTenant({ tenant })).tenant,
    deleteNamespace: (activities, tenant) => activities.deleteHostNamespace({ tenant }),
    waitForNamespaceDeleted: (activities, tenant, deletion) =>
      activities.waitForHostNamespaceDeleted({ tenant, ...deletion }),
  },
  space: {
    locate: async (activities, space) => (await activities.findSpacePlace({ space })).space,
    deleteNamespace: (activities, space) => activities.deleteSpaceNamespace({ space }),
    waitForNamespaceDeleted: (activities, space, deletion) =>
      activities.waitForSpaceNamespaceDeleted({ space, ...deletion }),
  },
};

/** Writes the end of an operation to the status of what it is about. */
export const reportTo: {
  readonly [K in OperationKind]: (
    activities: Activities,
    target: UnplacedRef<K>,
    outcome: OperationOutcome,
  ) => Promise<void>;
} = {
  tenant: (activities, tenant, outcome) => activities.reportInstance({ ...outcome, tenant }),
  space: (activities, space, outcome) => activities.reportSpace({ ...outcome, space }),
  // The status of a Cluster is the controllers'.
  cluster: async () => undefined,
};
