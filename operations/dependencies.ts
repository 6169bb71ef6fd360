import { Client, Connection } from '@temporalio/client';
import type { Logger } from '../adapters/logging.ts';
import { temporalConnection } from '../adapters/temporal-connection.ts';
import type { TemporalConfig } from '../contracts/config.ts';
import { type Changes, createChanges } from '../db/changes.ts';
import { createDatabase, type Database } from '../db/client.ts';
import { traceCarrier } from './trace-carrier.ts';

/** What the operations service works with; the same in gateway, controllers and worker. */
export interface OperationsDeps {
  readonly database: Database;
  readonly temporal: Client;
  readonly changes: Changes;
  readonly logger: Logger;
  /** Base URL of Temporal's web UI, for links. */
  readonly uiUrl?: string | undefined;
}

/**
 * Dependencies from a process's configuration. Nothing is dialled yet: PostgreSQL and Temporal may come later.
 * Returns how to close them too.
 */
export function createOperationsDependencies(
  config: {
    databaseUrl: string;
    temporal: TemporalConfig;
  },
  logger: Logger,
): OperationsDeps & { close(): Promise<void> } {
  const connection = Connection.lazy(temporalConnection(config.temporal));
  const database = createDatabase(config.databaseUrl);
  const changes = createChanges(config.databaseUrl, 'operation_changed');
  return {
    database,
    changes,
    logger,
    temporal: new Client({
      connection,
      namespace: config.temporal.namespace,
      interceptors: { workflow: [traceCarrier] },
    }),
    uiUrl: config.temporal.uiUrl,
    async close() {
      await changes.close();
      await database.close();
      await connection.close();
    },
  };
}
