import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PlatformError } from '../../contracts/errors.ts';
import { checkName } from '../../contracts/names.ts';

export interface SnapshotName {
  readonly project: string;
  readonly tenantCluster: string;
  readonly snapshot: string;
  /**
   * uid of the tenant cluster, so that a later one of its name has a folder of its own (no name has a dot). Left out:
   * the path of snapshots from before files had it.
   */
  readonly uid?: string;
}

/**
 * Path of a snapshot's file below the folder of snapshots.
 * @throws PlatformError `invalid_request` for a name that is none (it becomes a path)
 */
export function snapshotPath({ project, tenantCluster, snapshot, uid }: SnapshotName): string {
  checkName('project', project);
  checkName('tenant cluster', tenantCluster);
  checkName('snapshot', snapshot);
  if (uid === undefined) return `${project}/${tenantCluster}/${snapshot}.vcps`;
  checkName('uid', uid);
  return `${project}/${tenantCluster}.${uid}/${snapshot}.vcps`;
}

/** @throws PlatformError `invalid_request` for what `snapshotPath` would not have given */
export function checkedSnapshotPath(path: string): string {
  const label = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?';
  if (new RegExp(`^${label}/${label}(?:\\.${label})?/${label}\\.vcps$`).test(path)) return path;
  throw new PlatformError('invalid_request', `"${path.slice(0, 80)}" is not the path of a snapshot`);
}

/** Deletes a snapshot's file; one that is not there is none to delete. @throws PlatformError `invalid_request` */
export async function deleteSnapshotFile(snapshotsDir: string, path: string): Promise<void> {
  await rm(join(snapshotsDir, checkedSnapshotPath(path)), { force: true });
}
