import { PlatformError } from '../contracts/errors.ts';
import type { InstancePhase } from '../contracts/resources/virtual-cluster-instance.ts';
import type { UnplacedSpace } from '../contracts/space-ref.ts';
import type { OperationRow } from '../db/schema/operations.ts';
import { reconcileOperations, type RepairInstance } from '../operations/reconcile.ts';
import type { TenantDeps } from './dependencies.ts';
import { createInstanceReportActivities, type InstanceReport } from './instance-report.ts';
import { createInstanceActivities } from './instance.ts';
import { createSpaceInstanceActivities } from './space-instance.ts';
import { createSpaceReportActivities } from './space-report.ts';
import { isSpaceClosed } from './space-sleep.ts';
import { keepAlive } from './keep-alive.ts';

export function createReconcileActivities(deps: TenantDeps) {
  const { reportInstance } = createInstanceReportActivities(deps);
  const { inspectTenant } = createInstanceActivities(deps);

  const { reportSpace } = createSpaceReportActivities(deps);
  const { findSpacePlace } = createSpaceInstanceActivities(deps);

  const repairInstance: RepairInstance = async (row, { state, reason, message }) => {
    if (row.kind === 'space') return repairSpace(row, { state, reason, message });
    const tenant = { project: row.project, name: row.tenantCluster, uid: row.uid };
    const told = `${message}. What it had done stays: ask for the operation again, or delete the tenant cluster`;
    await reportInstance({
      tenant,
      operation: { id: row.id, type: row.type, state },
      reason,
      message: told,
      ...(await phaseAfter(row, tenant)),
      ...(row.type === 'snapshot' || row.type === 'restore' || row.type === 'delete'
        ? {}
        : { failed: row.targetHash ?? true }),
    });
  };

  /** A control plane that was left scaled to zero sleeps, whatever the operation was about to do. */
  async function phaseAfter(
    row: OperationRow,
    tenant: InstanceReport['tenant'],
  ): Promise<{ phase?: InstancePhase }> {
    if (row.type === 'create' || row.type === 'restore') return { phase: 'Failed' };
    if (row.type !== 'sleep' && row.type !== 'wake') return {};
    try {
      return { phase: (await inspectTenant({ tenant })).asleep ? 'Sleeping' : 'Ready' };
    } catch (error) {
      if (error instanceof PlatformError) return {}; // its cluster is away, or it is gone: the phase stays
      throw error;
    }
  }

  const repairSpace: RepairInstance = async (row, { state, reason, message }) => {
    const space = { kind: 'space', project: row.project, name: row.tenantCluster, uid: row.uid } as const;
    await reportSpace({
      space,
      operation: { id: row.id, type: row.type, state },
      reason,
      message: `${message}. What it had done stays: ask for the operation again, or delete the space`,
      ...(await spacePhaseAfter(row, space)),
      ...(row.type === 'delete' ? {} : { failed: row.targetHash ?? true }),
    });
  };

  /** A space that lets no pods in sleeps, whatever the operation was about to do. */
  async function spacePhaseAfter(
    row: OperationRow,
    unplaced: UnplacedSpace,
  ): Promise<{ phase?: InstancePhase }> {
    if (row.type === 'create') return { phase: 'Failed' };
    if (row.type === 'delete') return {};
    try {
      const { space } = await findSpacePlace({ space: unplaced });
      return { phase: (await isSpaceClosed(await deps.hosts.prove(space))) ? 'Sleeping' : 'Ready' };
    } catch (error) {
      if (error instanceof PlatformError) return {}; // its cluster is away, or it is gone: the phase stays
      throw error;
    }
  }

  return {
    /** Repairs operations and statuses that a crash or a hand left behind (operations/reconcile.ts). Heartbeats. */
    reconcileOperations: (): Promise<{ started: number; ended: number; cancelled: number }> =>
      keepAlive(async () => {
        const { started, ended, cancelled } = await reconcileOperations(deps.operations, repairInstance);
        return { started: started.length, ended: ended.length, cancelled: cancelled.length };
      }),
  };
}
