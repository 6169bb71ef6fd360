import { and, asc, eq, inArray, sql } from 'drizzle-orm';
import type { StepChange } from '../../domain/operation-workflows.ts';
import type { Queries } from '../client.ts';
import { operationSteps, type StepRow } from '../schema/operation-steps.ts';

/** Writes steps of one operation in one statement; writing the same again changes nothing. */
export async function recordSteps(db: Queries, operationId: string, changes: readonly StepChange[]): Promise<void> {
  if (changes.length === 0) return;
  await db.execute(sql`
    update operation_steps set
      state = change.state,
      message = change.message,
      started_at = to_timestamp(change."startedAt" / 1000.0),
      finished_at = to_timestamp(change."finishedAt" / 1000.0)
    from jsonb_to_recordset(${JSON.stringify(changes)}::jsonb)
      as change(key text, state text, message text, "startedAt" bigint, "finishedAt" bigint)
    where operation_id = ${operationId} and operation_steps.key = change.key`);
}

/** Steps of several operations, in the order of their plans. */
export async function listSteps(db: Queries, operationIds: readonly string[]): Promise<StepRow[]> {
  if (operationIds.length === 0) return [];
  return db
    .select()
    .from(operationSteps)
    .where(inArray(operationSteps.operationId, [...operationIds]))
    .orderBy(asc(operationSteps.position));
}

/** Closes the steps of operations that ended: what waited is skipped, what ran takes the operation's state. */
export async function closeSteps(
  tx: Queries,
  operationIds: readonly string[],
  running: 'succeeded' | 'failed' | 'cancelled',
): Promise<void> {
  const ofThese = inArray(operationSteps.operationId, [...operationIds]);
  await tx.update(operationSteps).set({ state: 'skipped' }).where(and(ofThese, eq(operationSteps.state, 'pending')));
  await tx
    .update(operationSteps)
    .set({ state: running, finishedAt: new Date() })
    .where(and(ofThese, inArray(operationSteps.state, ['running', 'undoing'])));
}
