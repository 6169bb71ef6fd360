import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkerConfig } from '../../contracts/config.ts';

/** The configuration that the supervisor wrote for the worker of this state folder. */
export function readWorkerConfig(stateDir: string): WorkerConfig {
  return JSON.parse(readFileSync(join(stateDir, 'config/worker.json'), 'utf8')) as WorkerConfig;
}
