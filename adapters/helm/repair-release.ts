import { PlatformError } from '../../contracts/errors.ts';
import type { ClusterClient } from '../kubernetes/client.ts';
import { type Helm, helmTimeoutMs, type ReleaseTarget } from './helm.ts';
import { isRunnerGone, thisRunner } from './helm-runner.ts';
import { isUnfinished, listRevisions, type ReleaseRevision } from './releases.ts';

/**
 * Clears away what a killed Helm left: a release that is pending (or half uninstalled) goes back to its last
 * deployed revision, or is uninstalled if there is none. Does nothing to any other release. To be called within a
 * release turn (release-mutex.ts).
 * @throws PlatformError `internal` (retryable) while the Helm that works on it may still live; what Helm throws
 */
export async function repairRelease(helm: Helm, client: ClusterClient, target: ReleaseTarget): Promise<void> {
  const revisions = await listRevisions(client, target);
  const last = revisions.at(-1);
  if (last === undefined || !isUnfinished(last.status)) return;
  if (mayStillRun(last))
    throw new PlatformError('internal', `Another process is working on release ${target.release}; retrying`);
  const deployed =
    last.status === 'uninstalling'
      ? undefined
      : revisions.findLast((revision) => revision.status === 'deployed');
  if (deployed === undefined) await helm.uninstall(target);
  else await helm.rollback(target, deployed.revision);
}

function mayStillRun(revision: ReleaseRevision): boolean {
  const { runner } = revision;
  // Within a release turn, nothing of this process works on the release.
  if (runner !== undefined && (runner === thisRunner() || isRunnerGone(runner))) return false;
  // No Helm lives longer than its time limit; 10 s for clocks that differ.
  return Date.now() - revision.modifiedAt * 1000 < helmTimeoutMs + 10_000;
}
