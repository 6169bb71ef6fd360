import { setTimeout as delay } from 'node:timers/promises';
import { hasTunnel } from '../../db/queries/agent-tunnels.ts';
import type { OperationsDeps } from '../../operations/dependencies.ts';
import { noteWait } from '../operations/step-recorder.ts';
import { withHeartbeat } from '../with-heartbeat.ts';

const lookMs = 1_000;

/** Waiting for a connected cluster whose agent is away. Reads only; idempotent by its input. */
export function createClusterOnlineActivities({ operations: { database } }: { operations: OperationsDeps }) {
  return {
    /**
     * Settles when the agent of a connected cluster has a tunnel at some gateway. Its step says what it waits for.
     * @param input.why what the gateway said, for people
     * @throws PlatformError `database_unavailable`
     */
    async waitForClusterOnline({ cluster, why }: { cluster: string; why: string }): Promise<void> {
      await noteWait(`Waiting: ${why}`);
      await withHeartbeat(async (signal) => {
        while (!(await database.query((db) => hasTunnel(db, cluster))))
          await delay(lookMs, undefined, signal === undefined ? {} : { signal });
      });
    },
  };
}
