import { integer, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import { stepStates } from '../../contracts/operations.ts';
import { operations } from './operations.ts';

/** The stages of an operation, made when it is submitted and written at every boundary. */
export const operationSteps = pgTable(
  'operation_steps',
  {
    operationId: uuid()
      .notNull()
      .references(() => operations.id, { onDelete: 'cascade' }),
    key: text().notNull(),
    position: integer().notNull(),
    title: text().notNull(),
    state: text({ enum: stepStates }).notNull().default('pending'),
    message: text(),
    undo: text().notNull(),
    expectedMs: integer().notNull(),
    startedAt: timestamp({ withTimezone: true }),
    finishedAt: timestamp({ withTimezone: true }),
  },
  (table) => [primaryKey({ columns: [table.operationId, table.key] })],
);

export type StepRow = typeof operationSteps.$inferSelect;
