import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkerConfig } from '../../contracts/config.ts';
import { withRole } from '../../local/databases.ts';
import { postgresSuperuser } from '../../local/postgres-cluster.ts';

/** The configuration that the supervisor wrote for the worker of this state folder. */
export function readWorkerConfig(stateDir: string): WorkerConfig {
  return JSON.parse(readFileSync(join(stateDir, 'config/worker.json'), 'utf8')) as WorkerConfig;
}

/** Our database in this state folder, as the superuser that no process of the platform is. */
export function administratorDatabaseUrl(stateDir: string): string {
  const password = readFileSync(join(stateDir, 'secrets/postgres-password'), 'utf8');
  return withRole(readWorkerConfig(stateDir).databaseUrl, postgresSuperuser, password);
}
