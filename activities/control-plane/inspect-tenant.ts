import { PlatformError } from '../../contracts/errors.ts';
import type { TenantRef, UnplacedTenant } from '../../contracts/instance-ref.ts';
import type { TenantDeps } from '../dependencies.ts';
import { currentHash } from '../instances/instance-access.ts';
import { notePlaceRow, readPlace } from '../instances/instance-place.ts';
import { areAsleep, listWorkloads } from './workloads.ts';

/** What of a tenant cluster is gone that was there: somebody deleted it in the connected cluster. */
export type MissingPart = 'namespace' | 'control-plane';

export function createInspectionActivities(deps: TenantDeps) {
  const { resources, hosts } = deps;

  async function lookInto(
    placed: TenantRef,
    rebuilds: boolean,
  ): Promise<{ asleep: boolean; missing?: MissingPart }> {
    try {
      const host = await hosts.prove(placed);
      const [workloads] = await Promise.all([listWorkloads(host), notePlaceRow(deps, host)]);
      const missing = rebuilds && workloads.length === 0 ? ({ missing: 'control-plane' } as const) : {};
      return { asleep: areAsleep(workloads), ...missing };
    } catch (error) {
      if (!rebuilds || !(error instanceof PlatformError) || error.code !== 'namespace_missing') throw error;
      return { asleep: false, missing: 'namespace' };
    }
  }

  return {
    /**
     * Where a deployed tenant cluster runs, what it asks for now, and whether its control plane is scaled to
     * zero. Changes nothing but our own note of the place.
     * @param input `rebuilds`: one whose namespace or control plane is gone will be made again, and the answer says which
     * @throws PlatformError as {@link readPlace}, and what HostNamespaces.prove throws
     */
    async inspectTenant({ tenant, rebuilds }: { tenant: UnplacedTenant; rebuilds?: true }): Promise<{
      tenant: TenantRef;
      targetHash: string;
      asleep: boolean;
      kubernetesVersion?: string;
      missing?: MissingPart;
    }> {
      const { placed, instance } = await readPlace<'tenant'>(deps, tenant);
      const [targetHash, state] = await Promise.all([
        currentHash(resources, 'tenant', instance),
        lookInto(placed, rebuilds === true),
      ]);
      const kubernetesVersion = instance.status?.kubernetesVersion;
      return {
        tenant: placed,
        targetHash,
        ...state,
        ...(kubernetesVersion === undefined ? {} : { kubernetesVersion }),
      };
    },
  };
}
