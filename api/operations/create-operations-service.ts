import { sql } from 'drizzle-orm';
import { findOperationByKey } from '../../db/queries/operations.ts';
import { listSnapshots } from '../../db/queries/snapshots.ts';
import { cancelOperation } from '../../operations/cancel.ts';
import type { OperationsDeps } from '../../operations/dependencies.ts';
import { getOperation, listOperations } from '../../operations/read.ts';
import { submitOperation } from '../../operations/submit.ts';
import { watchOperation } from '../../operations/watch.ts';
import { deleteSnapshot } from './delete-snapshot.ts';
import type { OperationsService } from './operations-service.ts';

/** The operations service on our database and Temporal. */
export function createOperationsService(deps: OperationsDeps & { close(): Promise<void> }): OperationsService {
  return {
    async submit(request) {
      const { operation, joined } = await submitOperation(deps, request);
      return { ...operation, joined };
    },
    get: (id) => getOperation(deps, id),
    async find(tenant, idempotencyKey) {
      const row = await deps.database.query((db) => findOperationByKey(db, tenant, idempotencyKey));
      return row === undefined ? undefined : { ...(await getOperation(deps, row.id)), joined: true };
    },
    list: (filter) => listOperations(deps, filter),
    watch: (id, signal) => watchOperation(deps, id, signal),
    cancel: (id, actor) => cancelOperation(deps, { id, actor }),
    snapshots: ({ project, name }) => deps.database.query((db) => listSnapshots(db, { project, tenantCluster: name })),
    deleteSnapshot: (key, actor) => deleteSnapshot(deps, key, actor),
    probes: {
      async database() {
        await deps.database.query((db) => db.execute(sql`select 1`));
      },
      async temporal() {
        await deps.temporal.withDeadline(Date.now() + 2_000, () => deps.temporal.connection.workflowService.getSystemInfo({}));
      },
    },
    close: deps.close,
  };
}
