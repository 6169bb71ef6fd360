import { and, desc, eq, inArray, ne, or } from 'drizzle-orm';
import type { OperationTarget } from '../../contracts/kinds.ts';
import type { OperationType } from '../../contracts/verbs.ts';
import type { Attempt } from '../../domain/lifecycle/attempts.ts';
import type { Queries } from '../client.ts';
import { operations } from '../schema/operations.ts';
import { isOfTarget } from './operations.ts';

/** An operation that its resource may have asked for. */
export interface AttemptRow extends Attempt {
  readonly type: OperationType;
  readonly targetHash: string | null;
}

/** More failures than that make no difference to the next pause. */
const looksBack = 50;

type Instance = OperationTarget & { readonly uid: string };

/** The last operations of `types` of this very instance that count, newest first. */
export async function listAttempts(
  db: Queries,
  instance: Instance,
  types: readonly OperationType[],
): Promise<AttemptRow[]> {
  const { id, type, targetHash, state, reason, lasts, finishedAt, mark } = operations;
  return db
    .select({ id, type, targetHash, state, reason, lasts, finishedAt, mark })
    .from(operations)
    .where(
      and(
        isOfTarget(instance),
        eq(operations.uid, instance.uid),
        inArray(type, [...types]),
        ne(state, 'superseded'),
        eq(operations.settled, false),
      ),
    )
    .orderBy(desc(operations.sequence))
    .limit(looksBack);
}

/** What failed towards one of these, or is one of these, does not count any more. */
export async function settleAttempts(
  db: Queries,
  instance: Instance,
  { targetHashes, ids }: { readonly targetHashes: readonly string[]; readonly ids: readonly string[] },
): Promise<void> {
  await db
    .update(operations)
    .set({ settled: true })
    .where(
      and(
        isOfTarget(instance),
        eq(operations.uid, instance.uid),
        or(inArray(operations.targetHash, [...targetHashes]), inArray(operations.id, [...ids])),
        inArray(operations.state, ['failed', 'cancelled']),
        eq(operations.settled, false),
      ),
    );
}
