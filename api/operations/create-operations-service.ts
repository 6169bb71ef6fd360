import { findOperationByKey } from '../../db/queries/operations.ts';
import { listSnapshots } from '../../db/queries/snapshots.ts';
import { cancelOperation } from '../../operations/cancel.ts';
import { deleteSnapshot } from '../../operations/delete-snapshot.ts';
import type { OperationsDeps } from '../../operations/dependencies.ts';
import { getOperation, listOperations } from '../../operations/read.ts';
import { submitOperation } from '../../operations/submit.ts';
import { watchOperation } from '../../operations/watch.ts';
import type { OperationsService } from './operations-service.ts';

const temporalProbeMs = 1_500;

/** The operations service on our database and Temporal. Closing it waits for the calls that are under way. */
export function createOperationsService(
  deps: OperationsDeps & { close(): Promise<void> },
): OperationsService {
  const underWay = new Set<Promise<unknown>>();
  /** A Temporal connection that is closed under a call that retries throws where it cannot be caught (SDK 1.24). */
  function tracked<A extends unknown[], T>(call: (...args: A) => Promise<T>): (...args: A) => Promise<T> {
    return (...args) => {
      const running = call(...args).finally(() => underWay.delete(running));
      underWay.add(running);
      return running;
    };
  }
  return {
    submit: tracked(async (request) => {
      const { operation, joined } = await submitOperation(deps, request);
      return { ...operation, joined };
    }),
    get: tracked((id) => getOperation(deps, id)),
    find: tracked(async (subject, idempotencyKey) => {
      const row = await deps.database.query((db) => findOperationByKey(db, subject, idempotencyKey));
      return row === undefined ? undefined : { ...(await getOperation(deps, row.id)), joined: true };
    }),
    list: tracked((filter) => listOperations(deps, filter)),
    watch: (id, signal) => watchOperation(deps, id, signal),
    cancel: tracked((id, actor) => cancelOperation(deps, { id, actor })),
    snapshots: tracked(({ project, name, snapshot }) =>
      deps.database.query((db) => listSnapshots(db, { project, tenantCluster: name, name: snapshot })),
    ),
    deleteSnapshot: tracked((operationId, actor) => deleteSnapshot(deps, operationId, actor)),
    probeTemporal: tracked(async () => {
      const { connection } = deps.temporal;
      await deps.temporal.withDeadline(Date.now() + temporalProbeMs, () =>
        connection.workflowService.getSystemInfo({}),
      );
    }),
    async close() {
      await Promise.allSettled(underWay);
      await deps.close();
    },
  };
}
