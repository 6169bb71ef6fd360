import type { OperationType } from '../../contracts/verbs.ts';
import { verbRules } from './verbs.ts';

/** An operation of the same tenant cluster that has not ended. */
export interface PresentOperation {
  readonly id: string;
  readonly type: OperationType;
  readonly state: 'queued' | 'running';
  /** Somebody asked to cancel it: it will not reach its goal, so no request may join it. */
  readonly cancelRequested: boolean;
  readonly targetHash: string | undefined;
  /** snapshot and restore: the snapshot's name (with its tenant cluster, if it is another's). */
  readonly snapshot: string | undefined;
}

/** A requested operation. */
export interface RequestedOperation {
  readonly type: OperationType;
  readonly targetHash: string | undefined;
  readonly snapshot: string | undefined;
}

/**
 * What to do with a request. `join`: answer with the operation that is there. `queue`: insert it; it waits for
 * its turn behind everything that is neither superseded nor ended; `supersede` and `cancel` happen first.
 */
export type Decision =
  | { readonly action: 'join'; readonly id: string }
  | { readonly action: 'queue'; readonly supersede: readonly string[]; readonly cancel: readonly string[] }
  | { readonly action: 'refuse'; readonly reason: string };

type Verdict = 'join' | 'wait' | 'supersede' | 'cancel' | 'refuse';

/**
 * Decides what happens to `requested` beside `present` (oldest first), the operations of the same tenant
 * cluster, space or connected cluster that have not ended. The rules:
 *
 * - Operations of one of them run one after another, in the order in which they were accepted.
 * - **Delete is final.** Beside a delete, queued or running, everything is refused; another delete joins it.
 * - **Delete comes first.** It supersedes every operation that waits. Of what runs it cancels create, update,
 *   snapshot and restore (their undo runs, then the delete), and follows sleep and wake to their end: they are
 *   short, and half a sleep is of no use to a delete.
 * - **Join** only the newest operation, so that the order does not change, and only one that has not been asked to
 *   cancel: sleep joins sleep, wake joins wake; create and update join one that waits (it will read the newest
 *   spec) or one that runs towards the same target hash; snapshot and restore join one of the same snapshot; disconnect and
 *   upgrade join one with the same parameters.
 * - **The last word**: a disconnect or upgrade with other parameters supersedes one that waits, and cancels one that runs.
 * - **Everything else waits**: sleep while creating, wake while falling asleep, restore behind a snapshot. A
 *   restore of a sleeping tenant cluster is allowed and leaves it asleep.
 */
export function decideConflict(
  requested: RequestedOperation,
  present: readonly PresentOperation[],
): Decision {
  const verdicts = present.map((operation) => ({ operation, verdict: verdictOf(requested, operation) }));
  const refusedBy = verdicts.find(({ verdict }) => verdict === 'refuse');
  if (refusedBy) {
    return {
      action: 'refuse',
      reason: `it is being deleted, so ${requested.type} is not possible`,
    };
  }
  const newest = verdicts.at(-1);
  if (newest?.verdict === 'join') return { action: 'join', id: newest.operation.id };
  const idsOf = (wanted: Verdict) =>
    verdicts.filter(({ verdict }) => verdict === wanted).map(({ operation }) => operation.id);
  return { action: 'queue', supersede: idsOf('supersede'), cancel: idsOf('cancel') };
}

/** The table: one new operation beside one that is there. */
function verdictOf(requested: RequestedOperation, present: PresentOperation): Verdict {
  if (present.type === 'delete') {
    if (requested.type !== 'delete') return 'refuse';
    return present.state === 'queued' && present.cancelRequested ? 'wait' : 'join';
  }
  if (requested.type === 'delete') return deleteBeside(present);
  if (present.type !== requested.type || present.cancelRequested) return 'wait';
  return besideOwnType(requested, present);
}

function besideOwnType(requested: RequestedOperation, present: PresentOperation): Verdict {
  switch (verbRules[requested.type].joins) {
    case 'any':
      return 'join';
    case 'same-target':
      return present.state === 'queued' ||
        (present.targetHash !== undefined && present.targetHash === requested.targetHash)
        ? 'join'
        : 'wait';
    case 'same-snapshot':
      return present.snapshot === requested.snapshot ? 'join' : 'wait';
    case 'same-request':
      if (present.targetHash === requested.targetHash) return 'join';
      return present.state === 'queued' ? 'supersede' : 'cancel';
  }
}

function deleteBeside(present: PresentOperation): Verdict {
  return present.state === 'queued' ? 'supersede' : verbRules[present.type].besideDelete;
}
