import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { checkName } from '../../contracts/names.ts';

export interface SnapshotName {
  readonly project: string;
  readonly tenantCluster: string;
  readonly snapshot: string;
}

/**
 * Path of a snapshot's file below the folder of snapshots.
 * @throws PlatformError `invalid_request` for a name that is none (it becomes a path)
 */
export function snapshotPath({ project, tenantCluster, snapshot }: SnapshotName): string {
  checkName('project', project);
  checkName('tenant cluster', tenantCluster);
  checkName('snapshot', snapshot);
  return `${project}/${tenantCluster}/${snapshot}.vcps`;
}

/** Deletes a snapshot's file; one that is not there is none to delete. @throws PlatformError `invalid_request` */
export async function deleteSnapshotFile(snapshotsDir: string, name: SnapshotName): Promise<void> {
  await rm(join(snapshotsDir, snapshotPath(name)), { force: true });
}
