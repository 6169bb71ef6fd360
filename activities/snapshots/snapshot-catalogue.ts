import { activityInfo } from '@temporalio/activity';
import { snapshotPath } from '../../adapters/snapshots/snapshot-files.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { operationOfWorkflow } from '../../contracts/workflows.ts';
import type { Database } from '../../db/client.ts';
import { getOperationRow } from '../../db/queries/operations.ts';
import {
  completeSnapshot,
  deleteLegacySnapshot,
  deleteSnapshot,
  failSnapshot,
  getSnapshotRow,
  insertSnapshot,
  type SnapshotFacts,
} from '../../db/queries/snapshots.ts';
import type { OperationRow } from '../../db/schema/operations.ts';
import type { SnapshotRow } from '../../db/schema/snapshots.ts';

/** A snapshot by its names. The row of the operation has the uid of its owner. */
interface NamedSnapshot {
  readonly project: string;
  readonly tenantCluster: string;
  readonly name: string;
}

/** What a Job needs to know of a snapshot. Histories of earlier versions have neither file nor project's uid. */
export interface FoundSnapshot extends NamedSnapshot {
  readonly sha256: string;
  readonly file?: string;
  readonly projectUid?: string;
}

export interface SnapshotCatalogueDeps {
  readonly database: Database;
  /** @throws PlatformError unless who asked for the restore may still have this snapshot */
  readonly checkRestoreRight: (restore: OperationRow, snapshot: SnapshotRow) => Promise<void>;
}

/** The catalogue of snapshots in our own PostgreSQL. All are idempotent by snapshot and operation. */
export function createSnapshotCatalogueActivities({ database, checkRestoreRight }: SnapshotCatalogueDeps) {
  return {
    /**
     * Enters a snapshot of the operation's tenant cluster in state `creating`; gives where its file is to be and whose
     * key seals it. @throws `already_exists` if another operation made one of this name
     */
    async recordSnapshot(
      input: NamedSnapshot & { operationId: string },
    ): Promise<{ file: string; projectUid: string }> {
      const { operationId, name } = input;
      return database.query(async (db) => {
        const { project, name: tenantCluster, uid, projectUid } = await getOperationRow(db, operationId);
        const file = snapshotPath({ project, tenantCluster, uid, snapshot: name });
        const entry = { operationId, projectUid: projectUid ?? '', file };
        const row = await insertSnapshot(db, { project, tenantCluster, uid, name }, entry);
        if (row !== undefined) return { file: row.file, projectUid: row.projectUid };
        throw new PlatformError(
          'already_exists',
          `snapshot ${name} of ${tenantCluster} already exists; choose another name`,
        );
      });
    },

    /**
     * The snapshot that a restore names, if it can be restored: of the tenant cluster with the uid that the gateway
     * resolved, and only if who asked may still have it.
     * @throws `snapshot_not_found`, `snapshot_damaged`, `tenant_cluster_not_found`, `forbidden`, `management_unavailable`
     */
    async findSnapshot(input: NamedSnapshot & { operationId?: string }): Promise<FoundSnapshot> {
      const { project, tenantCluster, name, operationId = operationOfRestore() } = input;
      const { restore, row } = await database.query(async (db) => {
        const operation = await getOperationRow(db, operationId);
        const uid = sourceUidOf(operation);
        return { restore: operation, row: await getSnapshotRow(db, { project, tenantCluster, uid, name }) };
      });
      if (row === undefined || restore.project !== project)
        throw new PlatformError(
          'snapshot_not_found',
          `snapshot ${name} of tenant cluster ${tenantCluster} not found`,
        );
      await checkRestoreRight(restore, row);
      if (row.state !== 'completed' || row.sha256 === null) {
        throw new PlatformError(
          'snapshot_damaged',
          `snapshot ${name} is not complete (${row.state}); choose another`,
        );
      }
      const { sha256, file, projectUid } = row;
      return { project, tenantCluster, name, sha256, file, projectUid };
    },

    /** Enters what is known of a snapshot once its file is written. @throws `database_unavailable` */
    async completeSnapshot(input: NamedSnapshot & SnapshotFacts & { operationId: string }): Promise<void> {
      const { project: _project, tenantCluster: _tenant, name: _name, operationId, ...facts } = input;
      await database.query((db) => completeSnapshot(db, operationId, facts));
    },

    /**
     * Removes the entry, unless the snapshot is being created again.
     * @param snapshot `operationId`: that made it; deletions of earlier versions name the snapshot only
     */
    async forgetSnapshot(snapshot: NamedSnapshot & { operationId?: string }): Promise<void> {
      const { project, tenantCluster, name, operationId } = snapshot;
      const file = snapshotPath({ project, tenantCluster, snapshot: name });
      await database.query((db) =>
        operationId === undefined ? deleteLegacySnapshot(db, file) : deleteSnapshot(db, operationId),
      );
    },

    /** Marks the snapshot that the operation was to make as failed. @throws `database_unavailable` */
    async failSnapshot(input: NamedSnapshot & { operationId: string }): Promise<void> {
      await database.query((db) => failSnapshot(db, input.operationId));
    },
  };
}

/**
 * Whose snapshot a restore is about. One that was let in before the gateway resolved names can only be about its own.
 * @throws PlatformError `forbidden`
 */
function sourceUidOf({ uid, name, parameters }: OperationRow): string {
  const { sourceTenantCluster = name, sourceUid } = parameters;
  if (typeof sourceUid === 'string') return sourceUid;
  if (sourceTenantCluster !== name) throw askAgain();
  return uid;
}

/** Restores that ran when inputs began to name it. */
function operationOfRestore(): string {
  return operationOfWorkflow(activityInfo().workflowExecution?.workflowId ?? '') ?? '';
}

function askAgain(): PlatformError {
  return new PlatformError(
    'forbidden',
    'this restore was requested before the platform checked access to snapshots; request it again',
  );
}
