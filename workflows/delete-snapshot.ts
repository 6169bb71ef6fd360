import { callActivity } from './proxies.ts';

/**
 * Removes a snapshot's file, then its entry in the catalogue. Id `snapshot/<project>/<tenant cluster>/<name>/delete`;
 * no messages; tried until it succeeds, nothing to undo.
 */
export async function deleteSnapshot(input: {
  project: string;
  tenantCluster: string;
  name: string;
}): Promise<void> {
  const { project, tenantCluster, name } = input;
  await callActivity(
    'deleteSnapshotFile',
    { project, tenantCluster, snapshot: name },
    { summary: 'Delete the file', persistence: 'forever' },
  );
  await callActivity(
    'forgetSnapshot',
    { project, tenantCluster, name },
    { summary: 'Forget it', persistence: 'forever' },
  );
}
