import { PlatformError } from '../../contracts/errors.ts';
import { managementGroup, platformGroup } from '../../contracts/names.ts';
import { resourceKinds } from '../../contracts/resources/resource-kinds.ts';
import { kubernetesRequest } from '../../domain/requests/kubernetes-request.ts';
import type { KubernetesTarget } from '../http/kubernetes-path.ts';

/**
 * Refuses a subresource that nothing serves in the words of an API server that does not know it. The server of custom resources
 * says that the object is not found, which is there. Likewise what is left of requests for operations, which would be answered by an
 * API server that has none.
 * @throws PlatformError `not_found`
 */
export function checkSubresource(method: string, target: KubernetesTarget): void {
  if (target.kind !== 'management') return;
  if (isOfOperations(method, target)) throw unknownResource();
  const { resource } = kubernetesRequest(method, target.upstreamPath);
  if (resource === undefined || resource.group !== managementGroup) return;
  const { subresource = 'status' } = resource;
  if (subresource === 'status' || !Object.hasOwn(resourceKinds, resource.resource)) return;
  throw unknownResource();
}

/** Whether it is for operations, of which the API server knows the kind and keeps none (ADR 32). */
export function isOfOperations(method: string, target: KubernetesTarget): boolean {
  if (target.kind !== 'management') return false;
  return kubernetesRequest(method, target.upstreamPath).resource?.group === platformGroup;
}

function unknownResource(): PlatformError {
  return new PlatformError('not_found', 'the server could not find the requested resource');
}
