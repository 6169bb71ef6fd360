import { existsSync } from 'node:fs';
import type { ClusterClient } from '../../adapters/kubernetes/client.ts';
import { orUndefined } from '../../adapters/kubernetes/failures.ts';
import { isInside } from './host-folder.ts';
import { VolumeNotReady } from './volume-not-ready.ts';

/**
 * Host folder of the persistent volume that a claim is bound to.
 * @param folders the volume must lie in one of these
 * @throws VolumeNotReady if the claim is not bound, or its volume is not a folder here
 */
export async function claimedFolder(
  client: ClusterClient,
  namespace: string,
  claim: string,
  folders: readonly string[],
): Promise<string> {
  const found = await orUndefined(
    client.core.readNamespacedPersistentVolumeClaim({ name: claim, namespace }),
  );
  if (found?.status?.phase !== 'Bound' || found.spec?.volumeName === undefined) {
    throw new VolumeNotReady(`PersistentVolumeClaim ${claim} is not bound yet`);
  }
  const volume = await client.core.readPersistentVolume({ name: found.spec.volumeName });
  const path = volume.spec?.local?.path ?? volume.spec?.hostPath?.path;
  if (path === undefined || !existsSync(path) || !isInside(path, folders)) {
    throw new VolumeNotReady(`PersistentVolume ${found.spec.volumeName} is not a folder of this node`);
  }
  return path;
}
