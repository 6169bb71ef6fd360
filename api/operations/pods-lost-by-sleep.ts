import { acceptMetadata } from '../../adapters/kubernetes/request.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { kindNames } from '../../contracts/kinds.ts';
import type { LostPods } from '../../contracts/lost-pods.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import { descriptorOf } from '../../domain/kinds/kinds.ts';
import { lostPods, type PodOwnership } from '../../domain/lifecycle/lost-pods.ts';
import { isAwake } from '../../domain/lifecycle/settled-phase.ts';
import type { Gateway } from '../gateway.ts';
import { parseKubernetesPath } from '../http/kubernetes-path.ts';
import { resolveUpstream } from '../proxy/resolve-upstream.ts';
import { createJsonClient } from '../upstreams/json-request.ts';
import type { InstanceRequest } from './request-change.ts';

const pageSize = 500;
/** Of several thousand pods it is enough to know that there are many. */
const mostPages = 10;
const pageMs = 5_000;

interface PodPage {
  readonly metadata: { readonly continue?: string };
  /** Without a match, null. */
  readonly items: readonly { readonly metadata: PodOwnership }[] | null;
}

/**
 * The pods that are lost if `instance` is put to sleep now, as its caller may list them; undefined if there are none, or they
 * may not, or it does not say.
 */
export async function podsLostBySleep(
  gateway: Gateway,
  { caller, kind, project, name, requestId }: InstanceRequest,
  instance: ManagedInstance,
): Promise<LostPods | undefined> {
  if (!isAwake(kind, instance)) return undefined;
  const { path, fieldSelector } = descriptorOf(kind).podsEndedAsleep(instance);
  const api = `/kubernetes/project/${project}/${kindNames[kind].segment}/${name}`;
  const pods: PodOwnership[] = [];
  try {
    const target = parseKubernetesPath(`${api}${path}`);
    const found = await resolveUpstream(gateway, caller, target, 'GET');
    const client = createJsonClient((await found.upstream()).dispatcher, found.unreachable);
    let next = '';
    for (let page = 0; page < mostPages; page += 1) {
      const query = new URLSearchParams({ fieldSelector, limit: String(pageSize) });
      if (next !== '') query.set('continue', next);
      const { status, body } = await client(caller.identity, {
        method: 'GET',
        path: `${path}?${query}`,
        accept: acceptMetadata('PartialObjectMetadataList'),
        requestId,
        timeoutMs: pageMs,
      });
      if (status !== 200) return undefined;
      const { metadata, items } = body as PodPage;
      pods.push(...(items ?? []).map((pod) => pod.metadata));
      next = metadata.continue ?? '';
      if (next === '') break;
    }
  } catch (err) {
    if (!(err instanceof PlatformError)) throw err;
    gateway.logger.debug({ err, kind, project, name }, 'failed to list pods that a sleep ends');
    return undefined;
  }
  return lostPods(pods);
}
