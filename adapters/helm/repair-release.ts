import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { PlatformError } from '../../contracts/errors.ts';
import type { ClusterClient } from '../kubernetes/client.ts';
import { type Helm, helmTimeoutMs, type ReleaseTarget } from './helm.ts';
import { isUnfinished, listRevisions, type ReleaseRevision } from './releases.ts';

/**
 * Clears away what a killed Helm left: a release that is pending (or half uninstalled) goes back to its last
 * deployed revision, or is uninstalled if there is none. Does nothing to any other release. To be called within a
 * turn of the release: with no other Helm of this process on it.
 * @throws PlatformError `internal` (retryable) while the Helm that works on it may still live; what Helm throws
 */
export async function repairRelease(helm: Helm, client: ClusterClient, target: ReleaseTarget): Promise<void> {
  const revisions = await listRevisions(client, target);
  const last = revisions.at(-1);
  if (last === undefined || !isUnfinished(last.status)) return;
  if (mayStillRun(last))
    throw new PlatformError('internal', `another process is working on release ${target.release}; retrying`);
  const deployed =
    last.status === 'uninstalling'
      ? undefined
      : revisions.findLast((revision) => revision.status === 'deployed');
  if (deployed === undefined) await helm.uninstall(target);
  else await helm.rollback(target, deployed.revision);
}

function mayStillRun(revision: ReleaseRevision): boolean {
  const { runner } = revision;
  // Within a turn, nothing of this process works on the release.
  if (runner !== undefined && (runner === thisRunner() || isRunnerGone(runner))) return false;
  // No Helm lives longer than its time limit; 10 s for clocks that differ.
  return Date.now() - revision.modifiedAt * 1000 < helmTimeoutMs + 10_000;
}

/**
 * Identity of this process among all that may run Helm, as a label value: machine and boot, process, start time.
 * Helm dies with the process that started it, so a release whose runner is gone has no Helm either.
 */
export function thisRunner(): string {
  return [thisMachine(), process.pid, startTime(process.pid)].join('.');
}

/** Whether the process that `runner` names is surely gone. One on another machine cannot be seen. */
function isRunnerGone(runner: string): boolean {
  const [machine, pid, started] = runner.split('.');
  return machine === thisMachine() && startTime(Number(pid)) !== started;
}

function thisMachine(): string {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8');
  // Containers of one machine share its boot id and not their process numbers.
  return createHash('sha256').update(`${hostname()}\n${boot}`).digest('hex').slice(0, 12);
}

/** Start time of a process in ticks since boot, or undefined if there is none; distinguishes reused process numbers. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined; // no such process
  }
}
