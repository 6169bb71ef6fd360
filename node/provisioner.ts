import { mkdirSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { V1PersistentVolume, V1PersistentVolumeClaim } from '@kubernetes/client-node';
import { isConflict, isNotFound, orUndefined } from '../adapters/kubernetes/failures.ts';
import { createInformer, type Informer } from '../adapters/kubernetes/informer.ts';
import { requestJson } from '../adapters/kubernetes/request.ts';
import { createWorkQueue } from '../adapters/kubernetes/work-queue.ts';
import { isErrno } from '../adapters/processes/identity.ts';
import type { NodeContext } from './node-context.ts';
import {
  annotation,
  finalizer,
  ownFolder,
  persistentVolume,
  provisionerName,
  storageClass,
} from './persistent-volume.ts';

export interface Provisioner {
  stop(): Promise<void>;
}

/** What of a node's context it needs. */
type ProvisionerContext = Pick<NodeContext, 'client' | 'logger'> & {
  readonly config: Pick<NodeContext['config'], 'storageDir' | 'nodeName'>;
};

type Claim = V1PersistentVolumeClaim & { metadata: { name: string } };
type Volume = V1PersistentVolume & { metadata: { name: string } };

/**
 * Makes the default StorageClass `process-node` if there is none, and gives each of its claims a folder in the
 * storage folder as a PersistentVolume. A volume that was released goes with its folder (reclaim policy Delete) or
 * keeps it (Retain).
 */
export async function startProvisioner(context: ProvisionerContext): Promise<Provisioner> {
  const { client, config, logger } = context;
  mkdirSync(config.storageDir, { recursive: true, mode: 0o700 });
  await ensureStorageClass(context);
  const { kubeConfig } = client;
  const onFailure = (err: unknown) => logger.debug({ err }, 'a watch of volumes was interrupted');
  const claims = createInformer<Claim>({ kubeConfig, path: '/api/v1/persistentvolumeclaims', onFailure });
  const volumes = createInformer<Volume>({ kubeConfig, path: '/api/v1/persistentvolumes', onFailure });
  const queue = createWorkQueue({
    minBackoffMs: 50,
    async handle(key) {
      const [kind, name = ''] = key.split(' ');
      if (kind === 'claim') await provision(context, claims, volumes, name);
      else await reclaim(context, volumes.get(name));
      return undefined;
    },
    onFailure: (key, err) => logger.warn({ key, err }, 'failed to reconcile a volume'),
  });
  claims.onChange((key) => queue.add(`claim ${key}`));
  volumes.onChange((key) => queue.add(`volume ${key}`));
  return {
    async stop() {
      await Promise.all([claims.stop(), volumes.stop()]);
      await queue.stop();
    },
  };
}

async function ensureStorageClass({ client }: ProvisionerContext): Promise<void> {
  if (
    (await orUndefined(client.storage.readStorageClass({ name: storageClass.metadata.name }))) !== undefined
  )
    return;
  await client.storage.createStorageClass({ body: storageClass }).catch((error: unknown) => {
    if (!isConflict(error)) throw error;
  });
}

async function provision(
  context: ProvisionerContext,
  claims: Informer<Claim>,
  volumes: Informer<Volume>,
  key: string,
): Promise<void> {
  const claim = claims.get(key);
  if (claim === undefined || claim.metadata.deletionTimestamp !== undefined) return;
  if (claim.spec?.storageClassName !== storageClass.metadata.name || claim.spec.volumeName !== undefined)
    return;
  const { name, namespace = '', uid = '' } = claim.metadata;
  const refusal = refusalOf(claim);
  if (refusal !== undefined) return warn(context, claim, refusal);
  const { config, client } = context;
  const volumeName = `pvc-${uid}`;
  if (volumes.get(volumeName) !== undefined) return; // the claim changes a few times until it is bound
  const folder = join(config.storageDir, volumeName);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const body = persistentVolume({
    volumeName,
    folder,
    nodeName: config.nodeName,
    claim: { name, namespace, uid },
    spec: claim.spec,
  });
  await client.core.createPersistentVolume({ body }).catch((error: unknown) => {
    if (!isConflict(error)) throw error; // an earlier try had made it
  });
}

function refusalOf({ spec }: Claim): string | undefined {
  if (spec?.volumeMode === 'Block') return 'the class process-node does not support block devices';
  if (spec?.selector !== undefined) return 'the class process-node does not support selectors';
  if (spec?.dataSource !== undefined || spec?.dataSourceRef !== undefined)
    return 'the class process-node cannot copy volumes';
  return undefined;
}

/** Takes one step towards the end of a volume whose claim is gone. */
async function reclaim({ client, config }: ProvisionerContext, volume: Volume | undefined): Promise<void> {
  if (volume === undefined || !isOurs(volume, config.nodeName)) return;
  const { name, uid = '', deletionTimestamp, finalizers = [] } = volume.metadata;
  const keep = volume.spec?.persistentVolumeReclaimPolicy !== 'Delete';
  if (volume.status?.phase === 'Released' && deletionTimestamp === undefined && !keep) {
    await unlessGone(client.core.deletePersistentVolume({ name, body: { preconditions: { uid } } }));
    return;
  }
  // While a claim holds it, Kubernetes itself protects it with a finalizer of its own.
  if (deletionTimestamp === undefined || volume.status?.phase === 'Bound') return;
  if (!finalizers.includes(finalizer)) return;
  if (!keep) await removeFolder(ownFolder(config.storageDir, volume));
  await removeFinalizer(client, name, finalizers.indexOf(finalizer));
}

async function removeFinalizer(
  client: ProvisionerContext['client'],
  name: string | undefined,
  index: number,
): Promise<void> {
  const path = `/metadata/finalizers/${index}`;
  const body = [
    { op: 'test', path, value: finalizer },
    { op: 'remove', path },
  ];
  const contentType = 'application/json-patch+json';
  await unlessGone(
    requestJson(client.kubeConfig, {
      method: 'PATCH',
      path: `/api/v1/persistentvolumes/${name}`,
      body,
      contentType,
    }),
  );
}

/** Whether this provisioner made it, on this node. */
function isOurs(volume: Volume, nodeName: string): boolean {
  if (volume.metadata.annotations?.[annotation] !== provisionerName) return false;
  const terms = volume.spec?.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  return terms.some((term) =>
    term.matchExpressions?.some((expression) => expression.values?.includes(nodeName)),
  );
}

/** Renamed first, so that a crash in between leaves nothing that looks like a whole volume. */
async function removeFolder(folder: string): Promise<void> {
  const doomed = `${folder}.deleted`;
  await rename(folder, doomed).catch((error: unknown) => {
    if (!isErrno(error, 'ENOENT')) throw error;
  });
  await rm(doomed, { recursive: true, force: true });
}

async function unlessGone(promise: Promise<unknown>): Promise<void> {
  await promise.catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
  });
}

async function warn({ client, logger }: ProvisionerContext, claim: Claim, message: string): Promise<void> {
  const { name, namespace = '', uid = '' } = claim.metadata;
  const body = {
    metadata: { name: `${name}.${uid.slice(0, 13)}`, namespace },
    involvedObject: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace, uid },
    reason: 'ProvisioningFailed',
    message,
    type: 'Warning',
    source: { component: provisionerName },
    firstTimestamp: new Date(),
    lastTimestamp: new Date(),
    count: 1,
  };
  await client.core
    .createNamespacedEvent({ namespace, body })
    .catch((err: unknown) => logger.debug({ err }, 'failed to write event'));
}
