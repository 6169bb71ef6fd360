import { kindNames, type OperationTarget } from '../../contracts/kinds.ts';
import { annotations, managementApiVersion, projectNamespace } from '../../contracts/names.ts';
import type { LastActivityInfo } from '../../domain/sleep/last-activity.ts';
import type { Database, Queries } from '../../db/client.ts';
import { noteActivityHours } from '../../db/queries/activity-hours.ts';
import {
  type ActivityClaim,
  claimActivity,
  listActivityUids,
  removeActivity,
  type SeenUse,
} from '../../db/queries/instance-activity.ts';
import { activityIdentity } from '../identity/identity.ts';
import { type JsonClient, statusMessage } from '../upstreams/json-request.ts';

/** The last use of an instance, as it is written. */
export interface RecordedUse extends OperationTarget {
  readonly uid: string;
  /** Seconds since the epoch. */
  readonly at: number;
  readonly info: LastActivityInfo;
}

/** Where the last use of each instance is recorded: a row in PostgreSQL, and annotations of the instance. */
export interface ActivityRecords {
  /**
   * Claims what was seen; who succeeds writes it, too.
   * @throws PlatformError `database_unavailable`
   */
  claim(seen: readonly SeenUse[]): Promise<ActivityClaim[]>;
  /**
   * Writes it on the instance.
   * @returns false if that is not, or no longer, to be written: the instance is gone, or its last use is a later one
   * @throws PlatformError `management_unavailable`; Error if it was refused
   */
  write(use: RecordedUse): Promise<boolean>;
  /** Removes the rows of all instances but these. @throws PlatformError `database_unavailable` */
  keepOnly(uids: ReadonlySet<string>): Promise<void>;
  close(): Promise<void>;
}

/** At once by one statement. */
const atOnce = 500;
const writeMs = 5_000;

export function createActivityRecords(database: Database, management: JsonClient): ActivityRecords {
  return {
    async claim(seen) {
      const claims: ActivityClaim[] = [];
      for (let from = 0; from < seen.length; from += atOnce) {
        const some = seen.slice(from, from + atOnce);
        claims.push(...(await database.transaction((tx) => claimWithHours(tx, some))));
      }
      return claims;
    },
    async write({ kind, project, name, uid, at, info }) {
      const { plural } = kindNames[kind];
      const answer = await management(activityIdentity, {
        method: 'PATCH',
        path: `/apis/${managementApiVersion}/namespaces/${projectNamespace(project)}/${plural}/${name}`,
        contentType: 'application/merge-patch+json',
        timeoutMs: writeMs,
        // Whatever version it has: who edits it is not in the way, and nobody's version is looked at here.
        body: {
          metadata: {
            uid,
            annotations: {
              [annotations.lastActivity]: String(at),
              [annotations.lastActivityInfo]: JSON.stringify(info),
            },
          },
        },
      });
      if (answer.status === 200) return true;
      // Gone; another of its name; a later use is there already (policy-activity.yaml).
      if ([404, 409, 422].includes(answer.status)) return false;
      throw new Error(statusMessage(answer));
    },
    async keepOnly(uids) {
      await database.query(async (db) => {
        const gone = (await listActivityUids(db)).filter((uid) => !uids.has(uid));
        await removeActivity(db, gone);
      });
    },
    close: () => database.close(),
  };
}

/** What is claimed is also noted by the hour, for previews of policies. */
async function claimWithHours(tx: Queries, seen: readonly SeenUse[]): Promise<ActivityClaim[]> {
  const claims = await claimActivity(tx, seen);
  const used = claims.flatMap(({ uid, at }) => (at === undefined ? [] : [{ uid, at: new Date(at * 1000) }]));
  await noteActivityHours(tx, used);
  return claims;
}
