import type { OperationTarget } from '../../contracts/kinds.ts';
import type { SeenUse } from '../../db/queries/instance-activity.ts';
import type { Use } from './use.ts';

/** What this gateway has seen of one instance since it was recorded last. Times by `performance.now()`. */
export class SeenInstance {
  readonly target: OperationTarget;
  /** Its last use, and whose it was. */
  usedAt = Number.NEGATIVE_INFINITY;
  use: Use | undefined;
  /** The last use that is recorded, by any gateway. */
  recordedAt = Number.NEGATIVE_INFINITY;
  /** When it was recorded last, by any gateway as far as this one knows. */
  claimedAt = Number.NEGATIVE_INFINITY;
  /** Streams that are open; the newest is the last. */
  readonly open: Use[] = [];
  /** Recorded in PostgreSQL, and not yet on the instance; it was refused there if it is not to be tried before `retryAt`. */
  unwritten: { readonly at: number; readonly use: Use } | undefined;
  retryAt = Number.NEGATIVE_INFINITY;

  constructor(target: OperationTarget) {
    this.target = target;
  }

  get isRecorded(): boolean {
    return this.usedAt <= this.recordedAt && this.unwritten === undefined;
  }
}

/** A use as PostgreSQL takes it. */
export function rowOf(uid: string, use: Use, times: Pick<SeenUse, 'agoMs' | 'intervalMs'>): SeenUse {
  const { subject = '', host = '', verb = '', apiGroup = '' } = use;
  const { resource = '', subresource = '', name = '', userAgent = '' } = use;
  return { uid, subject, host, verb, apiGroup, resource, subresource, name, userAgent, ...times };
}
