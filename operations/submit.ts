import { randomUUID } from 'node:crypto';
import { withSpan } from '../adapters/tracing/spans.ts';
import type { OperationSubject } from '../contracts/kinds.ts';
import type { Operation } from '../contracts/operations.ts';
import type { Queries } from '../db/client.ts';
import {
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
import { planOf } from '../domain/kinds/kinds.ts';
import type { OperationsDeps } from './dependencies.ts';
import { type Judgement, judgeSubmission, type OperationSubmission } from './judge-submission.ts';
import { toOperation } from './operation-view.ts';
import { cancelOperationWorkflow, startOperationWorkflow } from './operation-workflow.ts';

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
 * Accepts an operation, or joins one that is there (domain/lifecycle/conflicts.ts), in one transaction, then starts its
 * workflow. With Temporal away it stays queued, and reconcile starts it later.
 * @throws PlatformError `conflict` if it is refused, `database_unavailable`
 */
export async function submitOperation(
  deps: OperationsDeps,
  submission: OperationSubmission,
): Promise<Submitted> {
  return withSpan({ name: 'accept operation' }, async (span) => {
    const accepted = await deps.database.transaction((tx) => accept(tx, submission));
    const { row, joined } = accepted;
    // Who changes a resource is often joined to what the controllers submitted for it: then it is drawn in their trace.
    span?.set({ 'vcp.operation.id': row.id, 'vcp.operation.joined': joined });
    const live = await tellTemporal(deps, accepted);
    return { operation: await show(deps, accepted, live), joined };
  });
}

async function accept(tx: Queries, submission: OperationSubmission): Promise<Accepted> {
  const { kind, project, name, uid } = submission;
  const target: OperationSubject = { kind, project, name };
  const instance = await lockInstance(tx, { ...target, uid });
  const { cluster } = submission.placed ?? (project === '' ? { cluster: name } : instance);
  if (submission.placed !== undefined) {
    await placeInstanceRow(tx, { ...target, uid, ...submission.placed });
  }
  const judged = await judgeSubmission(tx, submission);
  if (judged.action === 'join') return join(tx, judged.row, submission);

  const toCancel = await makeRoom(tx, submission, judged);
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

async function makeRoom(
  tx: Queries,
  submission: OperationSubmission,
  { supersede, cancel }: Extract<Judgement, { action: 'queue' }>,
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
