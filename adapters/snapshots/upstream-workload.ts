import type { V1PodSpec } from '@kubernetes/client-node';
import { parse } from 'yaml';
import { PlatformError } from '../../contracts/errors.ts';
import type { TenantHost } from '../host-namespaces.ts';
import { kubernetesFailure } from '../kubernetes/failures.ts';
import { podSettings, readControlPlane, type TenantWorkload } from './tenant-workload.ts';

interface BackingStore {
  database?: {
    embedded?: { dataSource?: string };
    external?: { enabled?: boolean };
  };
  etcd?: Record<'embedded' | 'deploy' | 'external', { enabled?: boolean } | undefined>;
}

/**
 * Of vCluster's chart, with its default backing store: Kine's SQLite database on the volume.
 * @throws PlatformError as `readControlPlane`; `invalid_request` with another backing store
 */
export async function readUpstreamWorkload(host: TenantHost): Promise<TenantWorkload> {
  const { name } = host.owner;
  if (!isEmbeddedDatabase(await readBackingStore(host))) {
    throw new PlatformError(
      'invalid_request',
      `Tenant cluster ${name} does not use vCluster's embedded database; only that supports snapshots`,
    );
  }
  const { set, pod } = await readControlPlane(host);
  const spec = set.spec?.template.spec;
  return {
    store: 'sqlite',
    toolsImage: undefined,
    imagePullPolicy: undefined,
    kubernetesVersion: kubernetesVersionOf(spec),
    claimName: `data-${name}-0`,
    podIP: pod?.status?.podIP,
    nodeName: pod?.spec?.nodeName,
    pod: asControlPlane(spec),
  };
}

function isEmbeddedDatabase({ database, etcd }: BackingStore): boolean {
  const others = [database?.external, etcd?.embedded, etcd?.deploy, etcd?.external];
  return !database?.embedded?.dataSource && others.every((store) => store?.enabled !== true);
}

/** The tag of the image that the API server comes from. */
function kubernetesVersionOf(spec: V1PodSpec | undefined): string {
  const container = spec?.initContainers?.find(({ name }) => name === 'kubernetes');
  return container?.image?.replace(/^.*:/, '') ?? '';
}

/** The chart's own values, merged: what the control plane itself starts with. */
async function readBackingStore({
  client,
  name: namespace,
  owner: { name },
}: TenantHost): Promise<BackingStore> {
  try {
    const secret = await client.core.readNamespacedSecret({ namespace, name: `vc-config-${name}` });
    const config = parse(Buffer.from(secret.data?.['config.yaml'] ?? '', 'base64').toString('utf8')) as {
      controlPlane?: { backingStore?: BackingStore };
    } | null;
    return config?.controlPlane?.backingStore ?? {};
  } catch (error) {
    throw kubernetesFailure(`reading the configuration of ${name}`, error);
  }
}

/** The chart sets user and group on its container; they own the database. */
function asControlPlane(spec: V1PodSpec | undefined): TenantWorkload['pod'] {
  const pod = podSettings(spec);
  const container = spec?.containers.find(({ name }) => name === 'syncer')?.securityContext;
  const runAsUser = container?.runAsUser ?? pod.securityContext?.runAsUser;
  const runAsGroup = container?.runAsGroup ?? pod.securityContext?.runAsGroup;
  if (runAsUser === undefined) return pod;
  const securityContext = structuredClone(pod.securityContext) ?? {};
  securityContext.runAsUser = runAsUser;
  if (runAsGroup !== undefined) securityContext.runAsGroup = runAsGroup;
  // The Job's Secrets are for the group.
  if (runAsUser !== 0) securityContext.fsGroup ??= runAsGroup ?? runAsUser;
  return { ...pod, securityContext };
}
