import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeConfig } from '@kubernetes/client-node';
import type { FollowedObject } from '../../adapters/applied-objects.ts';
import { kubernetesFailure, orUndefined, statusOf } from '../../adapters/kubernetes/failures.ts';
import { lastChanger } from '../../adapters/kubernetes/field-owners.ts';
import {
  impersonationShard,
  impersonationShards,
  shardName,
} from '../../adapters/kubernetes/impersonation-roles.ts';
import {
  applyRbac,
  deleteRbac,
  rbacContent,
  rbacManifest,
  type RbacObject,
  rbacPath,
  settleMs,
  type StoredRbac,
} from '../../adapters/kubernetes/rbac-objects.ts';
import { requestJson } from '../../adapters/kubernetes/request.ts';
import type { Stored } from '../../adapters/kubernetes/resources.ts';
import {
  annotations,
  clusterCredentialSecret,
  everybodyGroup,
  fieldManagers,
  managementApiVersion,
  platformNamespace,
} from '../../contracts/names.ts';
import type { Cluster } from '../../contracts/resources/cluster.ts';
import { contentHash } from '../../domain/content-hash.ts';
import { impersonatedNames } from '../../domain/accounts/identity-names.ts';
import { administratorGroups } from '../../domain/accounts/platform-administrators.ts';
import { shardDigits } from '../../domain/access/shards.ts';
import { managementNamespaceOf } from '../../domain/placement/host-namespace.ts';
import type { Controller, ControllerContext } from '../controller.ts';
import { type Drift, uncontested } from '../drift/put-backs.ts';
import type { Problem } from '../instances/instance-conditions.ts';
import { setClusterConditions } from './cluster-conditions.ts';

const repairMs = 60_000;
const roleName = 'vcluster-platform:gateway-users';
/** The controllers have rights on these names and no others (deploy/charts/vcluster-platform/connected-cluster/controllers.yaml). */
const shardDepth = 1;
const identitiesSynced = 'IdentitiesSynced';

/** What was written to a connected cluster: hashes by kind and name, and when all of it was written. */
interface Written {
  readonly at: number;
  readonly hashes: ReadonlyMap<string, string>;
}

/**
 * In every connected cluster: the names that the gateway may impersonate there (existing users and groups), and that
 * the platform's administrators administer it. The objects, and the right to write them and no others, are in
 * deploy/charts/vcluster-platform/connected-cluster; many names are in several roles, of which a change writes one. Condition `IdentitiesSynced`
 * of the Cluster says what failed.
 */
export function clusterIdentities({ caches, clusters, resources, putBacks }: ControllerContext): Controller {
  const written = new Map<string, Written>();

  return {
    name: 'cluster-identities',
    groupOf: (name) => name,
    async reconcile(name) {
      const cluster = caches.clusters.get(name);
      const secret = `${platformNamespace}/${clusterCredentialSecret(name, 'controllers')}`;
      const isWritten = cluster !== undefined && caches.platformSecrets.get(secret) !== undefined;
      // What is removed must not come back.
      if (!isWritten || cluster.metadata.annotations?.[annotations.disconnecting] !== undefined) {
        written.delete(name);
        return undefined;
      }
      const { kubeConfig } = await clusters.client(name);
      const isOutdated = await sync(cluster, kubeConfig).catch(async (error: unknown) => {
        written.delete(name);
        await setClusterConditions({ resources }, cluster, { [identitiesSynced]: failed(error) });
        throw error;
      });
      await setClusterConditions({ resources }, cluster, {
        [identitiesSynced]: isOutdated ? outdated : undefined,
        [uncontested]: putBacks.problemOf(cluster.metadata.uid),
      });
      return { requeueAfterMs: repairMs };
    },
    watch(add) {
      const addAll = () => {
        for (const { metadata } of caches.clusters.list()) add(metadata.name);
      };
      caches.clusters.onChange(add);
      caches.users.onChange(addAll);
      caches.teams.onChange(addAll);
      caches.platformSecrets.onChange(addAll);
    },
  };

  /** @returns whether the cluster does not let us write parts, so that all names are in one role */
  async function sync({ metadata, spec }: Stored<Cluster>, kubeConfig: KubeConfig): Promise<boolean> {
    const { name, uid } = metadata;
    const namespace = managementNamespaceOf(spec);
    const before = written.get(name);
    const isKnown = before !== undefined && performance.now() < before.at + repairMs;
    const owner = {
      apiVersion: managementApiVersion,
      kind: 'Cluster',
      metadata: { name, uid },
      cluster: name,
    };
    const putBack = async (drift: Drift, apply: () => Promise<unknown>) => {
      if (putBacks.pauseOf(uid, drift) > 0) return;
      await apply();
      await putBacks.note(owner, drift);
    };
    const known: Written = isKnown ? before : { at: performance.now(), hashes: new Map() };
    try {
      written.set(name, await write(kubeConfig, desired(shardDepth, namespace), { known, before, putBack }));
      return false;
    } catch (error) {
      if (statusOf(error) !== 403) throw error;
      written.set(name, await write(kubeConfig, desired(0, namespace), { known, before: known, putBack }));
      return impersonationShards(names(), shardDepth).size > 1;
    }
  }

  function names() {
    const { users, groups } = impersonatedNames(caches.users.list(), caches.teams.list());
    return { users, groups: [...groups, everybodyGroup] };
  }

  /**
   * @param depth 0: all names in one role
   * @param namespace of the gateway's service account there
   */
  function desired(depth: number, namespace: string): RbacObject[] {
    const account = { kind: 'ServiceAccount', name: 'gateway', namespace } as const;
    const shards = impersonationShards(names(), depth);
    const parts = [...shards].filter(([suffix]) => suffix !== '');
    return [
      ...parts.flatMap(([suffix, rules]) => impersonationShard(shardName(roleName, suffix), rules, account)),
      // Its binding is deploy/charts/vcluster-platform/connected-cluster's.
      { kind: 'ClusterRole', name: roleName, rules: shards.get('') ?? [] },
      {
        kind: 'ClusterRoleBinding',
        name: 'vcluster-platform:administrators',
        role: { kind: 'ClusterRole', name: 'cluster-admin' },
        subjects: administratorGroups(caches.users.list(), caches.teams.list()).map((group) => ({
          kind: 'Group',
          name: group,
        })),
      },
    ];
  }
}

/**
 * Writes what is not `known` to be there. What gives names comes first; what takes them away from where they were, once
 * the API server had time to see that.
 * @param how.before what an earlier call wrote; without it, all parts that there may be are looked for
 * @param how.putBack called with what an earlier call wrote and somebody has changed since, and what writes it again
 */
async function write(
  kubeConfig: KubeConfig,
  desired: readonly RbacObject[],
  {
    known,
    before,
    putBack,
  }: {
    readonly known: Written;
    readonly before: Written | undefined;
    readonly putBack: (drift: Drift, apply: () => Promise<unknown>) => Promise<void>;
  },
): Promise<Written> {
  const hashes = new Map(desired.map((object) => [keyOf(object), contentHash(object)]));
  const changed = desired.filter((object) => known.hashes.get(keyOf(object)) !== hashes.get(keyOf(object)));
  const isEmpty = (object: RbacObject) => 'rules' in object && object.rules.length === 0;
  const apply = async (object: RbacObject) => {
    const manifest = rbacManifest(object, { labels: {}, annotations: {} });
    const write = () => applyRbac(kubeConfig, manifest, fieldManagers.controllers);
    if (before?.hashes.get(keyOf(object)) !== hashes.get(keyOf(object))) return void (await write());
    const drift = await findDrift(kubeConfig, manifest);
    if (drift !== undefined) await putBack(drift, write);
  };
  const giving = changed.filter((object) => !isEmpty(object));
  for (const object of giving) await apply(object);
  const stale = shardDigits
    .map((suffix) => ({ kind: 'ClusterRole' as const, name: shardName(roleName, suffix) }))
    .filter((role) => !hashes.has(keyOf(role)) && (before === undefined || before.hashes.has(keyOf(role))));
  const emptied = changed.filter(isEmpty);
  if (giving.length > 0 && stale.length + emptied.length > 0) await sleep(settleMs);
  for (const object of emptied) await apply(object);
  for (const { name } of stale) await deleteShard(kubeConfig, name);
  return { at: known.at, hashes };
}

/** What is not as it was written. @throws ApiException */
async function findDrift(
  kubeConfig: KubeConfig,
  manifest: ReturnType<typeof rbacManifest>,
): Promise<Drift | undefined> {
  const { kind, metadata } = manifest;
  const path = `${rbacPath(kind)}/${encodeURIComponent(metadata.name)}`;
  const found = (await orUndefined(requestJson(kubeConfig, { path }))) as
    | (StoredRbac & FollowedObject)
    | undefined;
  if (found !== undefined && rbacContent(found) === rbacContent(manifest)) return undefined;
  const how = found === undefined ? 'deleted' : 'changed';
  return { kind, name: metadata.name, how, by: lastChanger(found?.metadata.managedFields) };
}

async function deleteShard(kubeConfig: KubeConfig, name: string): Promise<void> {
  try {
    await deleteRbac(kubeConfig, 'ClusterRoleBinding', name);
    await deleteRbac(kubeConfig, 'ClusterRole', name);
  } catch (error) {
    if (statusOf(error) !== 403) throw error; // without the right to make any, there is none
  }
}

function keyOf({ kind, name }: Pick<RbacObject, 'kind' | 'name'>): string {
  return `${kind} ${name}`;
}

const outdated: Problem = {
  severity: 'Warning',
  reason: 'ManifestsOutdated',
  message:
    'The names of all users are in one role, which cannot hold more than 1.5 MiB: apply deploy/charts/vcluster-platform/connected-cluster in this cluster again, which lets the platform write several',
};

function failed(error: unknown): Problem {
  const { message } = kubernetesFailure('writing whom the gateway may act as in this cluster', error);
  return { severity: 'Error', reason: 'Failed', message };
}
