import { PlatformError } from '../contracts/errors.ts';
import type { Database } from '../db/client.ts';
import {
  completeSnapshot,
  deleteSnapshot,
  failSnapshot,
  getSnapshot,
  insertSnapshot,
  type SnapshotFacts,
  type SnapshotKey,
} from '../db/queries/snapshots.ts';

/** The catalogue of snapshots in our own PostgreSQL. All are idempotent by snapshot and operation. */
export function createSnapshotCatalogueActivities(deps: { database: Database }) {
  const { database } = deps;
  return {
    /** Enters a snapshot in state `creating`. @throws `already_exists` if another operation made one of this name */
    async recordSnapshot(input: SnapshotKey & { operationId: string }): Promise<void> {
      const { operationId, ...key } = input;
      if (await database.query((db) => insertSnapshot(db, key, operationId))) return;
      throw new PlatformError(
        'already_exists',
        `There is a snapshot ${key.name} of ${key.tenantCluster} already; choose another name`,
      );
    },

    /** The snapshot, if it can be restored. @throws `snapshot_not_found`, `snapshot_damaged` */
    async findSnapshot(input: SnapshotKey): Promise<SnapshotKey & { sha256: string }> {
      const snapshot = await database.query((db) => getSnapshot(db, input));
      if (!snapshot)
        throw new PlatformError(
          'snapshot_not_found',
          `There is no snapshot ${input.name} of tenant cluster ${input.tenantCluster}`,
        );
      const { project, tenantCluster, name, sha256 } = snapshot;
      if (snapshot.state !== 'completed' || sha256 === undefined) {
        throw new PlatformError(
          'snapshot_damaged',
          `Snapshot ${name} is not complete (${snapshot.state}); choose another`,
        );
      }
      return { project, tenantCluster, name, sha256 };
    },

    async completeSnapshot(input: SnapshotKey & SnapshotFacts & { operationId: string }): Promise<void> {
      const { project, tenantCluster, name, operationId, ...facts } = input;
      await database.query((db) =>
        completeSnapshot(db, { project, tenantCluster, name }, operationId, facts),
      );
    },

    /** Removes the entry, unless the snapshot is being made anew. */
    async forgetSnapshot(key: SnapshotKey): Promise<void> {
      await database.query((db) => deleteSnapshot(db, key));
    },

    async failSnapshot(input: SnapshotKey & { operationId: string }): Promise<void> {
      const { operationId, ...key } = input;
      await database.query((db) => failSnapshot(db, key, operationId));
    },
  };
}
