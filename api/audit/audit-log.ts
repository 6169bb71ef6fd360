import { randomUUID } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import type { Logger } from '../../adapters/logging.ts';
import type { AuditConfig, AuditEvent } from '../../contracts/audit.ts';
import type { Database } from '../../db/client.ts';
import { isFaultOfData } from '../../db/failures.ts';
import {
  type AuditFilter,
  deleteAuditEventsBefore,
  listAuditEvents,
  putAuditEvents,
} from '../../db/queries/audit-events.ts';
import { createRateLimiter } from '../http/rate-limiter.ts';
import { createEventQueue, type EventQueue } from './event-queue.ts';

/** The audit log: takes events without waiting for anything, and gives them back by filter. */
export interface AuditLog {
  /** Queues an event or the next stage of one; never waits, never throws. */
  record(event: AuditEvent): void;
  /** Newest first. @throws PlatformError `database_unavailable` */
  list(filter: AuditFilter): Promise<AuditEvent[]>;
  /** Events that wait to be written. */
  readonly length: number;
  /** Events lost since the start. */
  readonly lost: number;
  /** Writes what waits, for at most 3 s. */
  close(): Promise<void>;
}

const defaultLimit = 10_000;
const closeMs = 3_000;
/** Events of unauthenticated callers: a flood of bad keys takes neither the room of other events nor the disk. */
const unauthenticated = { burst: 1_000, perSecond: 20 };

/** An audit log in PostgreSQL and, if the configuration names one, a file of JSON lines. */
export function createAuditLog(
  { queueLimit = defaultLimit, file }: AuditConfig,
  database: Database,
  logger: Logger,
): AuditLog {
  let lost = 0;
  let unreported = 0;
  const unauthenticatedLimiter = createRateLimiter(unauthenticated);
  const onLost = (count: number, reason: unknown) => {
    if (unreported === 0) logger.error({ reason }, 'audit events are being lost');
    lost += count;
    unreported += count;
  };
  const toDatabase = createEventQueue({
    limit: queueLimit,
    async write(events) {
      const lostBefore = unreported;
      const rows = lostBefore === 0 ? events : [...events, lostEvent(lostBefore)];
      await database.query((db) => putAuditEvents(db, rows));
      unreported -= lostBefore;
    },
    mayRetry: (error) => !isFaultOfData(error),
    onLost,
    onWaiting: (err) => logger.warn({ err }, 'failed to write audit events; they stay queued'),
    onWritten: () => logger.info('writing audit events again'),
    sizeOf: bodyBytes,
  });
  // Every stage gets a line of its own; opened again for each batch, so that the file can be moved away any time.
  const toFile: EventQueue | undefined =
    file === undefined
      ? undefined
      : createEventQueue({
          limit: queueLimit,
          write: (events) =>
            appendFile(file, events.map((event) => `${JSON.stringify(event)}\n`).join(''), { mode: 0o600 }),
          mayRetry: () => true,
          onLost,
          sizeOf: bodyBytes,
        });
  return {
    record(event) {
      if (event.user === undefined && !unauthenticatedLimiter.take()) {
        onLost(1, 'too many from unauthenticated callers');
        return;
      }
      toDatabase.add(event);
      toFile?.add(event);
    },
    list: (filter) => database.query((db) => listAuditEvents(db, filter)),
    get length() {
      return toDatabase.length;
    },
    get lost() {
      return lost;
    },
    async close() {
      const [left, unfiled] = await Promise.all([toDatabase.close(closeMs), toFile?.close(closeMs) ?? 0]);
      if (left + unfiled + unreported > 0)
        logger.error({ left, unfiled, lost: unreported }, 'audit events were lost at shutdown');
      await database.close();
    },
  };
}

function lostEvent(count: number): AuditEvent {
  return {
    id: randomUUID(),
    receivedAt: new Date().toISOString(),
    stage: 'lost',
    level: 'Metadata',
    method: '-',
    verb: 'lost',
    pathKind: 'other',
    path: '-',
    lost: count,
  };
}

/** Roughly, from what `captureBody` noted. */
function bodyBytes({ requestBody, responseBody }: AuditEvent): number {
  return weigh(requestBody) + weigh(responseBody);
}

function weigh(body: unknown): number {
  return body === undefined ? 0 : JSON.stringify(body).length;
}

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
