import { setTimeout as delay } from 'node:timers/promises';
import { callManagement } from '../../adapters/kubernetes/failures.ts';
import type { ManagementResources } from '../../adapters/kubernetes/resources.ts';
import { clusterGone, PlatformError } from '../../contracts/errors.ts';
import { hasTunnel } from '../../db/queries/agent-tunnels.ts';
import type { OperationsDeps } from '../../operations/dependencies.ts';
import { noteWait } from '../operations/step-recorder.ts';
import { withHeartbeat } from '../with-heartbeat.ts';

const lookMs = 1_000;
/** Among as many looks, one at whether the cluster is still connected. */
const looksPerCheck = 5;

/** Waiting for a connected cluster whose agent is away. Reads only; idempotent by its input. */
export function createClusterOnlineActivities({
  operations: { database },
  resources,
}: {
  operations: OperationsDeps;
  resources: Pick<ManagementResources, 'clusters'>;
}) {
  return {
    /**
     * Settles when the agent of a connected cluster has a tunnel at some gateway. Its step says what it waits for.
     * @param input.why what the gateway said, for people
     * @throws PlatformError `cluster_not_found` if the cluster was disconnected; `database_unavailable`, `management_unavailable`
     */
    async waitForClusterOnline({ cluster, why }: { cluster: string; why: string }): Promise<void> {
      await noteWait(`Waiting: ${why}`);
      await withHeartbeat(async (signal) => {
        for (let look = 0; !(await database.query((db) => hasTunnel(db, cluster))); look++) {
          if (look % looksPerCheck === 0) await checkConnected(cluster);
          await delay(lookMs, undefined, signal === undefined ? {} : { signal });
        }
      });
    },
  };

  async function checkConnected(name: string): Promise<void> {
    const found = await callManagement(`reading cluster ${name}`, resources.clusters.get({ name }));
    if (found === undefined)
      throw new PlatformError('cluster_not_found', `connected cluster "${name}" was disconnected`, {
        details: clusterGone,
      });
  }
}
