import { annotations } from '../contracts/names.ts';
import type { OperationState } from '../contracts/operations.ts';
import type { OperationType } from '../contracts/verbs.ts';
import type { InstancePhase } from '../contracts/resources/virtual-cluster-instance.ts';
import type { UnplacedSpace } from '../contracts/space-ref.ts';
import { type ConditionState, withCondition } from '../domain/conditions.ts';
import { space as descriptor } from '../domain/kinds/space.ts';
import type { TenantDeps } from './dependencies.ts';
import { managementCall } from './instance-access.ts';
import { changeSpace, spaceObject, type StoredSpace } from './space-instance-access.ts';

/** How an operation ended, for the space's status. What is left out stays as it is. */
export interface SpaceReport {
  readonly space: UnplacedSpace;
  readonly operation: {
    readonly id: string;
    readonly type: OperationType;
    readonly state: OperationState;
  };
  readonly phase?: InstancePhase;
  /** Error code and sentence; a success clears them. */
  readonly reason?: string;
  readonly message?: string;
  readonly observedHash?: string;
  /** Hash that was tried in vain; true: what the operation was for. */
  readonly failed?: string | true;
}

export function createSpaceReportActivities({ resources }: Pick<TenantDeps, 'resources'>) {
  return {
    /**
     * Writes the end of an operation to the space's status, all in one patch: controllers act on it. Idempotent by
     * operation; a space that is gone needs nothing.
     * @throws PlatformError `management_unavailable`
     */
    async reportSpace(report: SpaceReport): Promise<void> {
      const { space, phase } = report;
      // Before the phase, so that nobody sees it awake and since when it sleeps.
      if (phase === 'Ready') await noteSleep(space, null);
      const written = await changeSpace(resources, space, async (found) => {
        if (!found) return false;
        const { resourceVersion } = found.metadata;
        await resources.spaceinstances.patchStatus(
          spaceObject(space),
          statusPatch(report, found),
          resourceVersion,
        );
        return true;
      });
      // Seconds since 1970, as in the original.
      if (written && phase === 'Sleeping') await noteSleep(space, String(Math.floor(Date.now() / 1000)));
    },
  };

  async function noteSleep(space: UnplacedSpace, since: string | null): Promise<void> {
    await changeSpace(resources, space, async (found) => {
      const isNoted = found?.metadata.annotations?.[annotations.sleepingSince] !== undefined;
      if (!found || isNoted === (since !== null)) return;
      const { resourceVersion } = found.metadata;
      const metadata = { resourceVersion, annotations: { [annotations.sleepingSince]: since } };
      await managementCall(
        `noting the sleep of ${space.name}`,
        resources.spaceinstances.patch(spaceObject(space), { metadata }),
      );
    });
  }
}

function statusPatch(report: SpaceReport, found: StoredSpace): Record<string, unknown> {
  const { operation, phase, reason, message, observedHash, failed } = report;
  const succeeded = operation.state === 'succeeded';
  const hash = descriptor.desiredHash(found, undefined);
  const isPhaseChange = operation.type === 'sleep' || operation.type === 'wake';
  const failedHash = failed === true ? (isPhaseChange ? `${operation.type}:${hash}` : hash) : failed;
  const now = new Date().toISOString();
  const conditions = conditionsOf(report).reduce(
    (all, condition) => withCondition(all, condition, now),
    found.status?.conditions as Parameters<typeof withCondition>[0],
  );
  return {
    lastOperation: operation,
    ...(phase === undefined ? {} : { phase }),
    ...(succeeded && phase !== undefined ? { reason: null, message: null, failedHash: null } : {}),
    ...(succeeded || reason === undefined ? {} : { reason, message: message ?? null }),
    ...(failedHash === undefined ? {} : { failedHash }),
    ...(observedHash === undefined ? {} : { observedHash, observedGeneration: found.metadata.generation }),
    ...(conditions === undefined ? {} : { conditions }),
  };
}

/** What the end of the operation says about the conditions of the original's names. */
function conditionsOf({ operation, phase, reason = 'Failed', message = '' }: SpaceReport): ConditionState[] {
  const isDone = operation.state === 'succeeded';
  const because = { severity: 'Error', reason, message } as const;
  const synced: ConditionState[] =
    operation.type !== 'create'
      ? []
      : isDone
        ? [
            { type: 'Scheduled', status: 'True' },
            { type: 'SpaceSynced', status: 'True' },
          ]
        : [{ type: 'SpaceSynced', status: 'False', ...because }];
  if (phase === 'Ready') return [...synced, { type: 'SpaceReady', status: 'True' }];
  if (phase === 'Sleeping')
    return [...synced, { type: 'SpaceReady', status: 'False', severity: 'Info', reason: 'Sleeping' }];
  return phase === 'Failed' ? [...synced, { type: 'SpaceReady', status: 'False', ...because }] : synced;
}
