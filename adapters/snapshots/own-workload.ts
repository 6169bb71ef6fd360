import { PlatformError } from '../../contracts/errors.ts';
import type { TenantHost } from '../host-namespaces.ts';
import { podSettings, readControlPlane, type TenantWorkload } from './tenant-workload.ts';

/**
 * Of chart `tenant-control-plane`: etcd, and the tools' image that the chart has anyway.
 * @throws PlatformError as `readControlPlane`; `invalid_request` for a tenant cluster of an unknown chart
 */
export async function readOwnWorkload(host: TenantHost): Promise<TenantWorkload> {
  const { name } = host.owner;
  const { set, pod } = await readControlPlane(host);
  const spec = set.spec?.template.spec;
  const image = (container: string) =>
    spec?.initContainers?.find((candidate) => candidate.name === container);
  const tools = image('kubeconfigs');
  if (tools?.image === undefined || image('etcd') === undefined) {
    throw new PlatformError(
      'invalid_request',
      `Tenant cluster ${name} uses a chart other than tenant-control-plane or vcluster; only those support snapshots`,
    );
  }
  return {
    store: 'etcd',
    toolsImage: tools.image,
    imagePullPolicy: tools.imagePullPolicy,
    kubernetesVersion: image('kube-apiserver')?.image?.replace(/^.*:/, '') ?? '',
    claimName: `data-${name}-0`,
    podIP: pod?.status?.podIP,
    nodeName: pod?.spec?.nodeName,
    pod: podSettings(spec),
  };
}
