import type { V1Pod, V1PodSpec, V1StatefulSet } from '@kubernetes/client-node';
import { PlatformError } from '../../contracts/errors.ts';
import type { TenantHost } from '../host-namespaces.ts';
import { callKubernetes, orUndefined } from '../kubernetes/failures.ts';

/** What a Job beside a tenant cluster's data takes over from its control plane. */
export interface TenantWorkload {
  /** How the control plane keeps its objects on the volume (deploy/images/tenant-tools/store.ts). */
  readonly store: 'etcd' | 'sqlite';
  /** Image of the snapshot program; undefined: the platform's own choice. */
  readonly toolsImage: string | undefined;
  readonly kubernetesVersion: string;
  readonly claimName: string;
  /** Address of the running control plane, or undefined if none runs. */
  readonly podIP: string | undefined;
  /** Node that the volume is mounted on now: another one could not mount it. */
  readonly nodeName: string | undefined;
  readonly pod: Pick<V1PodSpec, 'securityContext' | 'nodeSelector' | 'tolerations' | 'imagePullSecrets'>;
  readonly imagePullPolicy: string | undefined;
}

/**
 * A control plane's StatefulSet and its first pod, which has the volume.
 * @throws PlatformError `tenant_cluster_not_found`, `cluster_unreachable`
 */
export async function readControlPlane({
  client,
  name: namespace,
  owner: { name },
}: TenantHost): Promise<{ set: V1StatefulSet; pod: V1Pod | undefined }> {
  const [set, pod] = await callKubernetes(
    `reading the control plane of ${name}`,
    Promise.all([
      orUndefined(client.apps.readNamespacedStatefulSet({ namespace, name })),
      orUndefined(client.core.readNamespacedPod({ namespace, name: `${name}-0` })),
    ]),
  );
  if (set === undefined)
    throw new PlatformError(
      'tenant_cluster_not_found',
      `tenant cluster ${name} does not have a control plane with a volume`,
    );
  const isOurs = pod?.metadata?.ownerReferences?.some(({ uid }) => uid === set.metadata?.uid) === true;
  return { set, pod: isOurs ? pod : undefined };
}

/** Where a Job may run and as whom, as its control plane. */
export function podSettings(spec: V1PodSpec | undefined): TenantWorkload['pod'] {
  return {
    ...(spec?.securityContext === undefined ? {} : { securityContext: spec.securityContext }),
    ...(spec?.nodeSelector === undefined ? {} : { nodeSelector: spec.nodeSelector }),
    ...(spec?.tolerations === undefined ? {} : { tolerations: spec.tolerations }),
    ...(spec?.imagePullSecrets === undefined ? {} : { imagePullSecrets: spec.imagePullSecrets }),
  };
}
