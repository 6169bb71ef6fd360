import { Context, heartbeat } from '@temporalio/activity';
import { setTimeout as delay } from 'node:timers/promises';
import type { Activities } from '../../activities/index.ts';
import type { LostPods } from '../../contracts/lost-pods.ts';
import type { TenantRef, UnplacedTenant } from '../../contracts/instance-ref.ts';
import type { Missing } from '../../activities/control-plane/inspect-tenant.ts';
import type { Fallback } from '../../activities/control-plane/release.ts';
import { createFakeClusters, type FakeConnectedCluster } from './fake-clusters.ts';
import { createFakeSpaces, type FakeSpace } from './fake-spaces.ts';

type FakeActivities = Omit<
  Activities,
  | 'claimTurn'
  | 'recordSteps'
  | 'waitForClusterOnline'
  | 'endOperation'
  | 'recordSnapshot'
  | 'findSnapshot'
  | 'completeSnapshot'
  | 'failSnapshot'
  | 'forgetSnapshot'
  | 'reconcileOperations'
  | 'expireSnapshots'
>;
type FakeName = keyof FakeActivities;

/** What a tenant cluster left in the connected cluster and the management API. */
export interface FakeTenant {
  namespace: boolean;
  release: number;
  awake: boolean;
  /** Revisions installed, by operation: more than one of an operation means that something ran twice with effect. */
  readonly installs: string[];
  fallback?: Fallback;
  /** What of it is gone, and whether its data are, in place of what follows from the rest. */
  missing?: Missing | undefined;
  data: string;
  /** Pods that are lost with its control plane. */
  barePods?: LostPods;
  /** Its store takes no writes. */
  full?: boolean;
  previousData?: string | undefined;
  /** Why its images cannot be tried. */
  untried?: string;
  /** Why its store starts without a seed. */
  unseeded?: string;
  finalizer: boolean;
  readonly reports: Parameters<Activities['reportInstance']>[0][];
}

/** A connected cluster and a management API in memory, behind activities typed as the real ones. */
export interface FakeCluster {
  readonly activities: FakeActivities;
  /** Every call in its order: `activity name`. */
  calls(name: string): string[];
  tenant(name: string): FakeTenant;
  space(name: string): FakeSpace;
  connected(name: string): FakeConnectedCluster;
  /** Runs before an activity of a tenant cluster (of a space: `space <name>`, of a connected cluster: `cluster <name>`) acts; throw to make it fail. */
  before(name: string, activity: FakeName, hook: () => Promise<void> | void): void;
  /** Makes the next call of an activity hang, with heartbeats, until it is cancelled or `release` is called; `reached` when it hangs. */
  hold(name: string, activity: FakeName): { reached: Promise<void>; release: () => void };
}

export function createFakeCluster(): FakeCluster {
  const tenants = new Map<string, FakeTenant>();
  const hooks = new Map<string, () => Promise<void> | void>();
  const log: { name: string; activity: string }[] = [];

  const tenantOf = (name: string): FakeTenant => {
    const known = tenants.get(name);
    if (known) return known;
    const made: FakeTenant = {
      namespace: false,
      release: 0,
      awake: false,
      installs: [],
      data: 'new',
      finalizer: true,
      reports: [],
    };
    tenants.set(name, made);
    return made;
  };
  const place = (tenant: UnplacedTenant): TenantRef => ({
    ...tenant,
    cluster: 'local',
    hostNamespace: `loft-${tenant.project}-v-${tenant.name}`,
  });
  const deployed = (name: string) => tenantOf(name).release > 0;

  const acting = <K extends FakeName>(
    activity: K,
    act: (input: Parameters<FakeActivities[K]>[0], tenant: FakeTenant) => unknown,
  ) => {
    return async (input: Parameters<FakeActivities[K]>[0]) => {
      const name = nameOf(input);
      log.push({ name, activity });
      await hooks.get(`${name} ${activity}`)?.();
      return act(input, tenantOf(name));
    };
  };
  const entering = async (name: string, activity: FakeName) => {
    log.push({ name, activity });
    await hooks.get(`${name} ${activity}`)?.();
  };
  const spaces = createFakeSpaces(entering);
  const clusters = createFakeClusters(entering);
  const nothing = () => undefined;
  const activities = {
    placeTenant: acting('placeTenant', ({ tenant }) => ({
      tenant: place(tenant),
      targetHash: 'hash-1',
      deployed: deployed(tenant.name),
    })),
    inspectTenant: acting('inspectTenant', ({ tenant, rebuilds }, { awake, namespace, release, missing }) => {
      const found =
        missing ?? (release > 0 ? undefined : { missing: namespace ? 'control-plane' : 'namespace' });
      const state = rebuilds === true && found ? { asleep: false, ...found } : { asleep: !awake };
      return { tenant: place(tenant), targetHash: 'hash-2', ...state };
    }),
    findTenantRemains: acting('findTenantRemains', ({ tenant }) => ({ tenant: place(tenant) })),
    reportInstance: acting('reportInstance', (input, { reports }) => void reports.push(input)),
    releaseInstance: acting('releaseInstance', (_, tenant) => void (tenant.finalizer = false)),
    evaluateSleepPolicy: acting('evaluateSleepPolicy', nothing),
    applyHostNamespace: acting('applyHostNamespace', (_, tenant) => void (tenant.namespace = true)),
    deleteHostNamespace: acting('deleteHostNamespace', (_, tenant) => {
      tenant.namespace = false;
      return { volumes: [] };
    }),
    waitForHostNamespaceDeleted: acting('waitForHostNamespaceDeleted', nothing),
    startControlPlane: acting('startControlPlane', (_, tenant) => void (tenant.awake = true)),
    stopControlPlane: acting('stopControlPlane', (_, tenant) => {
      tenant.awake = false;
      return tenant.barePods;
    }),
    waitForControlPlane: acting('waitForControlPlane', (_, { full }) => ({
      kubernetesVersion: 'v1.36.3',
      ...(full === true ? { storeFull: true } : {}),
    })),
    maintainStore: acting('maintainStore', (_, tenant) => void (tenant.full = false)),
    waitForRollout: acting('waitForRollout', nothing),
    waitForControlPlaneStopped: acting('waitForControlPlaneStopped', nothing),
    applyGatewayCredential: acting('applyGatewayCredential', nothing),
    applyTenantAccess: acting('applyTenantAccess', nothing),
    applyTenantKeys: acting('applyTenantKeys', nothing),
    checkRelease: acting('checkRelease', () => ({ chart: 'tenant-control-plane', version: '0.1.0' })),
    checkImages: acting('checkImages', (_, { untried }) =>
      untried === undefined ? {} : { unchecked: untried },
    ),
    installRelease: acting('installRelease', ({ operationId }, tenant) => {
      if (!tenant.installs.includes(operationId)) tenant.release += 1;
      if (tenant.release === 1) tenant.awake = true;
      tenant.installs.push(operationId);
      return {
        revision: tenant.release,
        ...(tenant.unseeded === undefined ? {} : { unseeded: tenant.unseeded }),
      };
    }),
    rollbackRelease: acting('rollbackRelease', nothing),
    findFallback: acting('findFallback', (_, { fallback }) => (fallback ? { fallback } : {})),
    redeployRelease: acting('redeployRelease', nothing),
    repairControlPlane: acting('repairControlPlane', (_, tenant) => void (tenant.awake = true)),
    uninstallRelease: acting(
      'uninstallRelease',
      (_, tenant) => void Object.assign(tenant, { release: 0, awake: false }),
    ),
    applySnapshotJob: acting('applySnapshotJob', nothing),
    waitForSnapshotJob: acting('waitForSnapshotJob', () => ({
      sizeBytes: 42,
      sha256: 'a'.repeat(64),
      revision: 7,
      totalKeys: 3,
    })),
    deleteSnapshotJob: acting('deleteSnapshotJob', nothing),
    deleteSnapshotFile: acting('deleteSnapshotFile', nothing),
    applyRestoreJob: acting('applyRestoreJob', ({ phase, snapshot }, tenant) => {
      if (phase === 'swap') Object.assign(tenant, { previousData: tenant.data, data: snapshot.name });
      if (phase === 'rollback' && tenant.previousData !== undefined) {
        Object.assign(tenant, { data: tenant.previousData, previousData: undefined });
      }
      if (phase === 'commit') tenant.previousData = undefined;
    }),
    waitForRestoreJob: acting('waitForRestoreJob', nothing),
    deleteRestoreJob: acting('deleteRestoreJob', nothing),
    ...spaces.activities,
    ...clusters.activities,
  };
  return {
    activities: activities as unknown as FakeActivities,
    calls: (name) => log.filter((call) => call.name === name).map(({ activity }) => activity),
    tenant: tenantOf,
    space: spaces.spaceOf,
    connected: clusters.clusterOf,
    before: (name, activity, hook) => void hooks.set(`${name} ${activity}`, hook),
    hold(name, activity) {
      const reached = deferred();
      const released = deferred();
      let isReleased = false;
      void released.promise.then(() => {
        isReleased = true;
      });
      hooks.set(`${name} ${activity}`, async () => {
        hooks.delete(`${name} ${activity}`);
        reached.resolve();
        while (!isReleased) {
          heartbeat();
          await Promise.race([
            released.promise,
            delay(100, undefined, { signal: Context.current().cancellationSignal }),
          ]);
        }
      });
      return { reached: reached.promise, release: released.resolve };
    },
  };
}

function nameOf(input: unknown): string {
  if (typeof input !== 'object' || input === null) return '';
  if (
    'tenant' in input &&
    typeof input.tenant === 'object' &&
    input.tenant !== null &&
    'name' in input.tenant
  )
    return String(input.tenant.name);
  if ('tenantCluster' in input) return String(input.tenantCluster);
  return 'uid' in input ? String(input.uid).replace(/^uid-/, '') : '';
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
