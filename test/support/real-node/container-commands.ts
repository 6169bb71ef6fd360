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

/** Rounds in which containers are ended: deleting a sandbox ends what runs in it, in the middle of its own deletion. */
const mostRounds = 5;

/** Kills every container; its shim ends with it. @throws Error if one is still there after five rounds */
export async function endContainers(socket: string): Promise<void> {
  let failures: unknown[] = [];
  for (let round = 0; round < mostRounds; round++) {
    const ids = (await ctr(socket, 'tasks', 'list', '--quiet')).split('\n').filter((id) => id !== '');
    if (ids.length === 0) return;
    const ended = await Promise.allSettled(ids.map((id) => ctr(socket, 'tasks', 'delete', '--force', id)));
    failures = ended.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
    if (failures.length === 0) return;
  }
  throw new AggregateError(failures, 'containers that cannot be ended');
}
