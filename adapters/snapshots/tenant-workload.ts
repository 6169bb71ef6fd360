import type { V1PodSpec } from '@kubernetes/client-node';
import { PlatformError } from '../../contracts/errors.ts';
import type { TenantRef } from '../../contracts/tenant-ref.ts';
import type { ClusterClient } from '../kubernetes/client.ts';
import { kubernetesFailure, orUndefined } from '../kubernetes/failures.ts';

/** What a Job beside a tenant cluster's data takes over from its control plane. */
export interface TenantWorkload {
  /** Image of etcd's tools and the snapshot program. */
  readonly toolsImage: string;
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
 * Reads the StatefulSet of chart `tenant-control-plane` and its pod.
 * @throws PlatformError `tenant_cluster_not_found`; `invalid_request` for a tenant cluster of another chart;
 *   `cluster_unreachable`
 */
export async function readTenantWorkload(client: ClusterClient, tenant: TenantRef): Promise<TenantWorkload> {
  const { name, hostNamespace: namespace } = tenant;
  const [set, pod] = await Promise.all([
    orUndefined(client.apps.readNamespacedStatefulSet({ namespace, name })),
    orUndefined(client.core.readNamespacedPod({ namespace, name: `${name}-0` })),
  ]).catch((error: unknown) => {
    throw kubernetesFailure(`reading the control plane of ${name}`, error);
  });
  if (set === undefined)
    throw new PlatformError('tenant_cluster_not_found', `Tenant cluster ${name} has no control plane`);
  const spec = set.spec?.template.spec;
  const image = (container: string) =>
    spec?.initContainers?.find((candidate) => candidate.name === container);
  const tools = image('kubeconfigs');
  if (tools?.image === undefined || image('etcd') === undefined) {
    throw new PlatformError(
      'invalid_request',
      `Tenant cluster ${name} is of another chart than tenant-control-plane; only those can be saved and restored`,
    );
  }
  return {
    toolsImage: tools.image,
    imagePullPolicy: tools.imagePullPolicy,
    kubernetesVersion: image('kube-apiserver')?.image?.replace(/^.*:/, '') ?? '',
    claimName: `data-${name}-0`,
    podIP: pod?.status?.podIP,
    nodeName: pod?.spec?.nodeName,
    pod: {
      ...(spec?.securityContext === undefined ? {} : { securityContext: spec.securityContext }),
      ...(spec?.nodeSelector === undefined ? {} : { nodeSelector: spec.nodeSelector }),
      ...(spec?.tolerations === undefined ? {} : { tolerations: spec.tolerations }),
      ...(spec?.imagePullSecrets === undefined ? {} : { imagePullSecrets: spec.imagePullSecrets }),
    },
  };
}
