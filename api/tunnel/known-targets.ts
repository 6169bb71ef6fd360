import { deployedPlace } from '../../domain/deployed-place.ts';
import type { ResourceCache } from '../cache/resource-cache.ts';
import type { DialTarget } from './dial.ts';

/**
 * Whether workers may reach `target`: the API server of a connected cluster, or the Service of a tenant cluster
 * that stands there. There is no other way through.
 */
export function isKnownTarget(
  cache: Pick<ResourceCache, 'hasCluster' | 'instancesIn'>,
  target: DialTarget,
): boolean {
  if (!cache.hasCluster(target.cluster)) return false;
  if (target.kind === 'api-server') return true;
  return cache.instancesIn(target.cluster).some((instance) => {
    // Before it is deployed, the worker must reach what it deploys.
    const namespace = deployedPlace(instance)?.namespace ?? instance.spec?.clusterRef?.namespace;
    return namespace === target.namespace && instance.metadata.name === target.service;
  });
}
