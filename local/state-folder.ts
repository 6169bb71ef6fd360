import { createHash, randomBytes } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { takeLock } from '../adapters/processes/exclusive-lock.ts';
import { PlatformError } from '../contracts/errors.ts';
import { writePrivateFile } from '../adapters/processes/start-process.ts';

/** Where everything of one embedded platform lies. All folders exist, with mode 0700. */
export interface StateFolder {
  readonly root: string;
  readonly postgresDir: string;
  readonly temporalDir: string;
  readonly managementDir: string;
  /** Of the embedded connected cluster. */
  readonly localDir: string;
  /** Keys of the gateway's own certificate. */
  readonly gatewayDir: string;
  /** Configuration files of worker, gateway and controllers. */
  readonly configDir: string;
  readonly logsDir: string;
  /** Secrets that are made once: passwords, keys of encryption at rest. */
  readonly secretsDir: string;
  readonly snapshotsDir: string;
  readonly workerDir: string;
  /** Unix sockets; beside the folder if its path is too long for them (108 bytes). */
  readonly managementSocketDir: string;
  readonly localSocketDir: string;
  readonly temporalSocketDir: string;
  readonly processesFile: string;
  readonly adminFile: string;
  readonly adminKubeconfig: string;
  /** The secret kept under this name, made at the first call. */
  secret(name: string): { readonly file: string; readonly value: string };
}

/**
 * Opens the state folder, made if it is missing.
 * @throws PlatformError `invalid_request` if its path cannot be used
 */
export function openStateFolder(path: string): StateFolder {
  const root = resolve(path);
  if (!/^\/[\w./-]+$/.test(root)) {
    // Pods' mount paths become folders in here, also inside shell scripts, so they must need no quoting.
    throw new PlatformError(
      'invalid_request',
      `the state folder ${root} cannot be used: its path may have only letters, digits and . _ - /; give another with --state-dir`,
    );
  }
  makeFolder(root);
  if (!statSync(root).isDirectory()) {
    throw new PlatformError(
      'invalid_request',
      `the state folder ${root} is not a folder; give another with --state-dir`,
    );
  }
  const folder = (...names: string[]): string => {
    const dir = join(root, ...names);
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    return dir;
  };
  return {
    root: folder(),
    postgresDir: folder('postgres'),
    temporalDir: folder('temporal'),
    managementDir: folder('management'),
    localDir: folder('local'),
    gatewayDir: folder('gateway'),
    configDir: folder('config'),
    logsDir: folder('logs'),
    secretsDir: folder('secrets'),
    snapshotsDir: folder('snapshots'),
    workerDir: folder('worker'),
    managementSocketDir: socketDir(root, 'management'),
    localSocketDir: socketDir(root, 'local'),
    temporalSocketDir: socketDir(root, 'temporal'),
    processesFile: join(root, 'processes.json'),
    adminFile: join(root, 'admin.json'),
    adminKubeconfig: join(root, 'admin.kubeconfig'),
    secret(name) {
      const file = join(folder('secrets'), name);
      if (!existsSync(file)) writePrivateFile(file, randomBytes(24).toString('hex'));
      return { file, value: readFileSync(file, 'utf8') };
    },
  };
}

/** Not `recursive`: Node 24 then tries forever where the system refuses with "no such file", as below /proc. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (cause) {
    throw new PlatformError(
      'invalid_request',
      `the state folder ${path} cannot be created (${cause instanceof Error ? cause.message : String(cause)}); give another with --state-dir`,
      { cause },
    );
  }
}

const longestSocketFolder = 90;

function socketDir(root: string, name: string): string {
  const inside = join(root, name, 'sockets');
  const short = join(tmpdir(), `vcp-${createHash('sha256').update(root).digest('hex').slice(0, 12)}-${name}`);
  const dir = inside.length <= longestSocketFolder ? inside : short;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const { uid, mode } = lstatSync(dir);
  if (uid !== process.getuid?.() || (mode & 0o077) !== 0) {
    throw new PlatformError(
      'invalid_request',
      `the folder ${dir} must belong to your user only: remove it, or give a shorter --state-dir`,
    );
  }
  return dir;
}

/** No two platforms run on one folder. Returns what releases it. @throws PlatformError `state_in_use` */
export async function lockStateFolder({ root }: StateFolder): Promise<() => void> {
  const unlock = await takeLock(`state ${root}`);
  if (unlock !== undefined) return unlock;
  throw new PlatformError(
    'state_in_use',
    `a platform already runs on ${root}: stop it first (Ctrl-C where it was started), or give another folder with --state-dir`,
  );
}
