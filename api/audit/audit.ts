import type { IncomingMessage } from 'node:http';
import type { Logger } from '../../adapters/logging.ts';
import type { AuditConfig } from '../../contracts/audit.ts';
import type { Database } from '../../db/client.ts';
import type { ClientAddress } from '../http/client-address.ts';
import { type AuditEntry, createAuditEntry } from './audit-entry.ts';
import { type AuditLog, createAuditLog, keepRetention } from './audit-log.ts';
import { describeRequest } from './describe-request.ts';
import { createAuditPolicy } from './policy.ts';

/** The audit log as requests and upgrades write it. */
export interface Audit {
  /** Begins with a request; nothing is recorded before the entry says so. */
  begin(id: string, request: IncomingMessage): AuditEntry;
  readonly log: Pick<AuditLog, 'list' | 'length' | 'lost'>;
  close(): Promise<void>;
}

const defaultRetentionDays = 30;

/** @param database closed with the audit log */
export function createAudit(
  config: AuditConfig,
  { database, logger, clientAddress }: { database: Database; logger: Logger; clientAddress: ClientAddress },
): Audit {
  const log = createAuditLog(config, database, logger);
  const policy = createAuditPolicy(config);
  const stopRetention = keepRetention(database, config.retentionDays ?? defaultRetentionDays, logger);
  const into = { policy, record: log.record.bind(log) };
  return {
    begin(id, request) {
      const { method = '', url = '/', headers } = request;
      return createAuditEntry(
        {
          id,
          method,
          description: describeRequest(method, url),
          sourceAddress: clientAddress(request),
          userAgent: headers['user-agent'],
        },
        into,
      );
    },
    log,
    async close() {
      stopRetention();
      await log.close();
    },
  };
}
