/**
 * `node test/support/real-node/sandbox.ts <arguments of node>`: runs Node in namespaces of its own (network, mounts,
 * processes), where a real node can be started. No interface of the machine is in there, so no packet to a pod or
 * Service can leave it, and whatever a run leaves, processes, mounts, bridges, iptables rules, ends with it. What
 * namespaces do not hold, folders and cgroups, is removed at the end, or by the next run after a crash.
 */
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';

const prefix = 'vcp-real-node-';
const cgroups = '/sys/fs/cgroup';

/** Folders of runs whose process is gone; the name holds its id. */
function removeFoldersOfDeadRuns(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.match(/^vcp-real-node-(\d+)-/)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) rmSync(join(tmpdir(), name), { recursive: true });
  }
}

/** Containers that were killed with their namespaces leave empty cgroups, named like them; others are not touched. */
function removeEmptyCgroups(): void {
  for (const controller of readdirSync(cgroups)) {
    for (const name of readdirSync(join(cgroups, controller))) {
      if (!/^[0-9a-f]{64}$/.test(name)) continue;
      try {
        rmdirSync(join(cgroups, controller, name)); // fails while a process is in it
      } catch {}
    }
  }
}

removeFoldersOfDeadRuns();
removeEmptyCgroups();
const dir = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`));
chmodSync(dir, 0o711); // PostgreSQL's own user walks through it
const namespaces = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
const child = spawn(
  'setpriv', // it ends with us, whatever kills us
  [
    ...['--pdeathsig', 'KILL', 'unshare', ...namespaces],
    ...[join(import.meta.dirname, 'sandbox.sh'), process.execPath, ...process.argv.slice(2)],
  ],
  { stdio: 'inherit', env: { ...process.env, TMPDIR: dir, VCP_SANDBOX: dir } },
);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill('SIGKILL'));
child.on('close', (code, signal) => {
  removeEmptyCgroups();
  rmSync(dir, { recursive: true, force: true });
  process.exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
});
