import { and, asc, desc, eq, gt, gte, inArray, isNull, lt, or, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import { PlatformError } from '../../contracts/errors.ts';
import type { OperationKind, OperationSubject } from '../../contracts/kinds.ts';
import type { OperationState } from '../../contracts/operations.ts';
import type { OperationType } from '../../contracts/verbs.ts';
import type { Queries } from '../client.ts';
import { type OperationRow, operations } from '../schema/operations.ts';
import { operationSteps, type StepRow } from '../schema/operation-steps.ts';

export const openStates = ['queued', 'running'] as const;

type NewOperation = Omit<typeof operations.$inferInsert, 'sequence' | 'state' | 'createdAt'>;
type NewStep = Pick<StepRow, 'key' | 'title' | 'undo' | 'expectedMs'>;

/** Inserts a queued operation with its planned steps. The caller holds the tenant cluster's lock. */
export async function insertOperation(
  tx: Queries,
  operation: NewOperation,
  steps: readonly NewStep[],
): Promise<{ operation: OperationRow; steps: StepRow[] }> {
  const [row] = await tx.insert(operations).values(operation).returning();
  if (!row) throw new Error('an insert returned no row');
  const stepRows = await tx
    .insert(operationSteps)
    .values(
      steps.map((step, position) => ({
        operationId: row.id,
        position,
        key: step.key,
        title: step.title,
        undo: step.undo,
        expectedMs: step.expectedMs,
      })),
    )
    .returning();
  return { operation: row, steps: stepRows };
}

/** @throws PlatformError `operation_not_found` */
export async function getOperationRow(db: Queries, id: string): Promise<OperationRow> {
  const [row] = await db.select().from(operations).where(eq(operations.id, id));
  if (!row) throw new PlatformError('operation_not_found', `operation ${id.slice(0, 40)} not found`);
  return row;
}

/** The operation of this very tenant cluster or space, not of a former one of its name; without a uid, of the last one. */
export async function findOperationByKey(
  db: Queries,
  target: OperationSubject & { readonly uid: string | undefined },
  idempotencyKey: string,
): Promise<OperationRow | undefined> {
  const [row] = await db
    .select()
    .from(operations)
    .where(
      and(
        isOfTarget(target),
        target.uid === undefined ? undefined : eq(operations.uid, target.uid),
        eq(operations.idempotencyKey, idempotencyKey),
      ),
    )
    .orderBy(desc(operations.sequence))
    .limit(1);
  return row;
}

/** Whose operations: those of one uid, and those of a project with all that is gone of it. */
export interface RecordsOf {
  readonly uid?: string | undefined;
  readonly projectUid?: string | undefined;
}

/** Operations of a tenant cluster or space (of all, if none is named) that have not ended, in the order of their turns. */
export async function listOpenOperations(db: Queries, target?: OperationSubject): Promise<OperationRow[]> {
  return db
    .select()
    .from(operations)
    .where(and(target ? isOfTarget(target) : undefined, inArray(operations.state, [...openStates])))
    .orderBy(asc(operations.sequence));
}

/** What operations are about. Ids that nothing has are left out. */
export async function targetsOf(db: Queries, ids: readonly string[]): Promise<OperationSubject[]> {
  const { kind, project, name } = operations;
  return db
    .select({ kind, project, name })
    .from(operations)
    .where(inArray(operations.id, [...ids]));
}

/** Which operations are listed; every condition that is there must hold. */
export interface OperationFilter {
  /** Left out: of all projects. */
  readonly project?: string | undefined;
  readonly projects?: readonly string[] | undefined;
  readonly kinds?: readonly OperationKind[] | undefined;
  /** With one of `kinds`, since a tenant cluster and a space may share it. */
  readonly name?: string | undefined;
  /** Left out: of all instances of the name. */
  readonly of?: RecordsOf | undefined;
  readonly types?: readonly OperationType[] | undefined;
  readonly states?: readonly OperationState[] | undefined;
  readonly actor?: string | undefined;
  readonly cluster?: string | undefined;
  /** Accepted at or after this time. */
  readonly from?: Date | undefined;
  /** Accepted before. */
  readonly to?: Date | undefined;
  readonly isOldestFirst?: boolean | undefined;
  readonly limit: number;
}

/** Newest first, if nothing else is asked for; those that follow the one with sequence `after`. */
export async function listOperationRows(
  db: Queries,
  filter: OperationFilter & { readonly after?: number | undefined },
): Promise<OperationRow[]> {
  const { isOldestFirst = false } = filter;
  const { project, projects, name, of, after, from, to, actor, cluster } = filter;
  return db
    .select()
    .from(operations)
    .where(
      and(
        isOneOf(operations.kind, filter.kinds),
        isOneOf(operations.type, filter.types),
        isOneOf(operations.state, filter.states),
        isOneOf(operations.project, projects),
        isOneOf(operations.project, only(project)),
        isOneOf(operations.name, only(name)),
        isOneOf(operations.actor, only(actor)),
        isOneOf(operations.cluster, only(cluster)),
        of && isOf(of),
        from && gte(operations.createdAt, from),
        to && lt(operations.createdAt, to),
        after === undefined ? undefined : (isOldestFirst ? gt : lt)(operations.sequence, after),
      ),
    )
    .orderBy((isOldestFirst ? asc : desc)(operations.sequence))
    .limit(filter.limit);
}

function only(value: string | undefined): readonly string[] | undefined {
  return value === undefined ? undefined : [value];
}

/** Where clause: no values match nothing, none given everything. */
function isOneOf<T extends string>(column: PgColumn, values: readonly T[] | undefined) {
  return values === undefined ? undefined : inArray(column, [...values]);
}

/** Those of these ids that there are, in the order in which they were accepted. */
export async function listOperationRowsById(db: Queries, ids: readonly string[]): Promise<OperationRow[]> {
  return db
    .select()
    .from(operations)
    .where(inArray(operations.id, [...ids]))
    .orderBy(asc(operations.sequence));
}

/** Whether anybody of that user name ever asked for an operation. */
export async function hasActed(db: Queries, actor: string): Promise<boolean> {
  const rows = await db
    .select({ id: operations.id })
    .from(operations)
    .where(eq(operations.actor, actor))
    .limit(1);
  return rows.length > 0;
}

/** Where clause: no uid matches nothing. */
function isOf({ uid, projectUid }: RecordsOf) {
  const matches = [
    ...(uid === undefined ? [] : [eq(operations.uid, uid)]),
    ...(projectUid === undefined ? [] : [eq(operations.projectUid, projectUid)]),
  ];
  return matches.length === 0 ? sql`false` : or(...matches);
}

/** Records the uid of the requester of an operation that has none yet: a user who joined it requested it too. */
export async function noteActor(tx: Queries, id: string, actorUid: string): Promise<void> {
  await tx
    .update(operations)
    .set({ actorUid })
    .where(and(eq(operations.id, id), isNull(operations.actorUid)));
}

/** Marks operations that have not ended as asked to cancel. */
export async function markCancelRequested(tx: Queries, ids: readonly string[], actor: string): Promise<void> {
  if (ids.length === 0) return;
  await tx
    .update(operations)
    .set({ cancelRequestedAt: new Date(), cancelRequestedBy: actor })
    .where(and(inArray(operations.id, [...ids]), inArray(operations.state, [...openStates])));
}

/** Where clause: operations of what has this name, whatever its uid. */
export function isOfTarget({ kind, project, name }: OperationSubject) {
  return and(eq(operations.kind, kind), eq(operations.project, project), eq(operations.name, name));
}

/** What an operation is about. */
export function targetOfRow({ kind, project, name }: OperationRow): OperationSubject {
  return { kind, project, name };
}
