import { fromObjectKey, objectKey } from '../../adapters/kubernetes/informer.ts';
import type { Stored } from '../../adapters/kubernetes/resources.ts';
import {
  syncTenantRbac,
  type TenantRbac,
  tryTenantAdmission,
  tryTenantStore,
} from '../../adapters/kubernetes/tenant-rbac.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { projectOfNamespace } from '../../contracts/names.ts';
import type { VirtualClusterInstance } from '../../contracts/resources/virtual-cluster-instance.ts';
import type { TenantRef } from '../../contracts/instance-ref.ts';
import { contentHash } from '../../domain/content-hash.ts';
import { controlPlaneReachable, lossNoted } from '../../domain/lifecycle/desired-state.ts';
import { deployedPlace } from '../../domain/placement/deployed-place.ts';
import { isAwake } from '../../domain/lifecycle/settled-phase.ts';
import { templateAccessOf } from '../../domain/access/template-access.ts';
import { tenantGrants } from '../../domain/access/tenant-grants.ts';
import { tenantIdentities } from '../../domain/access/tenant-identities.ts';
import type { Controller, ControllerContext } from '../controller.ts';
import { accessProblem, onlyRefused, type Problem, setConditions } from '../instances/instance-conditions.ts';

/** So soon is repaired what a tenant's administrator deletes or changes of ours. */
const defaultRepairMs = 30_000;

/** What was found at the last look, in milliseconds of performance.now(). */
interface Synced {
  readonly hash: string;
  readonly at: number;
  readonly versions: string | undefined;
  readonly nextTryAt: number;
}

const awayCodes: ReadonlySet<string> = new Set(['cluster_unreachable', 'not_found']);

/**
 * Rights inside every tenant cluster that is awake, reconciled with owners, members, access rules, users and teams:
 * whom the gateway may act as there, and what these may do. What a tenant's administrator sets up that keeps us from
 * writing there is said by conditions (`AccessGranted`, `StoreWritable`), also before there is anything to write; and
 * `ControlPlaneReachable` says that it does not answer at all.
 */
export function tenantAccess(context: ControllerContext): Controller {
  const { caches, tenants, tenantRepairMs: repairMs = defaultRepairMs } = context;
  /** How often it is tried whether a change could be written, while there is none. */
  const tryMs = 2 * repairMs;
  /** A control plane that is restarted is away for less. */
  const awayMs = repairMs / 2;
  const synced = new Map<string, Synced>();

  /** Since when it does not answer, by key. */
  const away = new Map<string, number>();

  /** Says that nothing of it can be reached, once that has lasted; an operation that is under way may be the cause. */
  async function sayAway(key: string, instance: Stored<VirtualClusterInstance>, error: unknown) {
    if (!(error instanceof PlatformError) || !awayCodes.has(error.code)) return;
    if (instance.status?.phase === 'Pending') return void away.delete(key);
    const since = away.get(key) ?? performance.now();
    away.set(key, since);
    if (performance.now() - since < awayMs) return;
    const problems = { [controlPlaneReachable]: awayProblem(instance, error) };
    await setConditions(context, 'tenant', instance, problems, lossNoted(instance));
  }

  /** What is there, as `syncTenantRbac` says it, or why nothing can be written. */
  async function write(
    tenant: TenantRef,
    rbac: TenantRbac,
    isToTry: boolean,
    known: string | undefined,
  ): Promise<{ versions?: string | undefined; refusal?: PlatformError }> {
    const client = await (await tenants.prove(tenant)).tenantClient();
    try {
      const versions = await syncTenantRbac(client, rbac, known);
      if (isToTry) {
        await tryTenantStore(client);
        await tryTenantAdmission(client);
      }
      return { versions };
    } catch (error) {
      return { refusal: onlyRefused(error) };
    }
  }

  function wantedRbac(instance: Stored<VirtualClusterInstance>, { project }: TenantRef): TenantRbac {
    const template = caches.virtualclustertemplates.get(instance.spec?.templateRef?.name ?? '');
    const input = {
      instance,
      templateAccess: templateAccessOf(instance, template),
      project: caches.projects.get(project),
      users: caches.users.list(),
      teams: caches.teams.list(),
    };
    return { impersonated: tenantIdentities(input), grants: tenantGrants(input) };
  }

  return {
    name: 'tenant-access',
    concurrency: 16,
    groupOf: (key) => key,
    async reconcile(key) {
      const instance = caches.virtualclusterinstances.get(key);
      const tenant = instance === undefined ? undefined : awakeTenant(instance);
      if (instance === undefined || tenant === undefined) {
        synced.delete(key);
        away.delete(key);
        return undefined;
      }
      const rbac = wantedRbac(instance, tenant);
      // An operation may have put another store in the place of the one that was compared.
      const operation = instance.status?.lastOperation?.id;
      const hash = contentHash([tenant.uid, operation, rbac.impersonated, [...rbac.grants]]);
      const before = synced.get(key);
      const last = before?.hash === hash ? before : undefined;
      const remainingMs = last === undefined ? 0 : last.at + repairMs - performance.now();
      if (remainingMs > 0) return { requeueAfterMs: remainingMs };
      synced.delete(key);
      const { nextTryAt = 0 } = before ?? {};
      const isToTry = performance.now() >= nextTryAt || isRefused(instance);
      const { versions, refusal } = await write(tenant, rbac, isToTry, last?.versions).catch(
        async (error: unknown) => {
          await sayAway(key, instance, error);
          throw error;
        },
      );
      away.delete(key);
      const at = performance.now();
      await setConditions(context, 'tenant', instance, problemsOf(refusal));
      synced.set(key, { hash, at, versions, nextTryAt: isToTry ? at + tryMs : nextTryAt });
      return { requeueAfterMs: repairMs };
    },
    watch(add) {
      caches.virtualclusterinstances.onChange(add);
      const addAll = (concerned: (instance: Stored<VirtualClusterInstance>) => boolean = () => true) => {
        for (const instance of caches.virtualclusterinstances.list())
          if (concerned(instance)) add(objectKey(instance.metadata));
      };
      caches.users.onChange(() => addAll());
      caches.teams.onChange(() => addAll());
      caches.projects.onChange((name) =>
        addAll(({ metadata }) => projectOfNamespace(metadata.namespace ?? '') === name),
      );
      caches.virtualclustertemplates.onChange((name) =>
        addAll(({ spec }) => spec?.templateRef?.name === name),
      );
    },
  };
}

function problemsOf(refusal: PlatformError | undefined): Record<string, Problem | undefined> {
  const isFull = refusal?.code === 'store_full';
  return {
    [controlPlaneReachable]: undefined,
    AccessGranted: refusal === undefined || isFull ? undefined : accessProblem(refusal),
    StoreWritable: isFull ? storeProblem(refusal) : undefined,
  };
}

/** What is in the way is said by the pods of its host namespace, of which controllers see nothing. */
function awayProblem({ metadata, status }: VirtualClusterInstance, { message }: PlatformError): Problem {
  const { cluster, namespace } = status?.clusterRef ?? {};
  const where =
    namespace === undefined ? 'its host namespace' : `namespace ${namespace} of cluster ${cluster}`;
  return {
    severity: 'Error',
    reason: 'ControlPlaneUnreachable',
    message: `The control plane does not answer: ${message}. See the pods in ${where}; if somebody deleted it there, restore a snapshot to make it again with its data, or "vcp retry vcluster ${metadata.name}" makes it again, empty if its volume is gone`,
  };
}

function storeProblem({ message }: PlatformError): Problem {
  return {
    severity: 'Error',
    reason: 'StoreFull',
    message: `The store of the tenant cluster takes no writes: ${message}. Delete what is not needed, then put it to sleep and wake it, or update it: this compacts the store and clears its alarm`,
  };
}

/** What was refused is over only when a write goes through. */
function isRefused({ status }: VirtualClusterInstance): boolean {
  return (
    status?.conditions?.some(({ type }) => type === 'AccessGranted' || type === 'StoreWritable') === true
  );
}

function awakeTenant(instance: Stored<VirtualClusterInstance>): TenantRef | undefined {
  if (!isAwake('tenant', instance)) return undefined;
  const { namespace = '', name } = fromObjectKey(objectKey(instance.metadata));
  const project = projectOfNamespace(namespace);
  const place = deployedPlace(instance);
  if (project === undefined || place === undefined) return undefined;
  const { cluster, namespace: hostNamespace } = place;
  return { project, name, uid: instance.metadata.uid, cluster, hostNamespace };
}
