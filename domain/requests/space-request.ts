import { isDiscovery, type KubernetesRequest, kubernetesRequest } from './kubernetes-request.ts';

/** Reviews of one's own rights and identity (`kubectl auth can-i`, `kubectl auth whoami`), by their groups. */
const selfReviews: Readonly<Record<string, readonly string[]>> = {
  'authorization.k8s.io': ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
  'authentication.k8s.io': ['selfsubjectreviews'],
};

/**
 * Why a request leaves the one namespace of a space, for people; undefined if it stays in it. Beside what is in the
 * namespace these stay: reading the Namespace object itself, discovery, and reviews of oneself.
 * @param pathAndQuery as it will be forwarded; read as the API server reads it
 */
export function leavesSpace(method: string, pathAndQuery: string, namespace: string): string | undefined {
  const request = kubernetesRequest(method, pathAndQuery);
  if (isAllowed(request, namespace)) return undefined;
  const { resource } = request;
  if (resource === undefined) return `${request.path} is outside of it`;
  const { subresource } = resource;
  const what = subresource === undefined ? resource.resource : `${resource.resource}/${subresource}`;
  if (resource.namespace === namespace) return `its Namespace object can only be read (${what})`;
  return resource.namespace === undefined
    ? `${what} of the whole cluster are outside of it`
    : `namespace ${resource.namespace} is a different one`;
}

function isAllowed(request: KubernetesRequest, namespace: string): boolean {
  const { verb, resource } = request;
  if (resource === undefined) return isDiscovery(request);
  // The old forms /api/v1/proxy/… and methods that Kubernetes does not have.
  if (verb === 'proxy' || verb === '') return false;
  if (resource.resource === 'namespaces') {
    const { group, name, subresource } = resource;
    return verb === 'get' && group === '' && name === namespace && subresource === undefined;
  }
  if (resource.namespace !== undefined) return resource.namespace === namespace;
  return (
    verb === 'create' &&
    selfReviews[resource.group]?.includes(resource.resource) === true &&
    resource.name === undefined &&
    resource.subresource === undefined
  );
}
