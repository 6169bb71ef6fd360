import { and, inArray, sql } from 'drizzle-orm';
import type { OperationSubject } from '../../contracts/kinds.ts';
import type { OperationState } from '../../contracts/operations.ts';
import type { OperationType } from '../../contracts/verbs.ts';
import type { StepChange } from '../../contracts/workflows.ts';
import type { Database, Queries } from '../client.ts';
import { type OperationRow, operations } from '../schema/operations.ts';
import { instances } from '../schema/instances.ts';
import { getOperationRow, isOfTarget, listOpenOperations, openStates, targetOfRow } from './operations.ts';
import { closeSteps, recordSteps } from './operation-steps.ts';
import { isTarget } from './instances.ts';
import { isAdmitted, nextWakes, type WakeAdmission, wakesBefore } from './wake-admission.ts';

/** What an operation waits for. */
export interface BlockingOperation {
  readonly id: string;
  readonly type: OperationType;
  readonly actor: string;
}

export type TurnClaim =
  | {
      readonly state: 'claimed';
      readonly operation: OperationRow;
      readonly cluster?: string;
      readonly hostNamespace?: string;
    }
  | {
      readonly state: 'waiting';
      readonly behind: BlockingOperation | undefined;
      /** Nothing is before it but that many wakes of other tenant clusters in the same connected cluster. */
      readonly wakesBefore?: number;
    }
  | { readonly state: 'ended' };

/**
 * Takes the turn of its tenant cluster or space for operation `id` if nothing older waits or runs; claiming again what one
 * holds is a success. The partial unique index makes two turns impossible. A wake also waits until few enough others run.
 */
export async function claimTurn(
  database: Database,
  id: string,
  admission: WakeAdmission = unlimited,
): Promise<TurnClaim> {
  const claim = await tryClaim(database, id, admission);
  if (claim.state !== 'waiting' || claim.behind !== undefined || claim.wakesBefore !== undefined)
    return claim;
  return tryClaim(database, id, admission); // the blocking operation ended between our two statements
}

const unlimited: WakeAdmission = { atOnce: 1_000_000 };

async function tryClaim(database: Database, id: string, admission: WakeAdmission): Promise<TurnClaim> {
  return database.query(async (db) => {
    const claimed = await db.execute<{ id: string }>(sql`
      update operations mine set state = 'running', started_at = now()
      where mine.id = ${id} and mine.state = 'queued' and not exists (
        select from operations other
        where other.kind = mine.kind and other.project = mine.project and other.name = mine.name
          and other.state in ('queued', 'running') and other.sequence < mine.sequence)
        and ${isAdmitted(admission)}
      returning mine.id`);
    const operation = await getOperationRow(db, id);
    if (claimed.rows.length > 0 || operation.state === 'running') {
      const [instance] = await db
        .select()
        .from(instances)
        .where(isTarget(targetOfRow(operation)));
      const placed =
        instance?.uid === operation.uid && instance.cluster !== null && instance.hostNamespace !== null;
      return {
        state: 'claimed',
        operation,
        ...(placed ? { cluster: instance.cluster ?? '', hostNamespace: instance.hostNamespace ?? '' } : {}),
      };
    }
    if (operation.state !== 'queued') return { state: 'ended' };
    const behind = blockerOf(operation, await listOpenOperations(db, targetOfRow(operation)));
    const before = behind === undefined ? await wakesBefore(db, operation) : 0;
    return { state: 'waiting', behind, ...(before < admission.atOnce ? {} : { wakesBefore: before }) };
  });
}

/** The operation directly before `operation` in its queue, if there is one. */
export function blockerOf(
  operation: OperationRow,
  open: readonly OperationRow[],
): BlockingOperation | undefined {
  const before = open.filter((other) => other.sequence < operation.sequence).at(-1);
  return before === undefined ? undefined : metBy(operation.uid, before);
}

/** An operation as one of the instance with `uid` may know it. */
export function metBy(uid: string, { id, type, actor, uid: own }: OperationRow): BlockingOperation {
  // A former one of the name only has to end; who had it is not for the next one to know.
  return { id, type, actor: own === uid ? actor : 'a deleted owner of this name' };
}

export interface OperationEnd {
  readonly id: string;
  readonly state: Exclude<OperationState, 'queued' | 'running'>;
  /** Error code, and sentence for people. */
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
  /** Whether the cause of a failure stays, whatever its code says (contracts/errors.ts). */
  readonly lasts?: boolean | undefined;
  readonly result?: Record<string, unknown> | undefined;
  readonly steps?: readonly StepChange[];
  /** Only if it still waits for its turn. */
  readonly onlyQueued?: boolean;
}

/**
 * Ends an operation and its steps and names the operation whose turn is next; behind a wake also those of other tenant clusters. An operation that has ended
 * stays as it is. Takes the lock of its tenant cluster or space, so that an operation submitted meanwhile either is named
 * here or sees the turn free.
 */
export async function endOperation(
  database: Database,
  end: OperationEnd,
  admission: WakeAdmission = unlimited,
): Promise<{ next: string | undefined; nextWakes: string[]; changed: boolean }> {
  return database.transaction(async (tx) => {
    const ended = await getOperationRow(tx, end.id);
    const target = targetOfRow(ended);
    await tx.select({ uid: instances.uid }).from(instances).where(isTarget(target)).for('update');
    const changed = await endRows(tx, [end.id], end);
    if (changed && end.steps) await recordSteps(tx, end.id, end.steps);
    if (changed) await closeSteps(tx, [end.id], end.state === 'superseded' ? 'cancelled' : end.state);
    const next = (await nextQueued(tx, target))?.id;
    return { next, nextWakes: await nextWakes(tx, ended, admission), changed };
  });
}

/** Ends queued or running operations within the caller's transaction; steps stay. True if any row changed. */
export async function endRows(
  tx: Queries,
  ids: readonly string[],
  end: Omit<OperationEnd, 'id' | 'steps'>,
): Promise<boolean> {
  if (ids.length === 0) return false;
  const rows = await tx
    .update(operations)
    .set({
      state: end.state,
      reason: end.reason ?? null,
      message: end.message ?? null,
      lasts: end.lasts ?? null,
      result: end.result ?? null,
      finishedAt: new Date(),
    })
    .where(
      and(
        inArray(operations.id, [...ids]),
        inArray(operations.state, end.onlyQueued ? ['queued'] : [...openStates]),
      ),
    )
    .returning({ id: operations.id });
  return rows.length > 0;
}

/** The operation whose turn is next, if the turn is free. */
async function nextQueued(tx: Queries, target: OperationSubject): Promise<OperationRow | undefined> {
  const [oldest] = await tx
    .select()
    .from(operations)
    .where(and(isOfTarget(target), inArray(operations.state, [...openStates])))
    .orderBy(operations.sequence)
    .limit(1);
  return oldest?.state === 'queued' ? oldest : undefined;
}
