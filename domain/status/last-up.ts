import type { VirtualClusterInstanceStatus } from '../../contracts/resources/virtual-cluster-instance.ts';
import type { OperationState } from '../../contracts/operations.ts';
import type { InstancePhase } from '../../contracts/resources/instance-status.ts';
import type { OperationType } from '../../contracts/verbs.ts';
import { verbRules } from '../verbs.ts';

type LastUp = NonNullable<VirtualClusterInstanceStatus['lastUp']>;

/** What of the end of an operation counts here (OperationOutcome). */
interface Deployment {
  readonly operation: { readonly id: string; readonly type: OperationType; readonly state: OperationState };
  readonly phase?: InstancePhase;
  readonly observedHash?: string;
  readonly deployedBy?: string;
  readonly chart?: { readonly chart: string; readonly version: string };
}

/**
 * Which operation deployed what is deployed, and what was deployed when the control plane was up last: the part of the
 * status after an operation that a wake needs to go back to.
 */
export function lastUpAfter(
  { operation, phase, observedHash, deployedBy, chart }: Deployment,
  status: VirtualClusterInstanceStatus = {},
): Pick<VirtualClusterInstanceStatus, 'deployedBy' | 'lastUp'> {
  const isDone = operation.state === 'succeeded';
  const deploys = isDone && observedHash !== undefined && verbRules[operation.type].aim === 'spec';
  const by = deployedBy ?? (deploys ? operation.id : status.deployedBy);
  const known = by === undefined ? {} : { deployedBy: by };
  const chartBefore = status.virtualCluster?.helmRelease?.chart;
  if (isDone && phase === 'Ready') {
    const chartNow = chart ? { name: chart.chart, version: chart.version } : chartBefore;
    return { ...known, ...lastUp(observedHash ?? status.observedHash, by, chartNow) };
  }
  const isKnown = !deploys || status.lastUp !== undefined;
  return { ...known, ...(isKnown ? {} : lastUp(status.observedHash, status.deployedBy, chartBefore)) };
}

function lastUp(
  hash: string | undefined,
  deployedBy: string | undefined,
  chart: LastUp['chart'],
): { lastUp?: LastUp } {
  if (hash === undefined) return {};
  const by = deployedBy === undefined ? {} : { deployedBy };
  return { lastUp: { hash, ...by, ...(chart === undefined ? {} : { chart }) } };
}

/** What a control plane that does not start may go back to; undefined if it is what is deployed, or nothing was up before. */
export function fallbackOf(status: VirtualClusterInstanceStatus = {}): LastUp | undefined {
  const { lastUp: up, observedHash, deployedBy } = status;
  if (up === undefined || up.hash === observedHash || deployedBy === undefined) return undefined;
  return up.deployedBy === deployedBy ? undefined : up;
}
