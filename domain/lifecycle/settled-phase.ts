import type { ManagedKind } from '../../contracts/kinds.ts';
import type { InstancePhase } from '../../contracts/resources/instance-status.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import { descriptorOf } from '../kinds/kinds.ts';

/**
 * The phase that an instance has when nothing goes on and nothing is amiss. While an operation runs or waits its status
 * says `Pending`, and `Failed` while something is amiss that leaves it as it is; its condition of readiness goes on saying
 * whether it is awake. Undefined: it has none yet.
 */
export function settledPhase(
  kind: ManagedKind,
  { status = {} }: Pick<ManagedInstance, 'status'>,
): InstancePhase | undefined {
  const { phase, conditions = [], observedHash } = status;
  if (observedHash === undefined || (phase !== 'Pending' && phase !== 'Failed')) return phase || undefined;
  const ready = conditions.find(({ type }) => type === descriptorOf(kind).conditions.ready);
  if (ready === undefined) return phase;
  if (ready.status === 'True') return 'Ready';
  return ready.reason === 'Sleeping' ? 'Sleeping' : 'Failed';
}

/** Whether the instance is awake, whatever is being done about it. */
export function isAwake(kind: ManagedKind, instance: Pick<ManagedInstance, 'status'>): boolean {
  return settledPhase(kind, instance) === 'Ready';
}

/** Whether the instance sleeps, whatever is being done about it. */
export function isAsleep(kind: ManagedKind, instance: Pick<ManagedInstance, 'status'>): boolean {
  return settledPhase(kind, instance) === 'Sleeping';
}
