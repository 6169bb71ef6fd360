import type { Helm } from '../adapters/helm/helm.ts';
import type { ClusterClient } from '../adapters/kubernetes/client.ts';
import { createAgentImageActivities } from './clusters/agent-image.ts';
import { createClusterObjectActivities } from './clusters/cluster-objects.ts';
import { createClusterOnlineActivities } from './clusters/cluster-online.ts';
import { createClusterResourceActivities } from './clusters/cluster-resource.ts';
import { createClusterTenantActivities } from './clusters/cluster-tenants.ts';
import type { ClusterDeps } from './clusters/connect-to-cluster.ts';
import { createControlPlaneReadyActivities } from './control-plane/control-plane-ready.ts';
import { createControlPlaneScaleActivities } from './control-plane/control-plane-scale.ts';
import type { TenantDeps } from './dependencies.ts';
import { createGatewayCredentialActivities } from './control-plane/gateway-credential.ts';
import { createInspectionActivities } from './control-plane/inspect-tenant.ts';
import { createInstanceActivities } from './instances/instance.ts';
import { createReconcileActivities } from './operations/reconcile.ts';
import { createReleaseActivities } from './control-plane/release.ts';
import { createRestoreRight } from './snapshots/restore-right.ts';
import { createRestoreActivities } from './snapshots/restore.ts';
import { createSleepPolicyActivities } from './instances/sleep-policy.ts';
import { createSnapshotCatalogueActivities } from './snapshots/snapshot-catalogue.ts';
import { createSnapshotRetentionActivities } from './snapshots/snapshot-retention.ts';
import { createSnapshotActivities } from './snapshots/snapshot.ts';
import { createSpaceAccessActivities } from './spaces/space-access.ts';
import { createSpaceNamespaceActivities } from './spaces/space-namespace.ts';
import { createSpaceSleepActivities } from './spaces/space-sleep.ts';
import { createTenantAccessActivities } from './control-plane/tenant-access.ts';
import { createTenantKeysActivities } from './control-plane/tenant-keys.ts';
import { createTenantStoreActivities } from './control-plane/tenant-store.ts';
import { createTurnActivities } from './operations/turn.ts';

export interface ActivityDeps extends TenantDeps, ClusterDeps {
  readonly management: ClusterClient;
  readonly helm: Helm;
  readonly chartsDir: string;
  readonly charts?: readonly string[] | undefined;
  readonly snapshotsDir: string;
  readonly toolsImage?: string | undefined;
  readonly goneSnapshotDays?: number | undefined;
  readonly seedsDir?: string | undefined;
  readonly wakesAtOnce?: number | undefined;
  /** Private scratch folder. */
  readonly workDir: string;
}

/** All activities by their names, as workflows call them. */
export function createActivities(deps: ActivityDeps) {
  return {
    ...createTurnActivities({ database: deps.operations.database, wakesAtOnce: deps.wakesAtOnce }),
    ...createSnapshotCatalogueActivities({
      database: deps.operations.database,
      checkRestoreRight: createRestoreRight(deps),
    }),
    ...createReconcileActivities(deps),
    ...createClusterOnlineActivities(deps),
    ...createClusterObjectActivities(deps),
    ...createAgentImageActivities(deps),
    ...createClusterResourceActivities(deps),
    ...createClusterTenantActivities(deps),
    ...createInstanceActivities(deps),
    ...createInspectionActivities(deps),
    ...createSleepPolicyActivities(deps),
    ...createControlPlaneScaleActivities(deps),
    ...createControlPlaneReadyActivities(deps),
    ...createGatewayCredentialActivities(deps),
    ...createTenantAccessActivities(deps),
    ...createTenantKeysActivities(deps),
    ...createTenantStoreActivities(deps),
    ...createReleaseActivities(deps),
    ...createSnapshotActivities(deps),
    ...createSnapshotRetentionActivities(deps),
    ...createRestoreActivities(deps),
    ...createSpaceNamespaceActivities(deps),
    ...createSpaceAccessActivities(deps),
    ...createSpaceSleepActivities(deps),
  };
}

export type Activities = ReturnType<typeof createActivities>;
