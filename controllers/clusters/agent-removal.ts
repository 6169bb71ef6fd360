import { deleteAgent } from '../../db/queries/agents.ts';
import type { Controller, ControllerContext } from '../controller.ts';

/**
 * Forgets the agents and join keys of Clusters that are gone, so that their credentials open nothing any more and the gateways
 * end their tunnels: at once, and when the controllers start.
 */
export function agentRemoval({
  caches,
  resources,
  agents,
  operations,
  logger,
}: ControllerContext): Controller {
  /** Names by uid, of Clusters that there are or were. */
  const names = new Map<string, string>();
  const isThere = (uid: string, name: string) => caches.clusters.get(name)?.metadata.uid === uid;

  return {
    name: 'agent-removal',
    /** @param uid of the Cluster */
    async reconcile(uid) {
      const name = names.get(uid) ?? agents.get(uid)?.cluster;
      if (name === undefined || isThere(uid, name)) return undefined;
      // Asked again: the cache may lag behind a Cluster that was made just now.
      const found = await resources.clusters.get({ name });
      if (found?.metadata.uid === uid) return undefined;
      await operations.database.transaction((tx) => deleteAgent(tx, uid));
      names.delete(uid);
      logger.info({ cluster: name }, 'the agent of a deleted cluster is forgotten');
      return undefined;
    },
    watch(add) {
      caches.clusters.onChange((name) => {
        const current = caches.clusters.get(name)?.metadata.uid;
        for (const [uid, known] of names) if (known === name && uid !== current) add(uid);
        if (current !== undefined) names.set(current, name);
      });
      agents.onChange((uid) => {
        for (const { clusterUid } of agents.list())
          if (uid === undefined || uid === clusterUid) add(clusterUid);
      });
    },
  };
}
