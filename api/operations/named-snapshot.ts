import { PlatformError } from '../../contracts/errors.ts';
import type { Snapshot } from '../../contracts/operations.ts';
import type { RecordAccess, RecordTarget } from '../authorization/record-access.ts';
import type { Gateway } from '../gateway.ts';

/** A snapshot as a request names it. */
export interface SnapshotReference {
  readonly project: string;
  readonly tenantCluster: string;
  readonly name: string;
  /** Of the tenant cluster, if it is said which one of that name. */
  readonly uid: string | undefined;
}

/** What a snapshot is of, and which one of that name. */
function recordOfSnapshot({ project, tenantCluster, uid, projectUid }: Snapshot): RecordTarget {
  return { kind: 'tenant', project, name: tenantCluster, uid, projectUid };
}

/**
 * The snapshot that is named: of the tenant cluster with that uid; without one, of that which has the name now, or else the
 * only one there is of those that are gone.
 * @throws PlatformError `snapshot_not_found`, also for what the caller may not see; `forbidden` if they may see but not
 *   change it; `conflict` if several match and a uid is needed; `management_unavailable`
 */
export async function namedSnapshot(
  { operations }: Pick<Gateway, 'operations'>,
  access: RecordAccess,
  { project, tenantCluster, name, uid }: SnapshotReference,
): Promise<Snapshot> {
  const all = await operations.snapshots({ project, name: tenantCluster, snapshot: name });
  const seen = await allowed(access, 'get', all);
  const wanted = uid ?? (await access.presentUid('tenant', tenantCluster));
  const exact = seen.filter((one) => one.uid === wanted);
  const [found, other] = exact.length > 0 || uid !== undefined ? exact : seen;
  if (found === undefined)
    throw new PlatformError(
      'snapshot_not_found',
      `snapshot "${name}" of tenant cluster "${tenantCluster}" not found in project "${project}"`,
    );
  if (other !== undefined)
    throw new PlatformError(
      'conflict',
      `several deleted tenant clusters "${tenantCluster}" have a snapshot "${name}": give the uid of one, ${seen.map((one) => one.uid ?? '(unknown)').join(' or ')}`,
    );
  if ((await allowed(access, 'update', [found])).length > 0) return found;
  throw new PlatformError(
    'forbidden',
    `you may not restore or delete snapshots of tenant cluster ${tenantCluster} of project ${project}`,
  );
}

/** Those of `snapshots` with which the caller may do `verb`. */
export async function allowed(
  access: RecordAccess,
  verb: string,
  snapshots: readonly Snapshot[],
): Promise<Snapshot[]> {
  const answers = await Promise.all(snapshots.map((one) => access.allows(verb, recordOfSnapshot(one))));
  return snapshots.filter((_snapshot, index) => answers[index]);
}
