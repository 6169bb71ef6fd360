import { randomUUID } from 'node:crypto';
import { PlatformError } from '../contracts/errors.ts';
import type { ManagedKind, OperationTarget } from '../contracts/kinds.ts';
import type { Operation } from '../contracts/operations.ts';
import type { OperationType } from '../contracts/verbs.ts';
import type { Queries } from '../db/client.ts';
import {
  findOperationByKey,
  insertOperation,
  listOpenOperations,
  markCancelRequested,
  noteActor,
  targetOfRow,
} from '../db/queries/operations.ts';
import { closeSteps, listSteps } from '../db/queries/operation-steps.ts';
import { lockInstance, placeInstanceRow } from '../db/queries/instances.ts';
import { blockerOf, endRows } from '../db/queries/turns.ts';
import type { OperationRow } from '../db/schema/operations.ts';
import type { AttemptMark } from '../domain/attempts.ts';
import { type Decision, decideConflict, type PresentOperation } from '../domain/conflicts.ts';
import { planOf } from '../domain/kinds/kinds.ts';
import type { OperationsDeps } from './dependencies.ts';
import { toOperation } from './operation-view.ts';
import { cancelOperationWorkflow, startOperationWorkflow } from './operation-workflow.ts';

export interface OperationSubmission {
  readonly type: OperationType;
  readonly kind: ManagedKind;
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

export interface Submitted {
  readonly operation: Operation;
  /** Whether it was there already. */
  readonly joined: boolean;
}

interface Accepted {
  readonly row: OperationRow;
  readonly joined: boolean;
  /** Operations whose workflows are to be cancelled. */
  readonly toCancel: readonly string[];
}

/**
 * Accepts an operation, or joins one that is there (domain/conflicts.ts), in one transaction, then starts its
 * workflow. With Temporal away it stays queued, and reconcile starts it later.
 * @throws PlatformError `conflict` if it is refused, `database_unavailable`
 */
export async function submitOperation(
  deps: OperationsDeps,
  submission: OperationSubmission,
): Promise<Submitted> {
  const accepted = await deps.database.transaction((tx) => accept(tx, submission));
  const live = await tellTemporal(deps, accepted);
  return { operation: await show(deps, accepted, live), joined: accepted.joined };
}

async function accept(tx: Queries, submission: OperationSubmission): Promise<Accepted> {
  const { kind, project, name, uid } = submission;
  const target: OperationTarget = { kind, project, name };
  const instance = await lockInstance(tx, { ...target, uid });
  const { cluster } = submission.placed ?? instance;
  if (submission.placed !== undefined) {
    await placeInstanceRow(tx, { ...target, uid, ...submission.placed });
  }
  const same = await findOperationByKey(tx, { ...target, uid }, submission.idempotencyKey);
  if (same) return join(tx, checkedSame(same, submission), submission);

  const open = await listOpenOperations(tx, target);
  // What still runs for a former one of this name only has to end first.
  const present = open.filter((row) => row.uid === uid);
  const decision = decideConflict(requestOf(submission), present.map(toPresent));
  if (decision.action === 'join') {
    const row = present.find(({ id }) => id === decision.id);
    if (!row) throw new Error(`cannot join ${decision.id}, which is not there`);
    return join(tx, row, submission);
  }
  if (decision.action === 'refuse') throw new PlatformError('conflict', `not accepted: ${decision.reason}`);

  const toCancel = await makeRoom(tx, submission, decision);
  const plan = planOf(submission);
  const { operation } = await insertOperation(
    tx,
    {
      id: randomUUID(),
      type: submission.type,
      kind,
      project,
      name,
      uid,
      projectUid: submission.projectUid ?? null,
      actor: submission.actor,
      actorUid: submission.actorUid ?? null,
      requestId: submission.requestId ?? null,
      idempotencyKey: submission.idempotencyKey,
      targetHash: submission.targetHash ?? null,
      mark: submission.mark ?? null,
      parameters: submission.parameters ?? {},
      cluster,
      expectedMs: plan.expectedMs,
    },
    plan.steps,
  );
  return { row: operation, joined: false, toCancel };
}

/** Controllers may have been faster than the requester, who may follow the operation to its end all the same. */
async function join(tx: Queries, row: OperationRow, { actorUid }: OperationSubmission): Promise<Accepted> {
  if (actorUid !== undefined) await noteActor(tx, row.id, actorUid);
  return { row, joined: true, toCancel: [] };
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

async function makeRoom(
  tx: Queries,
  submission: OperationSubmission,
  { supersede, cancel }: Extract<Decision, { action: 'queue' }>,
): Promise<string[]> {
  const message = `Superseded by ${submission.type} (requested by ${submission.actor})`;
  await endRows(tx, supersede, { state: 'superseded', reason: 'operation_cancelled', message });
  if (supersede.length > 0) await closeSteps(tx, supersede, 'cancelled');
  await markCancelRequested(tx, cancel, submission.actor);
  return [...supersede, ...cancel];
}

/** Starts and cancels workflows; true if Temporal took it all. Reconcile makes up for what failed. */
async function tellTemporal(deps: OperationsDeps, { row, toCancel }: Accepted): Promise<boolean> {
  const calls: Promise<unknown>[] = [
    // One that was joined may still have no workflow, if Temporal was away when it was submitted.
    ...(row.state === 'queued' ? [startOperationWorkflow(deps, row)] : []),
    ...toCancel.map((id) => cancelOperationWorkflow(deps, id)),
  ];
  const results = await Promise.allSettled(calls);
  const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  for (const error of failures)
    deps.logger.warn(
      { err: error, operation: row.id },
      'Temporal does not answer; the operation stays queued',
    );
  return failures.length === 0;
}

async function show(deps: OperationsDeps, { row, joined }: Accepted, live: boolean): Promise<Operation> {
  const { steps, open } = await deps.database.query(async (db) => ({
    steps: await listSteps(db, [row.id]),
    open: row.state === 'queued' ? await listOpenOperations(db, targetOfRow(row)) : [],
  }));
  return { ...toOperation(deps, row, steps, { live, blockedBy: blockerOf(row, open) }), joined };
}
