import type { Database } from '../../db/client.ts';
import { noteStep, recordSteps } from '../../db/queries/operation-steps.ts';
import {
  type BlockingOperation,
  claimTurn,
  endOperation,
  type OperationEnd,
} from '../../db/queries/turns.ts';
import type { StepWriter } from './step-recorder.ts';
import type { StepRecord } from '../../contracts/workflows.ts';

/** Wakes of tenant clusters at the same time in one connected cluster. */
const defaultWakesAtOnce = 16;

export type TurnAnswer =
  | { state: 'claimed'; cluster?: string; hostNamespace?: string }
  | { state: 'waiting'; behind?: BlockingOperation; wakesBefore?: number }
  | { state: 'ended' };

/** Writes what a step waits for; see StepWriter. */
export function createStepNotes(database: Database): StepWriter['noteStep'] {
  return (operationId, key, message) => database.query((db) => noteStep(db, operationId, key, message));
}

/** Writes to our own PostgreSQL, short enough to run as local activities. All throw `database_unavailable`. */
export function createTurnActivities(deps: { database: Database; wakesAtOnce?: number | undefined }) {
  const { database } = deps;
  const admission = { atOnce: deps.wakesAtOnce ?? defaultWakesAtOnce };
  return {
    /** Takes the turn if it is free. Idempotent by `operationId`. */
    async claimTurn(input: { operationId: string }): Promise<TurnAnswer> {
      const claim = await claimTurn(database, input.operationId, admission);
      if (claim.state === 'ended') return claim;
      if (claim.state === 'waiting') {
        const { behind, wakesBefore } = claim;
        return { state: 'waiting', ...(behind && { behind }), ...(wakesBefore && { wakesBefore }) };
      }
      const { cluster, hostNamespace } = claim;
      return {
        state: 'claimed',
        ...(cluster === undefined || hostNamespace === undefined ? {} : { cluster, hostNamespace }),
      };
    },

    /** Writes what steps are now. Idempotent: the last write of a step wins. */
    async recordSteps(input: StepRecord): Promise<void> {
      await database.query((db) => recordSteps(db, input.operationId, input.changes));
    },

    /** Ends the operation and its steps; answers whose turn is next, and which wakes are. Idempotent: the first end stays. */
    async endOperation(
      input: Omit<OperationEnd, 'id'> & { operationId: string },
    ): Promise<{ next?: string; nextWakes?: string[] }> {
      const { operationId, ...how } = input;
      const { next, nextWakes } = await endOperation(database, { ...how, id: operationId }, admission);
      return {
        ...(next === undefined ? {} : { next }),
        ...(nextWakes.length === 0 ? {} : { nextWakes }),
      };
    },
  };
}
