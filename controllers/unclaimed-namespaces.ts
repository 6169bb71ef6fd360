import { kubernetesFailure } from '../adapters/kubernetes/failures.ts';
import { clusterCredentialSecret, labels, platformNamespace } from '../contracts/names.ts';
import type { UnclaimedNamespace } from '../contracts/resources/cluster.ts';
import { withCondition } from '../domain/conditions.ts';
import { type Claim, unclaimedNamespaces as unclaimed } from '../domain/unclaimed-namespaces.ts';
import type { Controller, ControllerContext } from './controller.ts';

const type = 'NamespacesClaimed';
const lookAgain = { requeueAfterMs: 60_000 };
/** As many as a status says. */
const maxTold = 100;

/**
 * Once a minute, compares the namespaces that carry an instance's uid in every connected cluster with the tenant
 * clusters and spaces there are. What belongs to none is told in the cluster's status (condition `NamespacesClaimed`,
 * `unclaimedNamespaces`) and the log, and left alone: an administrator says what becomes of it
 * (`vcp delete unclaimed-namespace`).
 */
export function unclaimedNamespaces({ caches, clusters, resources, logger }: ControllerContext): Controller {
  /** Asked anew, as a cache may lag behind what has just been made. */
  async function claims(): Promise<Claim[]> {
    const [tenants, spaces] = await Promise.all([
      resources.virtualclusterinstances.list(),
      resources.spaceinstances.list(),
    ]);
    return [...tenants, ...spaces].map(toClaim);
  }

  async function find(name: string): Promise<UnclaimedNamespace[]> {
    const { core } = await clusters.client(name);
    const { items } = await core
      .listNamespace({ labelSelector: labels.instanceUid })
      .catch((error: unknown) => {
        throw kubernetesFailure(`reading the namespaces of cluster ${name}`, error);
      });
    const cached = [...caches.virtualclusterinstances.list(), ...caches.spaceinstances.list()].map(toClaim);
    const suspected = unclaimed(name, items, cached);
    return suspected.length === 0 ? [] : unclaimed(name, items, await claims());
  }

  return {
    name: 'unclaimed-namespaces',
    async reconcile(name) {
      const cluster = caches.clusters.get(name);
      const secret = `${platformNamespace}/${clusterCredentialSecret(name, 'controllers')}`;
      if (cluster === undefined || caches.platformSecrets.get(secret) === undefined) return undefined;
      const found = await find(name);
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
      for (const kind of ['virtualclusterinstances', 'spaceinstances'] as const)
        caches[kind].onChange((key) => {
          if (caches[kind].get(key) !== undefined) return;
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
    message: `Namespaces of the platform that belong to nothing that is there, and may run on unseen: ${names.join(', ')}${more}. Look at them, then delete them with "vcp delete unclaimed-namespace"`,
  } as const;
}

function toClaim({
  metadata,
  spec,
}: {
  metadata: { uid?: string };
  spec?: { clusterRef?: { cluster?: string } };
}): Claim {
  return { uid: metadata.uid, cluster: spec?.clusterRef?.cluster };
}
