import { PlatformError } from '../contracts/errors.ts';
import type { OperationKind, OperationSubject } from '../contracts/kinds.ts';
import type { OperationType } from '../contracts/verbs.ts';
import type { Queries } from '../db/client.ts';
import { findOperationByKey, listOpenOperations } from '../db/queries/operations.ts';
import type { OperationRow } from '../db/schema/operations.ts';
import type { AttemptMark } from '../domain/lifecycle/attempts.ts';
import { type Decision, decideConflict, type PresentOperation } from '../domain/lifecycle/conflicts.ts';

export interface OperationSubmission {
  readonly type: OperationType;
  readonly kind: OperationKind;
  /** Empty: it is in none. */
  readonly project: string;
  /** Name and uid of the resource. */
  readonly name: string;
  readonly uid: string;
  /** Of the project, if it is known. */
  readonly projectUid?: string | undefined;
  /** Who asked for it. */
  readonly actor: string;
  /** Of the User or Team, if it is known who that is. */
  readonly actorUid?: string | undefined;
  readonly requestId?: string | undefined;
  /** The same key for the same tenant cluster or space is the same request: it gets the operation of the first, ended or not. */
  readonly idempotencyKey: string;
  readonly targetHash?: string | undefined;
  /** Under what it is submitted, as far as the submitter knows. */
  readonly mark?: AttemptMark | undefined;
  readonly parameters?: Record<string, unknown> | undefined;
  /** Where it is, if its resource is gone. */
  readonly placed?: { readonly cluster: string; readonly hostNamespace: string } | undefined;
}

/** What becomes of a submission. */
export type Judgement =
  | { readonly action: 'join'; readonly row: OperationRow }
  | (Extract<Decision, { action: 'queue' }> & {
      /** The operations of its name that have not ended, oldest first. */
      readonly open: readonly OperationRow[];
    });

/**
 * Decides what becomes of a submission beside the operations that are there, and writes nothing.
 * @throws PlatformError `conflict` if it is refused
 */
export async function judgeSubmission(db: Queries, submission: OperationSubmission): Promise<Judgement> {
  const { kind, project, name, uid } = submission;
  const target: OperationSubject = { kind, project, name };
  const same = await findOperationByKey(db, { ...target, uid }, submission.idempotencyKey);
  if (same) return { action: 'join', row: checkedSame(same, submission) };

  const open = await listOpenOperations(db, target);
  // What still runs for a former one of this name only has to end first.
  const present = open.filter((row) => row.uid === uid);
  const decision = decideConflict(requestOf(submission), present.map(toPresent));
  if (decision.action === 'refuse') throw new PlatformError('conflict', `not accepted: ${decision.reason}`);
  if (decision.action === 'queue') return { ...decision, open };
  const row = present.find(({ id }) => id === decision.id);
  if (!row) throw new Error(`cannot join ${decision.id}, which is not there`);
  return { action: 'join', row };
}

/** A key that is used again must mean the same. */
function checkedSame(row: OperationRow, submission: OperationSubmission): OperationRow {
  if (row.type === submission.type) return row;
  throw new PlatformError(
    'conflict',
    'the idempotency key was already used for another request; use a new one',
  );
}

function requestOf({ type, targetHash, parameters }: OperationSubmission) {
  return { type, targetHash, snapshot: snapshotOf(parameters ?? {}) };
}

function toPresent(row: OperationRow): PresentOperation {
  return {
    id: row.id,
    type: row.type,
    state: row.state === 'running' ? 'running' : 'queued',
    cancelRequested: row.cancelRequestedAt !== null,
    targetHash: row.targetHash ?? undefined,
    snapshot: snapshotOf(row.parameters),
  };
}

function snapshotOf(parameters: Record<string, unknown>): string | undefined {
  const { snapshot, sourceTenantCluster, sourceUid } = parameters;
  const source = [sourceUid, sourceTenantCluster].find((one) => typeof one === 'string') ?? '';
  return typeof snapshot === 'string' ? `${source}/${snapshot}` : undefined;
}
