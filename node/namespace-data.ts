import type { V1Pod, V1Volume } from '@kubernetes/client-node';
import type { ClusterClient } from '../adapters/kubernetes/client.ts';
import { orUndefined } from '../adapters/kubernetes/failures.ts';
import { environmentSources, type NamespaceData } from './environment.ts';

/** Reads every Secret and ConfigMap that a pod's volumes and environments refer to. Absent ones are left out. */
export async function loadNamespaceData(client: ClusterClient, pod: V1Pod): Promise<NamespaceData> {
  const namespace = pod.metadata?.namespace ?? '';
  const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].map(
    environmentSources,
  );
  const volumes = (pod.spec?.volumes ?? []).map(volumeSources);
  const all = [...containers, ...volumes];
  const [secrets, configMaps] = await Promise.all([
    readAll(
      all.flatMap((source) => source.secrets),
      async (name) => {
        const found = await orUndefined(client.core.readNamespacedSecret({ name, namespace }));
        return found && decode(found.data);
      },
    ),
    readAll(
      all.flatMap((source) => source.configMaps),
      async (name) => {
        const found = await orUndefined(client.core.readNamespacedConfigMap({ name, namespace }));
        const texts = Object.entries(found?.data ?? {}).map(
          ([key, text]) => [key, Buffer.from(text)] as const,
        );
        return found && { ...Object.fromEntries(texts), ...decode(found.binaryData) };
      },
    ),
  ]);
  return { secrets, configMaps };
}

function volumeSources(volume: V1Volume): { secrets: string[]; configMaps: string[] } {
  const projected = volume.projected?.sources ?? [];
  return {
    secrets: [volume.secret?.secretName, ...projected.map((source) => source.secret?.name)].filter(
      (name) => name !== undefined,
    ),
    configMaps: [volume.configMap?.name, ...projected.map((source) => source.configMap?.name)].filter(
      (name) => name !== undefined,
    ),
  };
}

async function readAll(
  names: readonly string[],
  read: (name: string) => Promise<Record<string, Buffer> | undefined>,
): Promise<Map<string, Record<string, Buffer>>> {
  const entries = await Promise.all(
    [...new Set(names)].map(async (name) => [name, await read(name)] as const),
  );
  return new Map(entries.flatMap(([name, data]) => (data === undefined ? [] : [[name, data] as const])));
}

function decode(data: Record<string, string> | undefined): Record<string, Buffer> {
  return Object.fromEntries(
    Object.entries(data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64')]),
  );
}
