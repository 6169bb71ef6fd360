import type { OwnedNamespace } from '../../adapters/host-namespaces.ts';
import { PlatformError } from '../../contracts/errors.ts';
import type { InstanceRef, UnplacedRef } from '../../contracts/instance-ref.ts';
import {
  kindNames,
  type KindWith,
  type ManagedKind,
  namedKind,
  type OperationKind,
} from '../../contracts/kinds.ts';
import type { InstancePhase } from '../../contracts/resources/instance-status.ts';
import type { OperationRow } from '../../db/schema/operations.ts';
import { undeterminedHash } from '../../domain/status/after-operation.ts';
import { verbRules } from '../../domain/lifecycle/verbs.ts';
import { reconcileOperations, type RepairInstance } from '../../operations/reconcile.ts';
import { createClusterResourceActivities } from '../clusters/cluster-resource.ts';
import type { TenantDeps } from '../dependencies.ts';
import { locateInstance } from '../instances/instance-place.ts';
import { reportOutcome } from '../instances/instance-report.ts';
import { withHeartbeat } from '../with-heartbeat.ts';
import { isSpaceClosed } from '../spaces/space-sleep.ts';
import { isAsleep } from '../control-plane/workloads.ts';

/** Whether an instance of each kind that can sleep does, whatever an operation was about to do. */
const sleeps: {
  readonly [K in KindWith<'sleep'>]: (host: OwnedNamespace<InstanceRef<K>>) => Promise<boolean>;
} = {
  tenant: isAsleep,
  space: isSpaceClosed,
};

export function createReconcileActivities(deps: TenantDeps) {
  const repairInstance =
    (kind: ManagedKind): RepairInstance =>
    async (row, { state, reason, message }) => {
      const { id, type, project, name, uid } = row;
      const { noun } = kindNames[kind];
      const target = { ...namedKind(kind), project, name, uid } as UnplacedRef;
      await reportOutcome(deps.resources, target, {
        operation: { id, type, state },
        reason,
        message: `${message}. Its completed steps were not undone: retry the operation, or delete the ${noun}`,
        ...(await phaseAfter(row, target)),
        ...(verbRules[type].aim === 'request' ? {} : { failed: row.targetHash ?? true }),
        ...(type === 'update' ? { observedHash: undeterminedHash } : {}),
      });
    };
  const { openCluster } = createClusterResourceActivities(deps);
  const repairs: { readonly [K in OperationKind]: RepairInstance } = {
    tenant: repairInstance('tenant'),
    space: repairInstance('space'),
    cluster: ({ id, name, uid }) => openCluster({ cluster: { name, uid }, operationId: id }),
  };

  async function phaseAfter(
    { kind, type }: OperationRow,
    target: UnplacedRef,
  ): Promise<{ phase?: InstancePhase }> {
    const { phaseAfterStop } = verbRules[type];
    if (phaseAfterStop === 'unchanged') return {};
    if (phaseAfterStop === 'Failed') return { phase: 'Failed' };
    try {
      return { phase: (await isFoundAsleep(kind as KindWith<'sleep'>, target)) ? 'Sleeping' : 'Ready' };
    } catch (error) {
      if (error instanceof PlatformError) return {}; // its cluster is away, or it is gone: the phase stays
      throw error;
    }
  }

  async function isFoundAsleep<K extends KindWith<'sleep'>>(kind: K, target: UnplacedRef): Promise<boolean> {
    const { host } = await locateInstance<K>(deps, target as UnplacedRef<K>);
    return sleeps[kind](host);
  }

  return {
    /** Repairs operations and statuses that a crash or a hand left behind (operations/reconcile.ts). Heartbeats. */
    reconcileOperations: (): Promise<{ started: number; ended: number; cancelled: number }> =>
      withHeartbeat(async () => {
        const { started, ended, cancelled } = await reconcileOperations(deps.operations, (row, end) =>
          repairs[row.kind](row, end),
        );
        return { started: started.length, ended: ended.length, cancelled: cancelled.length };
      }),
  };
}
