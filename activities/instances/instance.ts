import type { SpaceRef, TenantRef, UnplacedSpace, UnplacedTenant } from '../../contracts/instance-ref.ts';
import type { OperationOutcome } from '../../domain/status/after-operation.ts';
import type { TenantDeps } from '../dependencies.ts';
import type { Wanted } from './instance-access.ts';
import {
  findRemains,
  locateInstance,
  notePlaceRow,
  placeInstance,
  removeFinalizer,
} from './instance-place.ts';
import { reportOutcome } from './instance-report.ts';
import {
  createOwnedNamespace,
  deleteOwnedNamespace,
  type NamespaceDeletion,
  waitUntilNamespaceDeleted,
} from './owned-namespace.ts';

/**
 * What is done alike for instances of every kind, for each kind under the names and with the fields that histories hold:
 * its resource in the management API, its status, its namespace. All are idempotent by instance, and throw
 * `management_unavailable` and `cluster_unreachable` while these are away.
 */
export function createInstanceActivities(deps: TenantDeps) {
  const { resources, hosts } = deps;

  return {
    /** Places a tenant cluster: see {@link placeInstance}. */
    async placeTenant({
      tenant,
    }: {
      tenant: UnplacedTenant;
    }): Promise<{ tenant: TenantRef; deployed: boolean } & Wanted> {
      const { placed, provisioned, ...wanted } = await placeInstance<'tenant'>(deps, tenant);
      return { tenant: placed, ...wanted, deployed: provisioned };
    },

    /** Places a space: see {@link placeInstance}. */
    async placeSpace({
      space,
    }: {
      space: UnplacedSpace;
    }): Promise<{ space: SpaceRef; made: boolean } & Wanted> {
      const { placed, provisioned, ...wanted } = await placeInstance<'space'>(deps, space);
      return { space: placed, ...wanted, made: provisioned };
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

    /** Writes the end of an operation to the status: see {@link reportOutcome}. */
    reportInstance: ({
      tenant,
      ...outcome
    }: OperationOutcome & { readonly tenant: UnplacedTenant }): Promise<void> =>
      reportOutcome(resources, tenant, outcome),

    /** Writes the end of an operation to the status: see {@link reportOutcome}. */
    reportSpace: ({
      space,
      ...outcome
    }: OperationOutcome & { readonly space: UnplacedSpace }): Promise<void> =>
      reportOutcome(resources, space, outcome),

    /** Creates the host namespace: see {@link createOwnedNamespace}. */
    applyHostNamespace: ({ tenant }: { tenant: TenantRef }): Promise<void> =>
      createOwnedNamespace(deps, tenant),

    /** Starts the deletion of the host namespace: see {@link deleteOwnedNamespace}. */
    deleteHostNamespace: ({ tenant }: { tenant: TenantRef }): Promise<NamespaceDeletion> =>
      deleteOwnedNamespace(hosts, tenant),

    /** Starts the deletion of the namespace of a space: see {@link deleteOwnedNamespace}. */
    deleteSpaceNamespace: ({ space }: { space: SpaceRef }): Promise<NamespaceDeletion> =>
      deleteOwnedNamespace(hosts, space),

    /** Waits for the end of the host namespace: see {@link waitUntilNamespaceDeleted}. */
    waitForHostNamespaceDeleted: ({
      tenant,
      volumes,
    }: {
      tenant: TenantRef;
      volumes?: readonly string[];
    }): Promise<void> => waitUntilNamespaceDeleted(hosts, tenant, volumes),

    /** Waits for the end of the namespace of a space: see {@link waitUntilNamespaceDeleted}. */
    waitForSpaceNamespaceDeleted: ({
      space,
      volumes,
    }: {
      space: SpaceRef;
      volumes?: readonly string[];
    }): Promise<void> => waitUntilNamespaceDeleted(hosts, space, volumes),
  };
}
