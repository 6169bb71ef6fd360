import type { Logger } from '../../adapters/logging.ts';
import type { Database } from '../../db/client.ts';
import { deleteAuditEventsBefore } from '../../db/queries/audit-events.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const perStatement = 5_000;

/** Removes the events older than `days`, in small statements. Several gateways may do so at once. Gives how many. */
export async function removeOldEvents(database: Database, days: number, now = Date.now()): Promise<number> {
  let removed = 0;
  for (;;) {
    const count = await database.query((db) =>
      deleteAuditEventsBefore(db, new Date(now - days * dayMs), perStatement),
    );
    removed += count;
    if (count < perStatement) return removed;
  }
}

/** Does so once an hour. Gives how to stop. */
export function keepRetention(database: Database, days: number, logger: Logger): () => void {
  const timer = setInterval(() => {
    removeOldEvents(database, days).catch((err: unknown) =>
      logger.warn({ err }, 'failed to remove old audit events; retrying in an hour'),
    );
  }, hourMs).unref();
  return () => clearInterval(timer);
}
