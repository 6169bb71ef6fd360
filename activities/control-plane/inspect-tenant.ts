import type { TenantHost } from '../../adapters/host-namespaces.ts';
import { PlatformError } from '../../contracts/errors.ts';
import type { TenantRef, UnplacedTenant } from '../../contracts/instance-ref.ts';
import { findNewestSnapshot } from '../../db/queries/snapshots.ts';
import type { TenantDeps } from '../dependencies.ts';
import { type Wanted, wantedOf } from '../instances/instance-access.ts';
import { notePlaceRow, readPlace } from '../instances/instance-place.ts';
import {
  areAsleep,
  isVolumeLeft,
  listWorkloads,
  volumeEnding,
  volumeOf,
  type Workload,
} from './workloads.ts';

/** What of a tenant cluster is gone that was there: somebody deleted it in the connected cluster. */
export interface Missing {
  readonly missing: 'namespace' | 'control-plane' | 'volume';
  /** If its data went too; `snapshot`: name of the newest there is. Earlier versions did not say it. */
  readonly lost?: { readonly snapshot?: string };
}

type State = { readonly asleep: boolean } & (Missing | object);

export function createInspectionActivities(deps: TenantDeps) {
  const { resources, hosts, operations } = deps;

  async function lookInto(placed: TenantRef, rebuilds: boolean): Promise<State> {
    try {
      const host = await hosts.prove(placed);
      const [workloads] = await Promise.all([listWorkloads(host), notePlaceRow(deps, host)]);
      const missing = rebuilds ? await missingIn(host, workloads) : undefined;
      return missing === undefined ? { asleep: areAsleep(workloads) } : { asleep: false, ...missing };
    } catch (error) {
      if (!rebuilds || !(error instanceof PlatformError) || error.code !== 'namespace_missing') throw error;
      return { asleep: false, missing: 'namespace', lost: await findSnapshot(placed) };
    }
  }

  async function missingIn(host: TenantHost, workloads: readonly Workload[]): Promise<Missing | undefined> {
    if (workloads.length === 0) {
      const lost = (await isVolumeLeft(host)) ? {} : { lost: await findSnapshot(host.owner) };
      return { missing: 'control-plane', ...lost };
    }
    if (!workloads.some(({ hasVolume }) => hasVolume)) return undefined;
    const volume = await volumeOf(host);
    if (volume === 'ending' && !areAsleep(workloads)) throw volumeEnding(host);
    const isGone = volume !== 'there' && areAsleep(workloads);
    return isGone ? { missing: 'volume', lost: await findSnapshot(host.owner) } : undefined;
  }

  async function findSnapshot({
    project,
    name: tenantCluster,
    uid,
  }: TenantRef): Promise<{ snapshot?: string }> {
    const owner = { project, tenantCluster, uid };
    const snapshot = await operations.database.query((db) => findNewestSnapshot(db, owner));
    return snapshot === undefined ? {} : { snapshot };
  }

  return {
    /**
     * Where a deployed tenant cluster runs, what it asks for now, and whether its control plane is scaled to
     * zero. Changes nothing but our own note of the place.
     * @param input `rebuilds`: one whose namespace, control plane or volume is gone will be made again, and the answer says which
     * @throws PlatformError as {@link readPlace}, and what HostNamespaces.prove throws; `conflict` if its volume goes with the
     *   next restart
     */
    async inspectTenant({ tenant, rebuilds }: { tenant: UnplacedTenant; rebuilds?: true }): Promise<
      {
        tenant: TenantRef;
        asleep: boolean;
        kubernetesVersion?: string;
      } & Wanted &
        Partial<Missing>
    > {
      const { placed, instance } = await readPlace<'tenant'>(deps, tenant);
      const [wanted, state] = await Promise.all([
        wantedOf(resources, 'tenant', instance),
        lookInto(placed, rebuilds === true),
      ]);
      const kubernetesVersion = instance.status?.kubernetesVersion;
      return {
        tenant: placed,
        ...wanted,
        ...state,
        ...(kubernetesVersion === undefined ? {} : { kubernetesVersion }),
      };
    },
  };
}
