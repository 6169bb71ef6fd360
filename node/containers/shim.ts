import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { PlatformError } from '../../contracts/errors.ts';

/** Environment variable that marks every process of a container run, also those that left its process group. */
export const runMarker = 'VCP_CONTAINER_RUN';

/**
 * Runs in a session of its own and becomes the container's process. Its identity (pid, start time, boot id) is
 * written *before* the program starts, with O_EXCL (`set -C`): the creator of the file `process` owns the run,
 * so that a run can be forbidden for good by making it first.
 */
const containerScript = `
started() { shift 19; started=$1; }
read -r boot </proc/sys/kernel/random/boot_id
read -r stat </proc/$$/stat
started \${stat##*) }
run=$1 directory=$2; shift 2
umask 022
set -C
{ echo "$$ $started $boot" >"$run/process"; } 2>/dev/null || exit 125
cd "$directory" || exit 126
exec "$@"
`;

/** Outlives the node component: waits for the container's process and records its exit code. */
const shimScript = `
setsid=$1 script=$2 run=$3 log=$4; shift 4
"$setsid" /bin/sh -c "$script" vcp-container "$run" "$@" </dev/null >>"$log" 2>&1
echo "$?" >"$run/exit"
`;

export interface ShimOptions {
  readonly runDir: string;
  readonly logFile: string;
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
}

/**
 * Starts a container run under a shim; returns as soon as the shim exists. The folder of the run then gets
 * `process` (`<pid> <start time> <boot id>`) and, at the end, `exit` (the exit code; 128 + n for signal n).
 * @throws Error if the machine cannot start a process
 */
export async function startShim(options: ShimOptions): Promise<void> {
  const shim = spawn(
    '/bin/sh',
    [
      '-c',
      shimScript,
      'vcp-shim',
      setsidPath(),
      containerScript,
      options.runDir,
      options.logFile,
      options.workingDirectory,
      ...options.argv,
    ],
    {
      detached: true,
      stdio: 'ignore',
      cwd: '/',
      env: { ...options.environment, [runMarker]: options.runDir },
    },
  );
  await new Promise<void>((resolve, reject) => {
    shim.once('spawn', resolve);
    shim.once('error', reject);
  });
  shim.unref();
}

let cachedSetsid: string | undefined;

/** @throws PlatformError `toolchain_unavailable` */
export function setsidPath(): string {
  cachedSetsid ??= ['/usr/bin/setsid', '/bin/setsid'].find((path) => existsSync(path));
  if (cachedSetsid === undefined) {
    throw new PlatformError(
      'toolchain_unavailable',
      'the program setsid is missing; install util-linux or busybox',
    );
  }
  return cachedSetsid;
}
