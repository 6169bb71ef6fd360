import { callKubernetes } from '../../adapters/kubernetes/failures.ts';
import { instanceResources, type Stored } from '../../adapters/kubernetes/resources.ts';
import { type ManagedKind, managedKinds } from '../../contracts/kinds.ts';
import { clusterCredentialSecret, labels, platformNamespace } from '../../contracts/names.ts';
import type { UnclaimedNamespace } from '../../contracts/resources/cluster.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import { withCondition, withoutCondition } from '../../domain/conditions.ts';
import { isProvisioned } from '../../domain/desired-state.ts';
import { knownPlace } from '../../domain/known-place.ts';
import {
  type Claim,
  lacksNamespace,
  type ManagedNamespace,
  uidsOf,
  unclaimedNamespaces as unclaimed,
} from '../../domain/unclaimed-namespaces.ts';
import { instanceCache } from '../caches.ts';
import type { Controller, ControllerContext } from '../controller.ts';

const type = 'NamespacesClaimed';
const missingType = 'NamespaceFound';
const lookAgain = { requeueAfterMs: 60_000 };
/** As many as a status says. */
const maxTold = 100;

/**
 * Once a minute, compares the namespaces that carry an instance's uid in every connected cluster with the tenant
 * clusters and spaces there are. What has no namespace says so (condition `NamespaceFound`). What belongs to none is
 * reported in the cluster's status (condition `NamespacesClaimed`, `unclaimedNamespaces`) and the log, and left alone: an
 * administrator says what becomes of it (`vcp delete unclaimed-namespace`).
 */
export function unclaimedNamespaces({ caches, clusters, resources, logger }: ControllerContext): Controller {
  /** Asked again, as a cache may lag behind what has just been made. */
  async function claims(): Promise<Claim[]> {
    const lists = await Promise.all(managedKinds.map((kind) => instanceResources(resources, kind).list()));
    return lists.flat().map(toClaim);
  }

  async function namespacesOf(name: string): Promise<ManagedNamespace[]> {
    const { core } = await clusters.client(name);
    const list = core.listNamespace({ labelSelector: labels.instanceUid });
    return (await callKubernetes(`reading the namespaces of cluster ${name}`, list)).items;
  }

  async function find(name: string, items: readonly ManagedNamespace[]): Promise<UnclaimedNamespace[]> {
    const cached = managedKinds.flatMap((kind) => instanceCache(caches, kind).list()).map(toClaim);
    const suspected = unclaimed(name, items, cached);
    return suspected.length === 0 ? [] : unclaimed(name, items, await claims());
  }

  /** The other way round: what says that it is there, and has no namespace. */
  async function sayMissing(
    name: string,
    known: readonly Known[],
    namespaces: readonly ManagedNamespace[],
  ): Promise<void> {
    const present = uidsOf(namespaces);
    for (const { kind, instance } of known) {
      const { metadata, status } = instance;
      const lacks = lacksNamespace(name, present, {
        ...toClaim(instance),
        made: isProvisioned(instance),
        leaves: metadata.deletionTimestamp !== undefined,
      });
      const reported = status?.conditions?.some((condition) => condition.type === missingType) === true;
      if (lacks === reported || toClaim(instance).cluster !== name) continue;
      const conditions = lacks
        ? withCondition(status?.conditions, missing(name), new Date().toISOString())
        : withoutCondition(status?.conditions, missingType);
      const object = { namespace: metadata.namespace ?? '', name: metadata.name };
      await instanceResources(resources, kind).patchStatus(object, { conditions }, metadata.resourceVersion);
    }
  }

  return {
    name: 'unclaimed-namespaces',
    async reconcile(name) {
      const cluster = caches.clusters.get(name);
      const secret = `${platformNamespace}/${clusterCredentialSecret(name, 'controllers')}`;
      if (cluster === undefined || caches.platformSecrets.get(secret) === undefined) return undefined;
      // Before the namespaces are read: what is made meanwhile has one.
      const known = managedKinds.flatMap((kind) =>
        instanceCache(caches, kind)
          .list()
          .map((instance) => ({ kind, instance })),
      );
      const namespaces = await namespacesOf(name);
      await sayMissing(name, known, namespaces);
      const found = await find(name, namespaces);
      const state = stateOf(found);
      const conditions = withCondition(cluster.status?.conditions, state, new Date().toISOString());
      if (conditions === cluster.status?.conditions) return lookAgain;
      await resources.clusters.patchStatus(
        { name },
        { conditions, unclaimedNamespaces: found.slice(0, maxTold) },
        cluster.metadata.resourceVersion,
      );
      if (found.length > 0)
        logger.warn({ cluster: name, unclaimedNamespaces: found.slice(0, maxTold) }, state.message);
      return lookAgain;
    },
    watch(add) {
      caches.clusters.onChange(add);
      caches.platformSecrets.onChange(() => {
        for (const { metadata } of caches.clusters.list()) add(metadata.name);
      });
      // What goes without having been undone is seen at once.
      for (const kind of managedKinds)
        instanceCache(caches, kind).onChange((key) => {
          if (instanceCache(caches, kind).get(key) !== undefined) return;
          for (const { metadata } of caches.clusters.list()) add(metadata.name);
        });
    },
  };
}

function stateOf(found: readonly UnclaimedNamespace[]) {
  if (found.length === 0) return { type, status: 'True', reason: 'AllClaimed', message: '' } as const;
  const names = found.slice(0, 5).map(({ name }) => name);
  const more = found.length > names.length ? ` and ${found.length - names.length} more` : '';
  return {
    type,
    status: 'False',
    severity: 'Warning',
    reason: 'Unclaimed',
    message: `Namespaces of the platform that belong to no existing tenant cluster or space, and whose pods may still run: ${names.join(', ')}${more}. Inspect them, then delete them with "vcp delete unclaimed-namespace"`,
  } as const;
}

function missing(cluster: string) {
  return {
    type: missingType,
    status: 'False',
    severity: 'Error',
    reason: 'Missing',
    message: `Its namespace is missing in cluster ${cluster}: it was deleted there, or our label was removed from it`,
  } as const;
}

interface Known {
  readonly kind: ManagedKind;
  readonly instance: Stored<ManagedInstance>;
}

function toClaim(instance: ManagedInstance): Claim {
  return { uid: instance.metadata.uid, cluster: knownPlace(instance).cluster };
}
