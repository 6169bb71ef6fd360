import { sql } from 'drizzle-orm';
import {
  bigserial,
  boolean,
  index,
  integer,
  jsonb,
  pgTable,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import { operationKinds } from '../../contracts/kinds.ts';
import { operationStates } from '../../contracts/operations.ts';
import { operationTypes } from '../../contracts/verbs.ts';
import type { AttemptMark } from '../../domain/lifecycle/attempts.ts';

/** Where clause: operations that changed whether their instance is awake, asleep or there. */
export const changed = sql.raw("state = 'succeeded' and type in ('create', 'wake', 'sleep', 'delete')");

/** Which operations exist, their order and turn, and their history. */
export const operations = pgTable(
  'operations',
  {
    id: uuid().primaryKey(),
    /** The order in which operations were accepted; turns follow it. */
    sequence: bigserial({ mode: 'number' }).notNull(),
    type: text({ enum: operationTypes }).notNull(),
    kind: text({ enum: operationKinds }).notNull().default('tenant'),
    /** Empty: what it is about is in none. */
    project: text().notNull(),
    /** Of what it is about. */
    name: text().notNull(),
    uid: text().notNull(),
    /** Of the project; null: not known, from before it was kept. */
    projectUid: text(),
    state: text({ enum: operationStates }).notNull().default('queued'),
    actor: text().notNull(),
    /** Of the User or Team that asked at the gateway: a later one of the same name did not. */
    actorUid: text(),
    requestId: text(),
    /** Unique per tenant cluster or space (by its uid): the same key is the same request, ended or not. */
    idempotencyKey: text().notNull(),
    /** Hash of the desired state that it works towards, if the submitter knew it. */
    targetHash: text(),
    /** Under what it was submitted; null: not known. */
    mark: jsonb().$type<AttemptMark>(),
    /** It failed, and was not wanted any more afterwards: it does not count when the same is wanted again. */
    settled: boolean().notNull().default(false),
    parameters: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    cluster: text(),
    /** Error code and sentence of a final state. */
    reason: text(),
    message: text(),
    /** Whether the cause of its failure stays until the spec or its template changes; null: by its reason. */
    lasts: boolean(),
    result: jsonb().$type<Record<string, unknown>>(),
    expectedMs: integer().notNull(),
    createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
    startedAt: timestamp({ withTimezone: true }),
    finishedAt: timestamp({ withTimezone: true }),
    cancelRequestedAt: timestamp({ withTimezone: true }),
    cancelRequestedBy: text(),
  },
  (table) => [
    uniqueIndex('operations_idempotency_key').on(
      table.kind,
      table.project,
      table.name,
      table.uid,
      table.idempotencyKey,
    ),
    uniqueIndex('operations_one_running')
      .on(table.kind, table.project, table.name)
      .where(sql`state = 'running'`),
    index('operations_open')
      .on(table.kind, table.project, table.name, table.sequence)
      .where(sql`state in ('queued', 'running')`),
    // Ascending: read backwards they give `desc` as PostgreSQL means it, with nulls first. Drizzle's own `desc()` has them last.
    index('operations_history').on(table.project, table.name, table.sequence),
    index('operations_project').on(table.project, table.sequence),
    index('operations_sequence').on(table.sequence),
    index('operations_state').on(table.state, table.sequence),
    index('operations_actor').on(table.actor, table.sequence),
    // What ended in a time: db/queries/operation-history.ts.
    index('operations_finished').on(table.finishedAt),
    // When instances fell asleep, woke, came and went: db/queries/usage.ts.
    index('operations_changes').on(table.finishedAt).where(changed),
    index('operations_changes_of').on(table.uid, table.finishedAt).where(changed),
  ],
);

export type OperationRow = typeof operations.$inferSelect;
