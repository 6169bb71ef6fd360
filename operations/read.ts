import { isFinal, type Operation } from '../contracts/operations.ts';
import {
  getOperationRow,
  listOpenOperations,
  listOperationRows,
  listOperationRowsById,
  type OperationFilter,
  targetOfRow,
} from '../db/queries/operations.ts';
import { listSteps } from '../db/queries/operation-steps.ts';
import { blockerOf } from '../db/queries/turns.ts';
import type { OperationsDeps } from './dependencies.ts';
import { addLiveState } from './live-state.ts';
import { toOperation } from './operation-view.ts';

/**
 * The operation, its rows merged with what Temporal and its worker say now. If they do not answer within 500 ms
 * it says `live: false` and shows what was recorded last.
 * @throws PlatformError `operation_not_found`, `database_unavailable`
 */
export async function getOperation(deps: OperationsDeps, id: string): Promise<Operation> {
  return addLiveState(deps, await readRecorded(deps, id), { askWorker: true });
}

/** Operations as recorded; `after` is the id of the one that they follow. */
export async function listOperations(
  deps: OperationsDeps,
  filter: OperationFilter & { readonly after?: string | undefined },
): Promise<Operation[]> {
  return deps.database.query(async (db) => {
    const after =
      filter.after === undefined ? undefined : (await getOperationRow(db, checkedId(filter.after))).sequence;
    const rows = await listOperationRows(db, { ...filter, after });
    const steps = await listSteps(
      db,
      rows.map(({ id }) => id),
    );
    return rows.map((row) =>
      toOperation(
        deps,
        row,
        steps.filter(({ operationId }) => operationId === row.id),
        { live: isFinal(row.state) },
      ),
    );
  });
}

/** Those of these operations that there are, as recorded, oldest first. @throws PlatformError `database_unavailable` */
export async function readSeveral(deps: OperationsDeps, ids: readonly string[]): Promise<Operation[]> {
  return deps.database.query(async (db) => {
    const rows = await listOperationRowsById(db, ids);
    const steps = Map.groupBy(
      await listSteps(
        db,
        rows.map(({ id }) => id),
      ),
      ({ operationId }) => operationId,
    );
    const found: Operation[] = [];
    for (const row of rows) {
      const open = row.state === 'queued' ? await listOpenOperations(db, targetOfRow(row)) : [];
      const extra = { live: isFinal(row.state), blockedBy: blockerOf(row, open) };
      found.push(toOperation(deps, row, steps.get(row.id) ?? [], extra));
    }
    return found;
  });
}

/** The operation from its rows. @throws PlatformError `operation_not_found`, `database_unavailable` */
export async function readRecorded(deps: OperationsDeps, id: string): Promise<Operation> {
  return deps.database.query(async (db) => {
    const row = await getOperationRow(db, checkedId(id));
    const steps = await listSteps(db, [row.id]);
    const open = row.state === 'queued' ? await listOpenOperations(db, targetOfRow(row)) : [];
    return toOperation(deps, row, steps, { live: isFinal(row.state), blockedBy: blockerOf(row, open) });
  });
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const noUuid = '00000000-0000-0000-0000-000000000000';

/** PostgreSQL refuses a malformed uuid; no operation has the nil uuid, so the answer is `operation_not_found`. */
function checkedId(id: string): string {
  return uuid.test(id) ? id : noUuid;
}
