import { callKubernetes } from '../../adapters/kubernetes/failures.ts';
import { acceptMetadata, requestJson } from '../../adapters/kubernetes/request.ts';
import { instanceResources, type Stored } from '../../adapters/kubernetes/resources.ts';
import type { ErrorCode } from '../../contracts/errors.ts';
import { kindNames, type ManagedKind, managedKinds } from '../../contracts/kinds.ts';
import { annotations, clusterCredentialSecret, labels, platformNamespace } from '../../contracts/names.ts';
import type { UnclaimedNamespace } from '../../contracts/resources/cluster.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import { withCondition } from '../../domain/status/conditions.ts';
import {
  controlPlaneReachable,
  isProvisioned,
  lossNoted,
  namespaceFound,
} from '../../domain/lifecycle/desired-state.ts';
import { knownPlace } from '../../domain/placement/known-place.ts';
import { descriptorOf } from '../../domain/kinds/kinds.ts';
import {
  type Claim,
  lostNamespace,
  type ManagedNamespace,
  namespacesByUid,
  stuckNamespaces,
  unclaimedNamespaces as unclaimed,
} from '../../domain/placement/unclaimed-namespaces.ts';
import { instanceCache } from '../caches.ts';
import type { Controller, ControllerContext } from '../controller.ts';
import { type Problem, setConditions } from './instance-conditions.ts';

const type = 'NamespacesClaimed';
const lostCode = 'namespace_missing' satisfies ErrorCode;
const lookAgain = { requeueAfterMs: 30_000 };
/** As many as a status says. */
const maxTold = 100;

/**
 * Twice a minute, compares the namespaces that carry an instance's uid in every connected cluster with the tenant
 * clusters and spaces there are. What has no namespace is Failed and says so (condition `NamespaceFound`). What belongs to none is
 * reported in the cluster's status (condition `NamespacesClaimed`, `unclaimedNamespaces`) and the log, and left alone: an
 * administrator says what becomes of it (`vcp delete unclaimed-namespace`). So is one that Kubernetes does not get rid of
 * after its instance was deleted.
 */
export function unclaimedNamespaces(context: ControllerContext): Controller {
  const { caches, clusters, resources, logger } = context;
  /** Asked again, as a cache may lag behind what has just been made. */
  async function claims(): Promise<Claim[]> {
    const lists = await Promise.all(managedKinds.map((kind) => instanceResources(resources, kind).list()));
    return lists.flat().map(toClaim);
  }

  async function namespacesOf(name: string): Promise<ManagedNamespace[]> {
    const { kubeConfig } = await clusters.client(name);
    // There may be tens of thousands, and it is asked twice a minute: only what is looked at, and not made into typed objects.
    const list = requestJson(kubeConfig, {
      path: `/api/v1/namespaces?labelSelector=${encodeURIComponent(labels.instanceUid)}`,
      accept: acceptMetadata('PartialObjectMetadataList'),
    });
    const answer = await callKubernetes(`reading the namespaces of cluster ${name}`, list);
    return (answer as { items: ManagedNamespace[] | null }).items ?? [];
  }

  async function find(name: string, items: readonly ManagedNamespace[]): Promise<Found> {
    const cached = managedKinds.flatMap((kind) => instanceCache(caches, kind).list()).map(toClaim);
    const among = (known: readonly Claim[]) => ({
      unclaimed: unclaimed(name, items, known),
      stuck: stuckNamespaces(name, items, known, Date.now()),
    });
    const suspected = among(cached);
    return suspected.unclaimed.length + suspected.stuck.length === 0 ? suspected : among(await claims());
  }

  /** The other way round: what says that it is there, and has no namespace. */
  async function sayMissing(
    name: string,
    known: readonly Known[],
    namespaces: readonly ManagedNamespace[],
  ): Promise<void> {
    const present = namespacesByUid(namespaces);
    for (const { kind, instance } of known) {
      const { metadata, status } = instance;
      const lost = lostNamespace(name, present, {
        ...toClaim(instance),
        made: isProvisioned(instance),
        leaves: metadata.deletionTimestamp !== undefined,
      });
      if (toClaim(instance).cluster !== name) continue;
      if (lost !== undefined) {
        const problem = lostProblem(kind, name, lost);
        const { ready } = descriptorOf(kind).conditions;
        const problems = {
          ...{ [namespaceFound]: problem, [ready]: problem },
          // No wonder.
          [controlPlaneReachable]: undefined,
        };
        await setConditions(context, kind, instance, problems, {
          ...lossNoted(instance),
          phase: 'Failed',
          reason: lostCode,
          message: problem.message,
        });
      } else if (status?.conditions?.some((condition) => condition.type === namespaceFound) === true)
        await sayFound(kind, instance);
    }
  }

  /** It is as it was before, unless an operation has said something else since. */
  async function sayFound(kind: ManagedKind, instance: Stored<ManagedInstance>): Promise<void> {
    const { metadata, status } = instance;
    if (status?.phase !== 'Failed')
      return setConditions(context, kind, instance, { [namespaceFound]: undefined });
    const sleeps = metadata.annotations?.[annotations.sleepingSince] !== undefined;
    const ready = sleeps
      ? ({ severity: 'Info', reason: 'Sleeping', message: '' } as const)
      : ({ status: 'True' } as const);
    await setConditions(
      context,
      kind,
      instance,
      { [namespaceFound]: undefined, [descriptorOf(kind).conditions.ready]: ready },
      { phase: sleeps ? 'Sleeping' : 'Ready', reason: null, message: null },
    );
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
        { conditions, unclaimedNamespaces: found.unclaimed.slice(0, maxTold) },
        cluster.metadata.resourceVersion,
      );
      if (state.status === 'False')
        logger.warn({ cluster: name, unclaimedNamespaces: found.unclaimed.slice(0, maxTold) }, state.message);
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

function stateOf({ unclaimed: found, stuck }: Found) {
  if (found.length + stuck.length === 0)
    return { type, status: 'True', reason: 'AllClaimed', message: '' } as const;
  const list = (names: readonly string[]) =>
    `${names.slice(0, 5).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}`;
  const left = `Namespaces of the platform that belong to no existing tenant cluster or space, and whose pods may still run: ${list(found.map(({ name }) => name))}. Inspect them, then delete them with "vcp delete unclaimed-namespace"`;
  const held = stuck.map(({ name, waitsFor }) => (waitsFor === '' ? name : `${name} (${waitsFor})`));
  const going = `Namespaces of deleted tenant clusters or spaces that Kubernetes does not get rid of: ${list(held)}`;
  return {
    type,
    status: 'False',
    severity: 'Warning',
    reason: found.length > 0 ? 'Unclaimed' : 'DeletionStuck',
    message: [...(found.length > 0 ? [left] : []), ...(stuck.length > 0 ? [going] : [])].join('. '),
  } as const;
}

interface Found {
  readonly unclaimed: UnclaimedNamespace[];
  readonly stuck: ReturnType<typeof stuckNamespaces>;
}

function lostProblem(kind: ManagedKind, cluster: string, lost: 'Missing' | 'Deleting'): Problem {
  const how =
    lost === 'Deleting'
      ? 'is being deleted'
      : 'is missing: it was deleted there, or our label was removed from it';
  return {
    severity: 'Error',
    reason: `Namespace${lost}`,
    message: `Its namespace in cluster ${cluster} ${how}. ${kindNames[kind].namespace.remedy}`,
  };
}

interface Known {
  readonly kind: ManagedKind;
  readonly instance: Stored<ManagedInstance>;
}

function toClaim(instance: ManagedInstance): Claim {
  return { uid: instance.metadata.uid, cluster: knownPlace(instance).cluster };
}
