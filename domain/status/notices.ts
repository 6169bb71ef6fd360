import type { ManagedKind } from '../../contracts/kinds.ts';
import { type Condition, kstatusConditions } from '../../contracts/resources/condition.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import { contentHash } from '../content-hash.ts';
import { lifecycleConditions } from './present-status.ts';

/** What people are to be shown of an instance, beside its status. */
export interface Notice {
  /** The same for what is said already. */
  readonly key: string;
  readonly reason: string;
  readonly message: string;
  /** The condition that says it. */
  readonly condition: string;
}

/** The conditions that say what is amiss, true whether or not the status has been settled since. */
export function problemNotices(kind: ManagedKind, { metadata, status }: ManagedInstance): Notice[] {
  const lifecycle = lifecycleConditions(kind);
  return (status?.conditions ?? [])
    .filter((one) => !lifecycle.has(one.type) && isAmiss(one))
    .map(({ type, reason = 'Failed', message = '', lastTransitionTime }) => ({
      // The words of what is refused change from try to try.
      key: contentHash([metadata.uid, type, reason, lastTransitionTime]),
      reason,
      message,
      condition: type,
    }));
}

/**
 * What a settled status asks people to look at, unless one of its conditions is the cause of that. The same again, once it
 * was over, is another notice.
 */
export function statusNotices(kind: ManagedKind, instance: ManagedInstance): Notice[] {
  const { reason, message = '', conditions = [] } = instance.status ?? {};
  if (reason === undefined) return [];
  const causes = problemNotices(kind, instance);
  if (causes.some((cause) => cause.reason === reason || cause.message === message)) return [];
  const { ready: condition } = kstatusConditions;
  const since = conditions.find(({ type }) => type === condition)?.lastTransitionTime;
  const key = contentHash([instance.metadata.uid, reason, message, since]);
  return [{ key, reason, message, condition }];
}

function isAmiss({ status, severity }: Condition): boolean {
  return status === 'False' && (severity === 'Error' || severity === 'Warning');
}
