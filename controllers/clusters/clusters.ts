import packageJson from '../../package.json' with { type: 'json' };
import { recordEvent } from '../../adapters/kubernetes/events.ts';
import type { Stored } from '../../adapters/kubernetes/resources.ts';
import { platformAccounts } from '../../contracts/agents.ts';
import { managedKinds } from '../../contracts/kinds.ts';
import { clusterCredentialSecret, managementApiVersion, writers } from '../../contracts/names.ts';
import type { Cluster, ClusterStatus } from '../../contracts/resources/cluster.ts';
import type { Condition } from '../../contracts/resources/condition.ts';
import { knownPlace } from '../../domain/placement/known-place.ts';
import {
  agentVersionCondition,
  type ClusterHealth,
  type ClusterNotice,
  clusterNotice,
  saidText,
  versionSkew,
  writingUrgency,
} from '../../domain/status/cluster-health.ts';
import {
  type ClusterFacts,
  type ClusterObstacle,
  clusterOutlook,
  type ClusterState,
} from '../../domain/status/cluster-status.ts';
import { type ConditionState, withCondition, withoutCondition } from '../../domain/status/conditions.ts';
import { withConfigurationReadiness } from '../../domain/status/configuration-readiness.ts';
import { instanceCache } from '../caches.ts';
import { type Controller, type ControllerContext, resync } from '../controller.ts';
import { changedClusters } from './agent-records.ts';
import { type Answers, failuresToTell } from './checked-cluster.ts';
import { clusterOfSecret, credentialSecret } from './credential-secret.ts';

/** Condition that is False while the cluster of `spec.config` is not connected (configured-clusters.ts). */
export const configConnected = 'ConfigConnected';
/** Condition that is False while an agent does not give the platform's credentials (agent-credentials.ts). */
export const credentialsCurrent = 'CredentialsCurrent';
/** Condition that is False while a connected agent does not say how its cluster is doing. */
const healthKnown = 'HealthKnown';
/** Condition that is True while tenants are there: admission refuses a delete by it (deploy/management/policy-deletion.yaml). */
const deletionPrevented = 'DeletionPrevented';

/** Between two writes of measured values. */
const writeMs = 60_000;

/** Phase, contact and health of every connected cluster; what people should see of them is an event, too. */
export function clusters(context: ControllerContext): Controller {
  const { caches, client, resources, agents, checks, logger } = context;
  const startedAt = performance.now();
  const tenants = countTenants(context);
  /** By cluster: when its status was written last, by `performance.now()`. */
  const writtenAt = new Map<string, number>();
  /** By cluster: the refusal that was told last. */
  const toldRefusals = new Map<string, number>();

  function factsOf(cluster: Stored<Cluster>): ClusterFacts {
    const { name, uid } = cluster.metadata;
    const agent = agents.readSince === undefined ? 'unknown' : agents.get(uid);
    // One with an agent is not initialised before it was tried, which takes the controllers' own.
    const needed = cluster.spec.networkPeer === true ? platformAccounts : (['gateway', 'worker'] as const);
    const missing = needed.filter((account) => credentialSecret(caches, name, account) === undefined);
    const isReachable = credentialSecret(caches, name, 'controllers') !== undefined;
    const obstacle = cluster.status?.conditions?.find(
      ({ type }) => type === configConnected || type === credentialsCurrent,
    );
    return {
      obstacle: obstacleOf(cluster),
      missingCredentials: missing.map((account) => clusterCredentialSecret(name, account)),
      credentialObstacle: obstacle && {
        reason: obstacle.reason ?? 'Failed',
        message: obstacle.message ?? '',
      },
      agent,
      contact: isReachable ? contactOf(checks.get(name)?.platform) : undefined,
      watchedSince: (typeof agent === 'object' ? agents.readSince : undefined) ?? startedBy(agents.now()),
    };
  }

  /** When this process began, by the clock that says `now`. */
  const startedBy = (now: Date) => new Date(now.getTime() - (performance.now() - startedAt));

  function obstacleOf({ metadata, spec }: Stored<Cluster>): ClusterObstacle | undefined {
    const [first] = caches.clusters
      .list()
      .filter((other) => other.spec.local === true)
      .sort(byAge);
    if (spec.local === true && first !== undefined && first.metadata.name !== metadata.name) {
      const message = `The platform's own cluster is already "${first.metadata.name}"; there can be only one`;
      return { reason: 'LocalClient', message };
    }
    if (agents.refusal(metadata.uid)?.reason !== 'ClusterUID') return undefined;
    const message =
      'Its agent was refused: it runs in a cluster that is connected already, as another Cluster. Delete one of the two';
    return { reason: 'ClusterUID', message };
  }

  function healthOf({ name, uid }: Stored<Cluster>['metadata']): ClusterHealth {
    const { agentVersion, kubernetesVersion } = agents.get(uid) ?? {};
    return {
      ...(agentVersion === undefined ? {} : { agentVersion: saidText(agentVersion) }),
      ...(kubernetesVersion ? { kubernetesVersion: saidText(kubernetesVersion) } : {}),
      ...checks.get(name)?.health,
      tenants: tenants.in(name),
    };
  }

  function conditionsOf(cluster: Stored<Cluster>): readonly Condition[] {
    const { name, uid } = cluster.metadata;
    const agent = agents.get(uid);
    const answers = agent?.isThere === true ? checks.get(name)?.agent : undefined;
    const now = new Date().toISOString();
    const set = (
      conditions: readonly Condition[] | undefined,
      type: string,
      state: ConditionState | undefined,
    ) => (state === undefined ? withoutCondition(conditions, type) : withCondition(conditions, state, now));
    const versioned = set(
      cluster.status?.conditions,
      agentVersionCondition,
      versionSkew(agent && saidText(agent.agentVersion), packageJson.version),
    );
    const checkedToo = set(versioned, healthKnown, unknownHealth(answers));
    return set(checkedToo, deletionPrevented, tenantsLive(tenants.in(name)));
  }

  /** @returns how long, in milliseconds, what is left can wait; undefined: nothing is left */
  async function write(
    cluster: Stored<Cluster>,
    after: ClusterState & ClusterHealth,
  ): Promise<number | undefined> {
    const { name, resourceVersion, generation: observedGeneration } = cluster.metadata;
    const before = { phase: '' as const, reason: '', message: '', ...cluster.status };
    const known = cluster.status?.conditions ?? [];
    const found = conditionsOf(cluster);
    const now = new Date().toISOString();
    const told = { ...cluster, status: { ...cluster.status, ...after } };
    // With what it follows from: kstatus reads conditions alone, and never sees the one without the other.
    const conditions = withConfigurationReadiness('clusters', told, found, now) ?? found;
    const haveChanged = conditions !== known && conditions.length + known.length > 0;
    const isFirst = cluster.status?.phase === undefined;
    const urgency = haveChanged || isFirst ? 'now' : writingUrgency(before, after);
    if (urgency === undefined) return undefined;
    const dueMs = (writtenAt.get(name) ?? -writeMs) + writeMs - performance.now();
    if (urgency === 'later' && dueMs > 0) return dueMs;
    writtenAt.set(name, performance.now());
    await resources.clusters.patchStatus(
      { name },
      { ...withdrawn(before), ...after, ...(haveChanged ? { conditions, observedGeneration } : {}) },
      haveChanged ? resourceVersion : undefined,
    );
    const notice = clusterNotice(before, after);
    if (notice !== undefined) await tell(cluster, notice, Date.now());
    return undefined;
  }

  /** @param key part of a name: the same one is one event */
  async function tell(cluster: Stored<Cluster>, notice: ClusterNotice, key: number): Promise<void> {
    const { name, uid } = cluster.metadata;
    logger.info({ cluster: name, reason: notice.reason }, notice.message);
    const regarding = { apiVersion: managementApiVersion, kind: 'Cluster', metadata: { name, uid } };
    const event = { ...notice, key: `${notice.reason.toLowerCase()}-${key}`, action: 'Connect' };
    await recordEvent(client, writers.controllers, regarding, event).catch((err: unknown) =>
      logger.warn({ err, cluster: name }, 'failed to record an event'),
    );
  }

  /** Of another cluster's agent, which changes nothing for this one. */
  async function tellRefusal(cluster: Stored<Cluster>): Promise<void> {
    const { name, uid } = cluster.metadata;
    const refusal = agents.refusal(uid);
    if (refusal?.reason !== 'OtherCluster') return;
    // It asks again every few minutes, and an event lasts an hour.
    const at = refusal.refusedAt.getTime();
    if (at - (toldRefusals.get(name) ?? 0) < 3_600_000) return;
    toldRefusals.set(name, at);
    const message =
      'An agent in another cluster asked to be the one of this Cluster, with a join key for it, and was refused';
    await tell(cluster, { type: 'Warning', reason: 'JoinRefused', message }, at);
  }

  return {
    name: 'clusters',
    async reconcile(name) {
      const cluster = caches.clusters.get(name);
      if (cluster === undefined) {
        writtenAt.delete(name);
        toldRefusals.delete(name);
        return undefined;
      }
      const facts = factsOf(cluster);
      const now = agents.now();
      const outlook = clusterOutlook(cluster, facts, now);
      if (outlook === undefined) return resync;
      await tellRefusal(cluster);
      const leftMs = await write(cluster, { ...outlook.state, ...healthOf(cluster.metadata) });
      const againMs = (outlook.lookAgainAt?.getTime() ?? Infinity) - now.getTime();
      return { requeueAfterMs: Math.min(resync.requeueAfterMs, leftMs ?? Infinity, againMs) };
    },
    watch(add) {
      const addLocal = () => {
        for (const { metadata, spec } of caches.clusters.list()) if (spec.local === true) add(metadata.name);
      };
      caches.clusters.onChange((name) => {
        add(name);
        addLocal();
      });
      caches.platformSecrets.onChange((key) => {
        const name = clusterOfSecret(key);
        if (name !== undefined) add(name);
      });
      agents.onChange((uid) => {
        for (const name of changedClusters(caches, uid)) add(name);
      });
      checks.onChecked(add);
      tenants.onChange(add);
    },
  };
}

function contactOf(answers: Answers | undefined): ClusterFacts['contact'] {
  const { failures, lastSeen, fault } = answers ?? { failures: 0 };
  const isThere = failures < failuresToTell;
  return isThere && lastSeen === undefined ? 'untried' : { isThere, lastSeen, fault };
}

function unknownHealth(answers: Answers | undefined): ConditionState | undefined {
  if (answers === undefined || answers.failures < failuresToTell) return undefined;
  const message = answers.fault ?? '';
  return { type: healthKnown, status: 'False', severity: 'Warning', reason: 'HealthCheckCluster', message };
}

function tenantsLive(count: number): ConditionState | undefined {
  if (count === 0) return undefined;
  const message = `${count} ${count === 1 ? 'tenant cluster or space is' : 'tenant clusters and spaces are'} there: delete them first`;
  return { type: deletionPrevented, status: 'True', reason: 'TenantsLive', message };
}

/** What a status says that the next one may not say: a merge patch leaves it otherwise. */
function withdrawn({ online, lastSeen }: ClusterStatus): object {
  return {
    ...(online === undefined ? {} : { online: null }),
    ...(lastSeen === undefined ? {} : { lastSeen: null }),
  };
}

interface TenantCounts {
  in(cluster: string): number;
  /** Calls `handler` with each cluster whose count may have changed. */
  onChange(handler: (cluster: string) => void): void;
}

/** Tenant clusters and spaces by connected cluster, counted again when somebody asks after a change. */
function countTenants({ caches }: Pick<ControllerContext, 'caches'>): TenantCounts {
  let counts: Map<string, number> | undefined;
  const told: ((cluster: string) => void)[] = [];
  for (const kind of managedKinds) {
    const cache = instanceCache(caches, kind);
    cache.onChange((key) => {
      counts = undefined;
      const instance = cache.get(key);
      // Where one was that is gone is not known any more.
      const places =
        instance === undefined
          ? caches.clusters.list().map(({ metadata }) => metadata.name)
          : [knownPlace(instance).cluster];
      for (const place of places) if (place !== undefined) for (const handler of told) handler(place);
    });
  }
  return {
    in(cluster) {
      counts ??= managedKinds
        .flatMap((kind) => instanceCache(caches, kind).list())
        .reduce((found, instance) => {
          const { cluster: placed } = knownPlace(instance);
          return placed === undefined ? found : found.set(placed, (found.get(placed) ?? 0) + 1);
        }, new Map<string, number>());
      return counts.get(cluster) ?? 0;
    },
    onChange: (handler) => void told.push(handler),
  };
}

function byAge(a: Stored<Cluster>, b: Stored<Cluster>): number {
  const [left, right] = [a, b].map(({ metadata }) => `${metadata.creationTimestamp} ${metadata.name}`) as [
    string,
    string,
  ];
  return left < right ? -1 : 1;
}
