import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { postgresBinDir } from './postgres-binaries.ts';
import { isErrno } from '../adapters/processes/identity.ts';
import type { Program } from '../adapters/processes/program.ts';
import { runCommand } from '../adapters/processes/run-command.ts';
import { initdb, postgres } from './servers/postgres.ts';
import { unprivilegedUser } from './unprivileged-user.ts';

export const postgresSuperuser = 'platform';

export interface PostgresClusterOptions {
  dataDir: string;
  port: number;
  /** Of the superuser `platform`; only the first start sets it. */
  password: string;
  logFile: string;
}

/** The program that serves `dataDir`, made with initdb if it is new. */
export async function preparePostgres(options: PostgresClusterOptions): Promise<Program> {
  const user = unprivilegedUser();
  const server = {
    binDir: postgresBinDir(user),
    dataDir: options.dataDir,
    port: options.port,
    ...(user === undefined ? {} : { user }),
  };
  if (!existsSync(join(options.dataDir, 'PG_VERSION'))) await initialise(options, server);
  else removeStaleLock(options.dataDir);
  return postgres(server);
}

/** Whether the server accepts connections. */
export async function answersQueries(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on('error', () => undefined); // it may be cut while we ask; the query tells
  await client.connect();
  try {
    await client.query('select 1');
    return true;
  } finally {
    await client.end();
  }
}

/** initdb; one that failed half-way leaves nothing that looks like a cluster. */
async function initialise(
  options: PostgresClusterOptions,
  server: Parameters<typeof postgres>[0],
): Promise<void> {
  const dataDir = options.dataDir;
  rmSync(dataDir, { recursive: true, force: true });
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const secretDir = mkdtempSync(join(tmpdir(), 'vcp-initdb-'));
  const passwordFile = join(secretDir, 'password');
  writeFileSync(passwordFile, options.password, { mode: 0o600 });
  if (server.user !== undefined) {
    for (const path of [dataDir, secretDir, passwordFile]) chownSync(path, server.user.uid, server.user.gid);
  }
  try {
    await runCommand(
      'initdb',
      initdb({ ...server, superuser: postgresSuperuser, passwordFile }),
      options.logFile,
    );
  } catch (error) {
    rmSync(join(dataDir, 'PG_VERSION'), { force: true }); // so that the next start begins again
    throw error;
  } finally {
    rmSync(secretDir, { recursive: true, force: true });
  }
}

/**
 * Removes the lock of a server that died with the machine or was killed, if its pid belongs to another process
 * by now (PostgreSQL would refuse to start) and no process works in the folder any more.
 */
function removeStaleLock(dataDir: string): void {
  const lock = join(dataDir, 'postmaster.pid');
  if (!existsSync(lock)) return;
  const pid = readFileSync(lock, 'utf8').split('\n')[0] ?? '';
  const folder = realpathSync(dataDir);
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  if (pids.includes(pid) && !pids.some((other) => workingDirectoryOf(other) === folder)) rmSync(lock);
}

function workingDirectoryOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch (error) {
    if (
      isErrno(error, 'ENOENT') ||
      isErrno(error, 'EACCES') ||
      isErrno(error, 'EPERM') ||
      isErrno(error, 'ESRCH')
    )
      return undefined;
    throw error;
  }
}
