import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { V1Volume } from '@kubernetes/client-node';
import type { ClusterClient } from '../../adapters/kubernetes/client.ts';
import { orUndefined } from '../../adapters/kubernetes/failures.ts';
import type { PodFolders } from '../pod-records.ts';
import { isInside, prepareHostPath } from './host-folder.ts';
import { type FilesInput, type VolumeFile, volumeFiles } from './projected-files.ts';
import { VolumeNotReady } from './volume-not-ready.ts';

export interface VolumesInput extends FilesInput {
  readonly folders: PodFolders;
  readonly storageDir: string;
  readonly hostPathPrefixes: readonly string[];
}

/**
 * Makes the volumes of a pod and gives their host folders by name. Run again it brings files from Secrets and
 * ConfigMaps up to date and leaves all else as it is.
 * @throws VolumeNotReady with the reason
 */
export async function prepareVolumes(input: VolumesInput): Promise<Map<string, string>> {
  const volumes = input.pod.spec?.volumes ?? [];
  const paths = await Promise.all(volumes.map((volume, index) => prepareVolume(volume, index, input)));
  return new Map(volumes.map((volume, index) => [volume.name, paths[index] ?? '']));
}

async function prepareVolume(volume: V1Volume, index: number, input: VolumesInput): Promise<string> {
  const { folders, hostPathPrefixes, storageDir } = input;
  if (volume.hostPath !== undefined) return prepareHostPath(volume.hostPath, hostPathPrefixes);
  if (volume.persistentVolumeClaim !== undefined) {
    const namespace = input.pod.metadata?.namespace ?? '';
    return claimedFolder(input.client, namespace, volume.persistentVolumeClaim.claimName, [
      storageDir,
      ...hostPathPrefixes,
    ]);
  }
  if (volume.emptyDir?.medium === 'Memory') {
    mkdirSync(folders.memory, { recursive: true, mode: 0o700 });
    return makeFolder(join(folders.memory, String(index)));
  }
  const folder = join(folders.volumes, volume.name);
  if (volume.emptyDir !== undefined) return makeFolder(folder);
  const files = await volumeFiles(volume, input);
  if (files === undefined) {
    const type = Object.keys(volume).find((key) => key !== 'name');
    throw new VolumeNotReady(`this node does not support volumes of type ${type ?? '(none)'}`);
  }
  writeFiles(makeFolder(folder), files);
  return folder;
}

function makeFolder(path: string): string {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return path;
}

/** Makes the folder hold exactly these files; each changes in one step. */
function writeFiles(folder: string, files: readonly VolumeFile[]): void {
  for (const file of files) {
    const path = join(folder, file.path);
    if (existsSync(path) && readFileSync(path).equals(Buffer.from(file.content))) continue;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(`${path}.new`, file.content, { mode: 0o600 });
    chmodSync(`${path}.new`, file.mode);
    renameSync(`${path}.new`, path);
  }
  const wanted = new Set(files.map((file) => join(folder, file.path)));
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isDirectory() && !wanted.has(path)) rmSync(path);
  }
}

/**
 * Host folder of the persistent volume that a claim is bound to.
 * @param folders the volume must lie in one of these
 * @throws VolumeNotReady if the claim is not bound, or its volume is not a folder here
 */
async function claimedFolder(
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
