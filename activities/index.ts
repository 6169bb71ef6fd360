import type { Helm } from '../adapters/helm/helm.ts';
import type { ClusterClient } from '../adapters/kubernetes/client.ts';
import { createControlPlaneReadyActivities } from './control-plane-ready.ts';
import { createControlPlaneScaleActivities } from './control-plane-scale.ts';
import type { TenantDeps } from './dependencies.ts';
import { createGatewayCredentialActivities } from './gateway-credential.ts';
import { createHostNamespaceActivities } from './host-namespace.ts';
import { createInstanceReportActivities } from './instance-report.ts';
import { createInstanceActivities } from './instance.ts';
import { createReconcileActivities } from './reconcile.ts';
import { createReleaseActivities } from './release.ts';
import { createRestoreRight } from './restore-right.ts';
import { createRestoreActivities } from './restore.ts';
import { createSleepPolicyActivities } from './sleep-policy.ts';
import { createSnapshotCatalogueActivities } from './snapshot-catalogue.ts';
import { createSnapshotRetentionActivities } from './snapshot-retention.ts';
import { createSnapshotActivities } from './snapshot.ts';
import { createSpaceAccessActivities } from './space-access.ts';
import { createSpaceSleepActivities } from './space-sleep.ts';
import { createTenantAccessActivities } from './tenant-access.ts';
import { createTenantKeysActivities } from './tenant-keys.ts';
import { createTurnActivities } from './turn.ts';

export interface ActivityDeps extends TenantDeps {
  readonly management: ClusterClient;
  readonly helm: Helm;
  readonly chartsDir: string;
  readonly charts?: readonly string[] | undefined;
  readonly snapshotsDir: string;
  readonly toolsImage?: string | undefined;
  readonly goneSnapshotDays?: number | undefined;
  /** Private scratch folder. */
  readonly workDir: string;
}

/** All activities by their names, as workflows call them. */
export function createActivities(deps: ActivityDeps) {
  return {
    ...createTurnActivities(deps.operations),
    ...createSnapshotCatalogueActivities({
      database: deps.operations.database,
      checkRestoreRight: createRestoreRight(deps),
    }),
    ...createReconcileActivities(deps),
    ...createInstanceActivities(deps),
    ...createInstanceReportActivities(deps),
    ...createSleepPolicyActivities(deps),
    ...createHostNamespaceActivities(deps),
    ...createControlPlaneScaleActivities(deps),
    ...createControlPlaneReadyActivities(deps),
    ...createGatewayCredentialActivities(deps),
    ...createTenantAccessActivities(deps),
    ...createTenantKeysActivities(deps),
    ...createReleaseActivities(deps),
    ...createSnapshotActivities(deps),
    ...createSnapshotRetentionActivities(deps),
    ...createRestoreActivities(deps),
    ...createSpaceAccessActivities(deps),
    ...createSpaceSleepActivities(deps),
  };
}

export type Activities = ReturnType<typeof createActivities>;
