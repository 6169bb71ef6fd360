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

/**
 * What a status asks people to look at: each condition that is amiss, and its reason unless one of them is the cause of
 * that. The same again, once it was over, is another notice.
 */
export function noticesOf(kind: ManagedKind, { metadata, status }: ManagedInstance): Notice[] {
  const { uid } = metadata;
  const { reason, message = '', conditions = [] } = status ?? {};
  const lifecycle = lifecycleConditions(kind);
  const amiss = conditions.filter((one) => !lifecycle.has(one.type) && isAmiss(one));
  const notices = amiss.map(({ type, reason: why = 'Failed', message: text = '', lastTransitionTime }) => ({
    // The words of what is refused change from try to try.
    key: contentHash([uid, type, why, lastTransitionTime]),
    reason: why,
    message: text,
    condition: type,
  }));
  if (reason === undefined || notices.some((one) => one.reason === reason || one.message === message))
    return notices;
  const { ready: condition } = kstatusConditions;
  const since = conditions.find(({ type }) => type === condition)?.lastTransitionTime;
  return [...notices, { key: contentHash([uid, reason, message, since]), reason, message, condition }];
}

function isAmiss({ status, severity }: Condition): boolean {
  return status === 'False' && (severity === 'Error' || severity === 'Warning');
}
