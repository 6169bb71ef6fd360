import type { SpaceRef, TenantRef, UnplacedSpace, UnplacedTenant } from '../../contracts/instance-ref.ts';
import type { TenantDeps } from '../dependencies.ts';
import { currentHash } from './instance-access.ts';
import {
  findRemains,
  locateInstance,
  notePlaceRow,
  placeInstance,
  removeFinalizer,
} from './instance-place.ts';
import { isAsleep } from '../control-plane/workloads.ts';

/**
 * The resource of an instance in the management API, for each kind under the names and with the fields that histories
 * hold. What they do: instance-place.ts. All throw `management_unavailable` while it is away.
 */
export function createInstanceActivities(deps: TenantDeps) {
  const { resources } = deps;
  return {
    /** Places a tenant cluster: see {@link placeInstance}. */
    async placeTenant({
      tenant,
    }: {
      tenant: UnplacedTenant;
    }): Promise<{ tenant: TenantRef; targetHash: string; deployed: boolean }> {
      const { placed, targetHash, provisioned } = await placeInstance<'tenant'>(deps, tenant);
      return { tenant: placed, targetHash, deployed: provisioned };
    },

    /** Places a space: see {@link placeInstance}. */
    async placeSpace({
      space,
    }: {
      space: UnplacedSpace;
    }): Promise<{ space: SpaceRef; targetHash: string; made: boolean }> {
      const { placed, targetHash, provisioned } = await placeInstance<'space'>(deps, space);
      return { space: placed, targetHash, made: provisioned };
    },

    /**
     * Where a deployed tenant cluster runs, what it asks for now, and whether its control plane is scaled to
     * zero. Changes nothing but our own note of the place.
     * @throws PlatformError as {@link locateInstance}
     */
    async inspectTenant({
      tenant,
    }: {
      tenant: UnplacedTenant;
    }): Promise<{ tenant: TenantRef; targetHash: string; asleep: boolean; kubernetesVersion?: string }> {
      const { placed, instance, host } = await locateInstance<'tenant'>(deps, tenant);
      const [targetHash, asleep] = await Promise.all([
        currentHash(resources, 'tenant', instance),
        isAsleep(host),
        notePlaceRow(deps, host),
      ]);
      const kubernetesVersion = instance.status?.kubernetesVersion;
      return {
        tenant: placed,
        targetHash,
        asleep,
        ...(kubernetesVersion === undefined ? {} : { kubernetesVersion }),
      };
    },

    /**
     * Where a space is that was made. Changes nothing but our own note of the place.
     * @throws PlatformError as {@link locateInstance}
     */
    async findSpacePlace({ space }: { space: UnplacedSpace }): Promise<{ space: SpaceRef }> {
      const { placed, host } = await locateInstance<'space'>(deps, space);
      await notePlaceRow(deps, host);
      return { space: placed };
    },

    /** Where something of the tenant cluster may be left: see {@link findRemains}. */
    async findTenantRemains({
      tenant,
      placed,
    }: {
      tenant: UnplacedTenant;
      placed?: TenantRef;
    }): Promise<{ tenant?: TenantRef }> {
      const found = await findRemains<'tenant'>(deps, tenant, placed);
      return found ? { tenant: found } : {};
    },

    /** Where something of the space may be left: see {@link findRemains}. */
    async findSpaceRemains({
      space,
      placed,
    }: {
      space: UnplacedSpace;
      placed?: SpaceRef;
    }): Promise<{ space?: SpaceRef }> {
      const found = await findRemains<'space'>(deps, space, placed);
      return found ? { space: found } : {};
    },

    /** Takes our finalizer off: see {@link removeFinalizer}. */
    releaseInstance: ({ tenant }: { tenant: UnplacedTenant }): Promise<void> => removeFinalizer(deps, tenant),

    /** Takes our finalizer off: see {@link removeFinalizer}. */
    releaseSpace: ({ space }: { space: UnplacedSpace }): Promise<void> => removeFinalizer(deps, space),
  };
}
