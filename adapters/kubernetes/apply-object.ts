import type { KubeConfig, KubernetesObject } from '@kubernetes/client-node';
import { requestJson } from './request.ts';

interface Discovered {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

const discovered = new WeakMap<KubeConfig, Map<string, Promise<Discovered[]>>>();

/**
 * Server-side apply of any object as `fieldManager`, taking over fields of others. The object is sent as it is:
 * client-node's KubernetesObjectApi puts it through typed models and silently drops what they call otherwise, such
 * as every `x-kubernetes-…` word of a CRD.
 * @param options.dryRun the API only says what it would answer
 * @throws ApiException; what `fetch` throws if the API cannot be reached
 */
export async function applyObject(
  kubeConfig: KubeConfig,
  object: KubernetesObject,
  fieldManager: string,
  options: { dryRun?: boolean } = {},
): Promise<void> {
  const path = await objectPath(kubeConfig, object);
  const dryRun = options.dryRun === true ? '&dryRun=All' : '';
  await requestJson(kubeConfig, {
    method: 'PATCH',
    path: `${path}?fieldManager=${encodeURIComponent(fieldManager)}&force=true${dryRun}`,
    body: object,
    contentType: 'application/apply-patch+yaml',
  });
}

/** Path of `object`; namespace `default` if it names none and needs one. */
async function objectPath(
  kubeConfig: KubeConfig,
  { apiVersion = 'v1', kind = '', metadata }: KubernetesObject,
): Promise<string> {
  const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const isWanted = (one: Discovered) => one.kind === kind && !one.name.includes('/');
  let resource = (await resourcesOf(kubeConfig, base)).find(isWanted);
  if (resource === undefined) {
    discovered.get(kubeConfig)?.delete(base); // it may have come since
    resource = (await resourcesOf(kubeConfig, base)).find(isWanted);
  }
  if (resource === undefined) throw new Error(`the API does not serve ${kind} in ${apiVersion}`);
  const scope = resource.namespaced
    ? `/namespaces/${encodeURIComponent(metadata?.namespace ?? 'default')}`
    : '';
  return `${base}${scope}/${resource.name}/${encodeURIComponent(metadata?.name ?? '')}`;
}

function resourcesOf(kubeConfig: KubeConfig, base: string): Promise<Discovered[]> {
  const cache = discovered.get(kubeConfig) ?? new Map<string, Promise<Discovered[]>>();
  discovered.set(kubeConfig, cache);
  const known = cache.get(base);
  if (known !== undefined) return known;
  const asking = requestJson(kubeConfig, { path: base }).then(
    (list) => (list as { resources: Discovered[] }).resources,
  );
  cache.set(base, asking);
  asking.catch(() => cache.delete(base));
  return asking;
}
