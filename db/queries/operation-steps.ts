import { and, asc, eq, inArray, sql } from 'drizzle-orm';
import type { StepChange } from '../../contracts/workflows.ts';
import type { Queries } from '../client.ts';
import { operationSteps, type StepRow } from '../schema/operation-steps.ts';

/**
 * Writes steps of one operation in one statement. The times are those of the first write of a state, so writing
 * the same again changes nothing.
 */
export async function recordSteps(
  db: Queries,
  operationId: string,
  changes: readonly StepChange[],
): Promise<void> {
  if (changes.length === 0) return;
  await db.execute(sql`
    update operation_steps step set
      state = change.state,
      message = change.message,
      started_at = case
        when change.state in ('pending', 'skipped') then step.started_at
        else coalesce(step.started_at, clock_timestamp()) end,
      finished_at = case
        when change.state in ('pending', 'running', 'undoing') then null
        when step.state = change.state then step.finished_at
        else clock_timestamp() end
    from jsonb_to_recordset(${JSON.stringify(changes)}::jsonb) as change(key text, state text, message text)
    where step.operation_id = ${operationId} and step.key = change.key
      and (step.state, step.message) is distinct from (change.state, change.message)`);
}

/** Writes what a step says, if it has begun and not ended. */
export async function noteStep(
  db: Queries,
  operationId: string,
  key: string,
  message: string,
): Promise<void> {
  const isStep = and(eq(operationSteps.operationId, operationId), eq(operationSteps.key, key));
  await db
    .update(operationSteps)
    .set({ message })
    .where(
      and(
        isStep,
        inArray(operationSteps.state, ['running', 'undoing']),
        sql`${operationSteps.message} is distinct from ${message}`,
      ),
    );
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
  await tx
    .update(operationSteps)
    .set({ state: 'skipped' })
    .where(and(ofThese, eq(operationSteps.state, 'pending')));
  await tx
    .update(operationSteps)
    .set({ state: running, finishedAt: new Date() })
    .where(and(ofThese, inArray(operationSteps.state, ['running', 'undoing'])));
}
