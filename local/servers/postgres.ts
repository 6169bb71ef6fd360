import { join } from 'node:path';
import type { Program } from '../../adapters/processes/program.ts';

export interface PostgresOptions {
  /** Folder with `postgres` and `initdb`. */
  binDir: string;
  dataDir: string;
  port: number;
  /** Only root needs it: PostgreSQL refuses to run as root. It owns `dataDir`. */
  user?: { uid: number; gid: number };
}

/**
 * The folder as the server itself sees it. Run as another user, it may be unable to walk down to its own data
 * (a state folder under /root): /proc/self/cwd leads there without a walk, and the working directory is set
 * before the user changes.
 */
const workingDirectory = '/proc/self/cwd';

/** A PostgreSQL server on 127.0.0.1 with passwords (SCRAM); `max_connections` 200. Fast shutdown. */
export function postgres(options: PostgresOptions): Program {
  const settings = {
    listen_addresses: '127.0.0.1',
    port: options.port,
    unix_socket_directories: '',
    max_connections: 200,
    password_encryption: 'scram-sha-256',
    shared_buffers: '64MB',
    log_timezone: 'UTC',
    timezone: 'UTC',
  };
  return {
    binary: join(options.binDir, 'postgres'),
    args: [
      '-D',
      workingDirectory,
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    workingDirectory: options.dataDir,
    stopSignal: 'SIGINT', // "fast": ends connections, rolls back, writes a checkpoint
    stopGraceMs: 30_000,
    ...(options.user === undefined ? {} : { user: options.user }),
  };
}

/** Makes a new database cluster in `dataDir`, which exists and is empty. `passwordFile` holds the superuser's. */
export function initdb(options: PostgresOptions & { superuser: string; passwordFile: string }): Program {
  return {
    binary: join(options.binDir, 'initdb'),
    args: [
      '-D',
      workingDirectory,
      '-U',
      options.superuser,
      `--pwfile=${options.passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--data-checksums',
    ],
    workingDirectory: options.dataDir,
    ...(options.user === undefined ? {} : { user: options.user }),
  };
}
