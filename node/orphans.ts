import { setTimeout as delay } from 'node:timers/promises';
import { adoptRun } from './containers/container-run.ts';
import type { NodeContext } from './node-context.ts';
import type { PodRecord } from './pod-records.ts';

/** How long the containers of a deleted pod may take to stop; its spec is gone with it. */
const graceMs = 10_000;

/** Ends what is left of a pod that went from the API while the node was away, and removes its folders. */
export async function removeOrphan(
  { records, addresses, logger }: NodeContext,
  record: PodRecord,
): Promise<void> {
  logger.info({ pod: `${record.namespace}/${record.name}`, uid: record.uid }, 'removing a deleted pod');
  const runs = await Promise.all(
    records.logFiles(record.uid).map((file) => adoptRun(file.replace(/\.log$/, ''), file)),
  );
  await Promise.all(
    runs.map(async (run) => {
      if (run === undefined) return;
      run.signal('SIGTERM');
      await Promise.race([run.ended, delay(graceMs)]);
      run.signal('SIGKILL');
      await run.ended;
    }),
  );
  await records.remove(record.uid);
  addresses.free(record.address);
}
