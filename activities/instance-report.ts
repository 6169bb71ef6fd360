import { isConflict, kubernetesFailure, orUndefined, statusOf } from '../adapters/kubernetes/failures.ts';
import { annotations } from '../contracts/names.ts';
import type { OperationState } from '../contracts/operations.ts';
import type { OperationType } from '../contracts/verbs.ts';
import type { Condition } from '../contracts/resources/condition.ts';
import type { InstancePhase } from '../contracts/resources/virtual-cluster-instance.ts';
import type { TenantRef, UnplacedTenant } from '../contracts/tenant-ref.ts';
import { aimsAtPhase, targetHashOf, verbRules } from '../domain/verbs.ts';
import type { TenantDeps } from './dependencies.ts';
import {
  changeInstance,
  currentHash,
  managementCall,
  objectName,
  type StoredInstance,
} from './instance-access.ts';

/** How an operation ended, for the instance's status. What is left out stays as it is. */
export interface InstanceReport {
  readonly tenant: UnplacedTenant;
  readonly operation: { readonly id: string; readonly type: OperationType; readonly state: OperationState };
  readonly phase?: InstancePhase;
  /** Error code and sentence; a success clears them. */
  readonly reason?: string;
  readonly message?: string;
  /** Hash of the desired state that is deployed now. */
  readonly observedHash?: string;
  /** Hash that was tried in vain; true: what the operation was for. */
  readonly failed?: string | true;
  readonly kubernetesVersion?: string;
  readonly place?: TenantRef;
  readonly chart?: { readonly chart: string; readonly version: string };
}

export function createInstanceReportActivities({ resources }: Pick<TenantDeps, 'resources'>) {
  return {
    /**
     * Writes the end of an operation to the instance's status, all in one patch: controllers act on it.
     * Idempotent by operation; an instance that is gone needs nothing.
     * @throws PlatformError `management_unavailable`
     */
    async reportInstance(report: InstanceReport): Promise<void> {
      const { tenant } = report;
      const awakened = report.phase === 'Ready' ? await noteAwake(tenant) : undefined;
      const write = async (found: StoredInstance | undefined) => {
        if (!found) return undefined;
        const failedHash = report.failed === true ? await failedHashOf(report, found) : report.failed;
        const status = statusPatch(report, found, failedHash);
        await resources.virtualclusterinstances.patchStatus(
          objectName(tenant),
          status,
          found.metadata.resourceVersion,
        );
        return found;
      };
      const instance = await changeInstance(resources, tenant, write, awakened);
      if (instance) await noteSleep(report, instance);
    },
  };

  /**
   * Takes the mark of a sleep off, if there is one. The answer is the instance, which then need not be read;
   * undefined if it is gone or another of its name stands there.
   */
  async function noteAwake(tenant: UnplacedTenant): Promise<StoredInstance | undefined> {
    const metadata = { uid: tenant.uid, annotations: { [annotations.sleepingSince]: null } };
    try {
      return await orUndefined(resources.virtualclusterinstances.patch(objectName(tenant), { metadata }));
    } catch (error) {
      if (isConflict(error) || statusOf(error) === 422) return undefined; // the uid is another's
      throw kubernetesFailure(`noting that ${tenant.name} is awake`, error, 'management_unavailable');
    }
  }

  async function failedHashOf(report: InstanceReport, instance: StoredInstance): Promise<string> {
    const hash = await currentHash(resources, instance);
    const { type } = report.operation;
    return targetHashOf(type, hash);
  }

  /** `sleeping-since` as in the original: seconds since 1970, while it sleeps. */
  async function noteSleep(report: InstanceReport, instance: StoredInstance): Promise<void> {
    const isNoted = instance.metadata.annotations?.[annotations.sleepingSince] !== undefined;
    const sleeps = report.phase === 'Sleeping';
    if (report.phase === undefined || sleeps === isNoted) return;
    const value = sleeps ? String(Math.floor(Date.now() / 1000)) : null;
    await managementCall(
      `noting the sleep of ${report.tenant.name}`,
      resources.virtualclusterinstances.patch(objectName(report.tenant), {
        metadata: { annotations: { [annotations.sleepingSince]: value } },
      }),
    );
  }
}

function statusPatch(
  report: InstanceReport,
  instance: StoredInstance,
  failedHash: string | undefined,
): Record<string, unknown> {
  const { operation, phase, observedHash, kubernetesVersion, place, chart } = report;
  const succeeded = operation.state === 'succeeded';
  const settles = succeeded && phase !== undefined;
  return {
    lastOperation: operation,
    ...(phase === undefined ? {} : { phase }),
    ...(settles ? { reason: null, message: null } : {}),
    ...(settles && isOver(instance.status?.failedHash, operation.type) ? { failedHash: null } : {}),
    ...(succeeded || report.reason === undefined
      ? {}
      : { reason: report.reason, message: report.message ?? null }),
    ...(failedHash === undefined ? {} : { failedHash }),
    ...(observedHash === undefined ? {} : { observedHash, observedGeneration: instance.metadata.generation }),
    ...(kubernetesVersion === undefined ? {} : { kubernetesVersion }),
    ...(place && chart ? { virtualCluster: deployedDefinition(place, chart) } : {}),
    conditions: mergeConditions(instance.status?.conditions ?? [], conditionsOf(report)),
  };
}

/** Only what deploys anew ends a deployment's failure: an update that failed is not tried again because of a wake. */
function isOver(failedHash: string | undefined, type: OperationType): boolean {
  return (failedHash !== undefined && aimsAtPhase(failedHash)) || verbRules[type].aim === 'spec';
}

function deployedDefinition(
  place: TenantRef,
  chart: { chart: string; version: string },
): Record<string, unknown> {
  return {
    helmRelease: { chart: { name: chart.chart, version: chart.version } },
    clusterRef: { cluster: place.cluster, namespace: place.hostNamespace, virtualCluster: place.name },
  };
}

/** What the end of the operation says about the conditions of the original's names. */
function conditionsOf({ operation, phase, place, reason, message }: InstanceReport): Condition[] {
  const { type, state } = operation;
  const failure = { reason: reason ?? 'Failed', ...(message === undefined ? {} : { message }) };
  const conditions: Condition[] = [];
  if (place) conditions.push({ type: 'Scheduled', status: 'True' });
  if (type === 'create' || type === 'update') {
    const deployed =
      state === 'succeeded'
        ? { status: 'True' as const }
        : { status: 'False' as const, severity: 'Error', ...failure };
    conditions.push({ type: 'VirtualClusterSynced', ...deployed });
    if (type === 'create' || state === 'succeeded')
      conditions.push({ type: 'VirtualClusterDeployed', ...deployed });
  }
  if (phase === 'Ready') conditions.push({ type: 'VirtualClusterReady', status: 'True' });
  if (phase === 'Sleeping')
    conditions.push({ type: 'VirtualClusterReady', status: 'False', severity: 'Info', reason: 'Sleeping' });
  if (phase === 'Failed')
    conditions.push({ type: 'VirtualClusterReady', status: 'False', severity: 'Error', ...failure });
  return conditions;
}

function mergeConditions(present: readonly Condition[], changes: readonly Condition[]): Condition[] {
  const now = new Date().toISOString();
  const changed = changes.map((change) => {
    const before = present.find(({ type }) => type === change.type);
    const lastTransitionTime = before?.status === change.status ? (before.lastTransitionTime ?? now) : now;
    return { ...change, lastTransitionTime };
  });
  return [...present.filter(({ type }) => !changes.some((change) => change.type === type)), ...changed];
}
