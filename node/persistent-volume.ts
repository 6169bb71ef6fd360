import { basename, join } from 'node:path';
import type {
  V1PersistentVolume,
  V1PersistentVolumeClaimSpec,
  V1StorageClass,
} from '@kubernetes/client-node';
import { PlatformError } from '../contracts/errors.ts';

export const provisionerName = 'vcluster-platform.io/process-node';
/** Holds a volume until its folder is gone. */
export const finalizer = 'vcluster-platform.io/process-node';
export const annotation = 'pv.kubernetes.io/provisioned-by';

export const storageClass = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: 'process-node', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
  provisioner: provisionerName,
  reclaimPolicy: 'Delete',
  volumeBindingMode: 'Immediate',
} as const satisfies V1StorageClass;

/** The volume for a claim: a folder of one node. */
export function persistentVolume(input: {
  volumeName: string;
  folder: string;
  nodeName: string;
  claim: { name: string; namespace: string; uid: string };
  spec: V1PersistentVolumeClaimSpec;
}): V1PersistentVolume {
  const { volumeName, folder, nodeName, claim, spec } = input;
  return {
    metadata: { name: volumeName, annotations: { [annotation]: provisionerName }, finalizers: [finalizer] },
    spec: {
      capacity: { storage: spec.resources?.requests?.['storage'] ?? '1Gi' },
      accessModes: spec.accessModes ?? ['ReadWriteOnce'],
      volumeMode: 'Filesystem',
      storageClassName: storageClass.metadata.name,
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy,
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', ...claim },
      local: { path: folder },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [nodeName] }] },
          ],
        },
      },
    },
  };
}

/**
 * Folder of a volume of ours, which follows from its name alone: nothing that anybody wrote into the object can
 * point elsewhere.
 * @throws PlatformError `conflict` if the object says another folder
 */
export function ownFolder(storageDir: string, volume: V1PersistentVolume): string {
  const name = volume.metadata?.name ?? '';
  const folder = join(storageDir, basename(name));
  if (!/^pvc-[0-9a-f-]{36}$/.test(name) || volume.spec?.local?.path !== folder) {
    throw new PlatformError(
      'conflict',
      `PersistentVolume ${name} is not in this node's volume folder; its folder is not deleted`,
    );
  }
  return folder;
}
