import type { V1Pod, V1Volume, V1VolumeProjection } from '@kubernetes/client-node';
import type { ClusterClient } from '../../adapters/kubernetes/client.ts';
import { readPodField, readResourceField } from '../downward-api.ts';
import type { NamespaceData } from '../environment.ts';
import { VolumeNotReady } from './volume-not-ready.ts';

/** A file of a secret, configMap, downwardAPI or projected volume. */
export interface VolumeFile {
  /** Relative to the volume. */
  readonly path: string;
  readonly content: Buffer | string;
  readonly mode: number;
}

export interface FilesInput {
  readonly client: ClusterClient;
  readonly pod: V1Pod;
  readonly podAddress: string;
  readonly data: NamespaceData;
}

/**
 * The files of a volume whose content comes from the API; undefined for volumes of another type.
 * @throws VolumeNotReady if something that is not optional is missing
 */
export async function volumeFiles(volume: V1Volume, input: FilesInput): Promise<VolumeFile[] | undefined> {
  const { secret, configMap, downwardAPI, projected } = volume;
  if (secret !== undefined) {
    const { secretName, ...rest } = secret;
    return projectionFiles(
      { secret: { ...rest, ...(secretName === undefined ? {} : { name: secretName }) } },
      secret.defaultMode,
      input,
    );
  }
  if (configMap !== undefined) return projectionFiles({ configMap }, configMap.defaultMode, input);
  if (downwardAPI !== undefined) return projectionFiles({ downwardAPI }, downwardAPI.defaultMode, input);
  if (projected === undefined) return undefined;
  const parts = (projected.sources ?? []).map((source) =>
    projectionFiles(source, projected.defaultMode, input),
  );
  return (await Promise.all(parts)).flat();
}

async function projectionFiles(
  source: V1VolumeProjection,
  defaultMode = 0o644,
  input: FilesInput,
): Promise<VolumeFile[]> {
  const keyed = source.secret ?? source.configMap;
  if (keyed !== undefined) {
    const kind = source.secret === undefined ? 'ConfigMap' : 'Secret';
    const entries = (kind === 'Secret' ? input.data.secrets : input.data.configMaps).get(keyed.name ?? '');
    if (entries === undefined && !keyed.optional)
      throw new VolumeNotReady(`${kind} ${keyed.name} does not exist`);
    const items = keyed.items ?? Object.keys(entries ?? {}).map((key) => ({ key, path: key }));
    return items.flatMap((item: { key: string; path: string; mode?: number }) => {
      const content = entries?.[item.key];
      if (content === undefined && !keyed.optional)
        throw new VolumeNotReady(`${kind} ${keyed.name} does not have the key ${item.key}`);
      return content === undefined ? [] : [{ path: item.path, content, mode: item.mode ?? defaultMode }];
    });
  }
  if (source.downwardAPI !== undefined) {
    return (source.downwardAPI.items ?? []).map((item) => ({
      path: item.path,
      content:
        item.resourceFieldRef === undefined
          ? readPodField(input.pod, item.fieldRef?.fieldPath ?? '', input.podAddress)
          : readResourceField(input.pod, '', item.resourceFieldRef),
      mode: item.mode ?? defaultMode,
    }));
  }
  if (source.serviceAccountToken !== undefined) return [await tokenFile(source.serviceAccountToken, input)];
  throw new VolumeNotReady(
    `this node does not support projected sources of type ${Object.keys(source).join(', ')}`,
  );
}

async function tokenFile(
  source: NonNullable<V1VolumeProjection['serviceAccountToken']>,
  { client, pod }: FilesInput,
): Promise<VolumeFile> {
  const { name = '', namespace = '', uid = '' } = pod.metadata ?? {};
  const answer = await client.core.createNamespacedServiceAccountToken({
    name: pod.spec?.serviceAccountName ?? 'default',
    namespace,
    body: {
      spec: {
        audiences: source.audience === undefined ? [] : [source.audience],
        expirationSeconds: source.expirationSeconds ?? 3600,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
      },
    },
  });
  return { path: source.path, content: answer.status?.token ?? '', mode: 0o600 };
}
