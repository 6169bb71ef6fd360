import type { InstancePhase } from '../contracts/resources/virtual-cluster-instance.ts';
import type { TenantRef, UnplacedTenant } from '../contracts/tenant-ref.ts';
import type { createTurnActivities } from './turn.ts';

interface Todo {
  reconcileOperations(input: object): Promise<void>;
  placeTenant(input: { tenant: UnplacedTenant; operationId: string }): Promise<{ tenant: TenantRef; targetHash: string; deployed: boolean }>;
  inspectTenant(input: { tenant: UnplacedTenant }): Promise<{ tenant: TenantRef; targetHash: string; asleep: boolean; kubernetesVersion?: string }>;
  findTenantRemains(input: { tenant: UnplacedTenant }): Promise<{ tenant?: TenantRef }>;
  reportInstance(input: {
    tenant: UnplacedTenant;
    operation: { id: string; type: string; state: string };
    phase?: InstancePhase;
    reason?: string;
    message?: string;
    observedHash?: string;
    /** Hash of the attempt that failed; true: of the spec as it is now. */
    failed?: string | true;
    kubernetesVersion?: string;
    place?: TenantRef;
    chart?: { chart: string; version: string };
  }): Promise<void>;
  releaseInstance(input: { tenant: UnplacedTenant }): Promise<void>;
  evaluateSleepPolicy(input: { tenant: UnplacedTenant }): Promise<void>;
  deleteSleepSchedule(input: { uid: string }): Promise<void>;
  applyHostNamespace(input: { tenant: TenantRef }): Promise<void>;
  deleteHostNamespace(input: { tenant: TenantRef }): Promise<void>;
  waitForHostNamespaceDeleted(input: { tenant: TenantRef }): Promise<void>;
  startControlPlane(input: { tenant: TenantRef }): Promise<void>;
  stopControlPlane(input: { tenant: TenantRef }): Promise<void>;
  waitForControlPlane(input: { tenant: TenantRef; fresh: boolean }): Promise<{ kubernetesVersion: string }>;
  waitForControlPlaneStopped(input: { tenant: TenantRef }): Promise<void>;
  applyGatewayCredential(input: { tenant: TenantRef }): Promise<void>;
  applyTenantAccess(input: { tenant: TenantRef }): Promise<void>;
  applyTenantKeys(input: { tenant: TenantRef }): Promise<void>;
  checkRelease(input: { tenant: TenantRef }): Promise<{ chart: string; version: string }>;
  installRelease(input: { tenant: TenantRef; operationId: string }): Promise<{ revision: number }>;
  rollbackRelease(input: { tenant: TenantRef; operationId: string }): Promise<void>;
  uninstallRelease(input: { tenant: TenantRef }): Promise<void>;
  recordSnapshot(input: { project: string; tenantCluster: string; name: string; operationId: string }): Promise<void>;
  findSnapshot(input: { project: string; tenantCluster: string; name: string }): Promise<{ project: string; tenantCluster: string; name: string; sha256: string }>;
  completeSnapshot(input: { project: string; tenantCluster: string; name: string; operationId: string; sizeBytes: number; sha256: string; revision: number; totalKeys: number; kubernetesVersion?: string }): Promise<void>;
  failSnapshot(input: { project: string; tenantCluster: string; name: string; operationId: string }): Promise<void>;
  applySnapshotJob(input: { tenant: TenantRef; operationId: string; snapshot: string; asleep: boolean }): Promise<void>;
  waitForSnapshotJob(input: { tenant: TenantRef; operationId: string; snapshot: string; asleep: boolean }): Promise<{ sizeBytes: number; sha256: string; revision: number; totalKeys: number }>;
  deleteSnapshotJob(input: { tenant: TenantRef; operationId: string; snapshot: string; asleep: boolean }): Promise<void>;
  deleteSnapshotFile(input: { project: string; tenantCluster: string; snapshot: string }): Promise<void>;
  applyRestoreJob(input: RestoreJob): Promise<void>;
  waitForRestoreJob(input: RestoreJob): Promise<void>;
  deleteRestoreJob(input: RestoreJob): Promise<void>;
}

interface RestoreJob {
  tenant: TenantRef;
  operationId: string;
  snapshot: { project: string; tenantCluster: string; name: string; sha256: string };
  phase: 'prepare' | 'swap' | 'rollback' | 'commit';
}

export type Activities = ReturnType<typeof createTurnActivities> & Todo;
