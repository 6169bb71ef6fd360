import { join } from 'node:path';
import type { Program } from '../../adapters/processes/program.ts';

export interface KineOptions {
  binary: string;
  databaseUrl: string;
  /** Folder for the socket; its path must be short. */
  socketDir: string;
}

/** Endpoint of this Kine for a kube-apiserver. */
export function kineEndpoint(options: Pick<KineOptions, 'socketDir'>): string {
  return `unix://${join(options.socketDir, 'kine.sock')}`;
}

/** Kine on a unix socket over a PostgreSQL database, with a bounded pool (at most 30). */
export function kine(options: KineOptions): Program {
  return {
    binary: options.binary,
    args: [
      `--listen-address=${kineEndpoint(options)}`,
      '--metrics-bind-address=0',
      '--datastore-max-open-connections=30',
      '--datastore-max-idle-connections=10',
      '--datastore-poll-interval=1s',
      // Its slow-query log would hold the values of Secrets.
      '--slow-sql-threshold=0',
      '--slow-sql-warning-threshold=0',
    ],
    env: { KINE_ENDPOINT: options.databaseUrl }, // it holds the password, so not in the arguments
  };
}
