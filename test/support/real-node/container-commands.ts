import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findProgram } from '../../../toolchain/find-program.ts';

const run = promisify(execFile);

/** Runs `ctr` on the containers and images that Kubernetes uses; returns what it printed. */
async function ctr(socket: string, ...args: string[]): Promise<string> {
  return (await run(findProgram('ctr'), [...common(socket), ...args])).stdout;
}

const common = (socket: string) => ['--address', socket, '--namespace', 'k8s.io'];

/** Imports an image in OCI's layout, as `writeImageLayout` makes it. */
export async function importImageLayout(socket: string, layout: string): Promise<void> {
  // `ctr` stops reading where the archive ends, before the padding that follows it.
  const script = 'layout=$1; shift; tar -cf - -C "$layout" . | "$@" images import --local -';
  await run('sh', ['-c', script, 'sh', layout, findProgram('ctr'), ...common(socket)]);
}

/** Kills every container; its shim ends with it. */
export async function endContainers(socket: string): Promise<void> {
  const ids = (await ctr(socket, 'tasks', 'list', '--quiet')).split('\n').filter((id) => id !== '');
  await Promise.all(
    ids.map((id) =>
      ctr(socket, 'tasks', 'delete', '--force', id).catch((error: unknown) => {
        // Deleting a sandbox ends what runs in it.
        if (!String(error).includes('not found')) throw error;
      }),
    ),
  );
}
