import { PlatformError } from '../../contracts/errors.ts';
import { managementGroup } from '../../contracts/names.ts';
import { resourceKinds } from '../../contracts/resources/resource-kinds.ts';
import { kubernetesRequest } from '../../domain/kubernetes-request.ts';
import type { KubernetesTarget } from '../http/kubernetes-path.ts';

/**
 * Refuses a subresource that nothing serves in the words of an API server that does not know it. The server of custom resources
 * says that the object is not found, which is there.
 * @throws PlatformError `not_found`
 */
export function checkSubresource(method: string, target: KubernetesTarget): void {
  if (target.kind !== 'management') return;
  const { resource } = kubernetesRequest(method, target.upstreamPath);
  if (resource === undefined || resource.group !== managementGroup) return;
  const { subresource = 'status' } = resource;
  if (subresource === 'status' || !Object.hasOwn(resourceKinds, resource.resource)) return;
  throw new PlatformError('not_found', 'the server could not find the requested resource');
}
