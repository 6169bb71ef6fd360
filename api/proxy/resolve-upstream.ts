import { PlatformError } from '../../contracts/errors.ts';
import { kindNames, type ManagedKind, type OperationTarget } from '../../contracts/kinds.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import type { SpaceInstance } from '../../contracts/resources/space-instance.ts';
import type { VirtualClusterInstance } from '../../contracts/resources/virtual-cluster-instance.ts';
import { isNamespaceLost, isProvisioned, isSleepWanted } from '../../domain/lifecycle/desired-state.ts';
import { knownPlace } from '../../domain/placement/known-place.ts';
import { isAsleep } from '../../domain/lifecycle/settled-phase.ts';
import { leavesSpace } from '../../domain/requests/space-request.ts';
import { checkKubernetesScope } from '../authorization/scope-check.ts';
import { refusalAsOther } from '../authorization/impersonation.ts';
import { accessibleInstance, checkClusterAccess } from '../authorization/target-access.ts';
import type { Gateway } from '../gateway.ts';
import type { ClusterTarget, InstanceTarget, KubernetesTarget } from '../http/kubernetes-path.ts';
import type { Caller } from '../identity/caller.ts';
import { checkTenantImpersonation } from './tenant-impersonation.ts';
import { managementUnreachable } from '../upstreams/json-request.ts';
import type { ResolvedUpstream } from './resolved-upstream.ts';

/** What destinations are looked up in. */
export type ResolveDependencies = Pick<Gateway, 'cache' | 'review' | 'management' | 'clusters' | 'tenants'>;

/**
 * The Kubernetes API that `target` means, if `caller` may go there. One plain function for requests and for upgrades:
 * nothing reaches an upstream but through it.
 * @throws PlatformError `tenant_cluster_not_found`, `space_not_found`, `cluster_not_found`, `forbidden`, `cluster_unreachable`, `management_unavailable`
 */
export async function resolveUpstream(
  gateway: ResolveDependencies,
  caller: Caller,
  target: KubernetesTarget,
  method: string,
): Promise<ResolvedUpstream> {
  checkKubernetesScope(caller, method, target);
  try {
    return await destinationOf(gateway, caller, target, method);
  } catch (error) {
    throw refusalAsOther(error, caller);
  }
}

function destinationOf(
  gateway: ResolveDependencies,
  caller: Caller,
  target: KubernetesTarget,
  method: string,
): Promise<ResolvedUpstream> {
  switch (target.kind) {
    case 'management':
      return managementDestination(gateway);
    case 'cluster':
      return clusterDestination(gateway, caller, target);
    default:
      return destinations[target.kind](gateway, caller, target, method);
  }
}

async function managementDestination({ management }: ResolveDependencies): Promise<ResolvedUpstream> {
  return {
    upstream: async () => management,
    refused: () => undefined,
    unreachable: managementUnreachable,
  };
}

async function clusterDestination(
  gateway: ResolveDependencies,
  caller: Caller,
  { name }: ClusterTarget,
): Promise<ResolvedUpstream> {
  await checkClusterAccess(gateway, caller, name);
  return connectedCluster(gateway, name);
}

function connectedCluster({ clusters }: ResolveDependencies, name: string): ResolvedUpstream {
  return {
    upstream: async () => (await clusters.get(name)).upstream,
    refused: () => clusters.recheck(name),
    unreachable: {
      code: 'cluster_unreachable',
      message: `connected cluster ${name} is unreachable; try again`,
    },
  };
}

async function tenantDestination(
  gateway: ResolveDependencies,
  caller: Caller,
  { project, name }: InstanceTarget,
): Promise<ResolvedUpstream> {
  const { identity, insideAs } = caller;
  const user = insideAs === undefined ? caller : { ...caller, identity: insideAs };
  const instance = await accessibleInstance(gateway, user, 'use', { kind: 'tenant', project, name });
  const sleeps = isSleeper('tenant', instance);
  if (!sleeps) checkReady(instance);
  const unreachable = tenantUnreachable(instance);
  return {
    instance,
    ...(sleeps ? { sleeper: instance } : {}),
    async upstream() {
      if (sleeps) throw asleep({ kind: 'tenant', project, name });
      const upstream = await gateway.tenants.get(instance);
      if (insideAs !== undefined)
        await checkTenantImpersonation(upstream, { original: insideAs, identity }, unreachable);
      return upstream;
    },
    refused: () => gateway.tenants.recheck(instance),
    unreachable,
  };
}

/**
 * The connected cluster of a space, for requests that stay in its namespace. Callers who may not use the space learn only
 * that; others are refused what leaves it, before anything is dialled.
 */
async function spaceDestination(
  gateway: ResolveDependencies,
  caller: Caller,
  { project, name, upstreamPath }: InstanceTarget,
  method: string,
): Promise<ResolvedUpstream> {
  const space = await accessibleInstance(gateway, caller, 'use', { kind: 'space', project, name });
  const { cluster, namespace } = placeOf(space);
  const why = leavesSpace(method, upstreamPath, namespace);
  if (why !== undefined) {
    throw new PlatformError(
      'forbidden',
      `space ${name} is limited to namespace ${namespace} of cluster ${cluster}: ${why}`,
    );
  }
  const destination = { ...connectedCluster(gateway, cluster), instance: space };
  return isSleeper('space', space) ? { ...destination, sleeper: space } : destination;
}

/** The Kubernetes API that an instance of each kind is, if the caller may use it. */
const destinations: {
  readonly [K in ManagedKind]: (
    gateway: ResolveDependencies,
    caller: Caller,
    target: InstanceTarget,
    method: string,
  ) => Promise<ResolvedUpstream>;
} = { tenant: tenantDestination, space: spaceDestination };

/** @throws PlatformError `cluster_unreachable` for one whose namespace was not made, or is not known to be ours */
function placeOf(space: SpaceInstance): { cluster: string; namespace: string } {
  const { cluster, namespace } = knownPlace(space);
  if (cluster && namespace && isProvisioned(space)) return { cluster, namespace };
  throw new PlatformError(
    'cluster_unreachable',
    `space ${space.metadata.name} is not ready: ${whyNeverUp(space)}`,
  );
}

function isDeleted({ metadata }: ManagedInstance): boolean {
  return metadata.deletionTimestamp !== undefined;
}

function whyNeverUp(instance: ManagedInstance): string {
  const { phase, message = '' } = instance.status ?? {};
  if (isDeleted(instance)) return 'it is being deleted';
  return phase === 'Failed' ? `its creation failed: ${message}` : 'it is being created';
}

/** Whether it is asleep and may wake up again. */
function isSleeper(kind: ManagedKind, instance: ManagedInstance): boolean {
  return isAsleep(kind, instance) && !isDeleted(instance);
}

/** The error for a request to what sleeps. @param forced what keeps it from waking by itself */
export function asleep({ kind, project, name }: OperationTarget, forced = ''): PlatformError {
  const { noun, command } = kindNames[kind];
  return new PlatformError(
    'sleeping',
    `${noun} ${name} is asleep${forced}; wake it with: vcp wakeup ${command.name} ${name} --project ${project}`,
  );
}

function tenantUnreachable(instance: VirtualClusterInstance): ResolvedUpstream['unreachable'] {
  const code = 'cluster_unreachable';
  const { name } = instance.metadata;
  if (isDeleted(instance)) return { code, message: `tenant cluster ${name} is being deleted` };
  if (!isSleepWanted(instance)) return { code, message: `tenant cluster ${name} is unreachable; try again` };
  // The next one finds it asleep, and wakes it.
  const message = `tenant cluster ${name} is falling asleep; try again`;
  return { code, message, details: { retryAfterSeconds: 1 } };
}

/** @throws PlatformError `cluster_unreachable` for one that was never up or lost its namespace */
function checkReady(instance: VirtualClusterInstance): void {
  const { name } = instance.metadata;
  const { phase = '', observedHash } = instance.status ?? {};
  if (isAsleep('tenant', instance)) {
    const { code, message } = tenantUnreachable(instance); // it is being deleted
    throw new PlatformError(code, message);
  }
  if (isNamespaceLost(instance))
    throw new PlatformError(
      'cluster_unreachable',
      `tenant cluster ${name} is not ready: ${instance.status?.message ?? 'its host namespace is missing'}`,
    );
  if (phase !== 'Ready' && observedHash === undefined)
    throw new PlatformError(
      'cluster_unreachable',
      `tenant cluster ${name} is not ready: ${whyNeverUp(instance)}`,
    );
}
