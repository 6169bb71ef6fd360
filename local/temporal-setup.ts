import { setTimeout as delay } from 'node:timers/promises';
import { type Connection, isGrpcServiceError } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { runCommand } from '../adapters/processes/run-command.ts';
import { temporalNamespace } from '../contracts/names.ts';
import { searchAttributes } from '../contracts/workflows.ts';
import { databaseOf, ensureDatabase, isEmpty, withDatabase } from './databases.ts';
import { type TemporalDatabases, temporalSchemaCommands } from './servers/temporal.ts';

const retentionDays = 30;
/** `INDEXED_VALUE_TYPE_…` of temporal.api.enums.v1; the package exports its enums to CommonJS only. */
const indexedValueTypes = { KEYWORD: 2 };

/** Temporal's two databases beside the platform's own: `<name>_temporal` and `<name>_temporal_visibility`. */
function temporalDatabases(databaseUrl: string): TemporalDatabases {
  const url = new URL(databaseUrl);
  const base = databaseOf(databaseUrl);
  return {
    host: url.hostname,
    port: url.port === '' ? 5432 : Number(url.port),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    default: `${base}_temporal`,
    visibility: `${base}_temporal_visibility`,
  };
}

/** Makes Temporal's databases and brings them to the schema of the tool's version; repeatable. */
export async function prepareTemporalDatabases(
  databaseUrl: string,
  sqlTool: string,
  logFile: string,
): Promise<TemporalDatabases> {
  const databases = temporalDatabases(databaseUrl);
  const schemas = [
    ['temporal', databases.default],
    ['visibility', databases.visibility],
  ] as const;
  for (const [schema, name] of schemas) {
    const url = withDatabase(databaseUrl, name);
    await ensureDatabase(databaseUrl, name, url);
    const isNew = await isEmpty(url);
    const commands = temporalSchemaCommands(sqlTool, databases, schema);
    if (isNew) await runCommand(`Temporal's schema (${schema}, set-up)`, commands.setup, logFile);
    await runCommand(`Temporal's schema (${schema})`, commands.update, logFile);
  }
  return databases;
}

/** Makes the namespace and its search attributes unless they are there; resolves when both can be used. */
export async function prepareTemporalNamespace(
  connection: Connection,
  namespace: string = temporalNamespace,
): Promise<void> {
  await ignoringExisting(
    connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: msToTs(`${retentionDays} days`),
    }),
  );
  const deadline = Date.now() + 30_000;
  for (;;) {
    try {
      const present = await connection.operatorService.listSearchAttributes({ namespace });
      const missing = Object.values(searchAttributes).filter(
        ({ name }) => !Object.hasOwn(present.customAttributes, name),
      );
      if (missing.length === 0) return;
      await connection.operatorService.addSearchAttributes({
        namespace,
        searchAttributes: Object.fromEntries(
          missing.map(({ name, type }) => [name, indexedValueTypes[type]]),
        ),
      });
    } catch (error) {
      // A new namespace reaches the other services' caches a moment later.
      if (!isGrpcServiceError(error) || Date.now() > deadline) throw error;
    }
    await delay(50);
  }
}

const alreadyExists = 6;

async function ignoringExisting(request: Promise<unknown>): Promise<void> {
  try {
    await request;
  } catch (error) {
    if (!isGrpcServiceError(error) || error.code !== alreadyExists) throw error;
  }
}
