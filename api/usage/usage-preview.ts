import { PlatformError } from '../../contracts/errors.ts';
import type { ManagedKind } from '../../contracts/kinds.ts';
import type { QueryOf } from '../../contracts/rest/route.ts';
import type { UsagePreview, UsagePreviewItem, usageRoutes } from '../../contracts/rest/usage-routes.ts';
import type { UsedHour } from '../../db/queries/activity-hours.ts';
import { type PreviewedPolicy, previewPolicy, type Recorded } from '../../domain/usage/policy-preview.ts';
import {
  type PolicyFault,
  type ReadPolicy,
  readPolicy,
  scheduledChanges,
} from '../../domain/usage/previewed-policy.ts';
import type { SleepChange } from '../../domain/usage/sleep-changes.ts';
import { changesAsItSays } from '../../domain/usage/slept-status.ts';
import { usageWindow } from '../../domain/usage/usage-window.ts';
import { targetNotFound } from '../authorization/target-access.ts';
import type { Gateway } from '../gateway.ts';
import type { Caller } from '../identity/caller.ts';
import { visibleInstances } from '../authorization/visible-instances.ts';
import { visibleRecordsOfGone } from './records-of-gone.ts';

type Deps = Pick<Gateway, 'review' | 'cache' | 'managementJson' | 'usage'>;
export type PreviewQuery = QueryOf<typeof usageRoutes.previewUsage>;
type Subject = Pick<UsagePreviewItem, 'kind' | 'project' | 'name' | 'uid' | 'gone'> & {
  readonly changes: readonly SleepChange[];
};

/** Instances whose hours are read and gone through at once, before other requests have their turn. */
const atOnce = 50;

/**
 * What a policy would have saved of all that `caller` may read of a project, or of one in it.
 * @throws PlatformError `invalid_request` (names the fields), `tenant_cluster_not_found`, `space_not_found`,
 * `database_unavailable`, `management_unavailable`
 */
export async function previewUsage(
  deps: Deps,
  caller: Caller,
  query: PreviewQuery,
): Promise<Omit<UsagePreview, 'next'>> {
  const { now, thirtyDays } = usageWindow(new Date());
  const { policy, previewed } = policyOf(query, thirtyDays, now);
  const subjects = await subjectsOf(deps, caller, query, thirtyDays);
  const since = await deps.usage.useRecordedSince();
  const items: UsagePreviewItem[] = [];
  for (let first = 0; first < subjects.length; first += atOnce) {
    const some = subjects.slice(first, first + atOnce);
    const uids = some.map(({ uid }) => uid);
    const usesOf = Map.groupBy(await deps.usage.usedHours(uids, thirtyDays), ({ uid }) => uid);
    for (const { changes, ...subject } of some) {
      const recorded: Recorded = {
        from: thirtyDays.getTime(),
        to: now.getTime(),
        changes,
        uses: (usesOf.get(subject.uid) ?? []).map(useOf),
        usesKnownFrom: since?.getTime(),
      };
      items.push({ ...subject, ...savedBy(recorded, previewed) });
    }
  }
  return {
    from: thirtyDays.toISOString(),
    to: now.toISOString(),
    ...(since === undefined ? {} : { useRecordedSince: since.toISOString() }),
    policy,
    total: totalOf(items),
    items,
  };
}

function policyOf(
  { sleepAfter, sleepSchedule, wakeupSchedule, timezone }: PreviewQuery,
  from: Date,
  to: Date,
): { policy: ReadPolicy; previewed: PreviewedPolicy } {
  const read = readPolicy({ sleepAfter, sleepSchedule, wakeupSchedule, timezone });
  if ('faults' in read) throw invalid(read.faults);
  const { policy } = read;
  const scheduled = scheduledChanges(policy, from, to);
  if ('fault' in scheduled) throw invalid([scheduled.fault]);
  const { sleepAfterSeconds } = policy;
  const afterInactivityMs = sleepAfterSeconds === undefined ? undefined : sleepAfterSeconds * 1000;
  return { policy, previewed: { afterInactivityMs, schedule: scheduled.changes } };
}

function invalid(faults: readonly PolicyFault[]): PlatformError {
  return new PlatformError(
    'invalid_request',
    faults.map(({ field, fault }) => `querystring/${field}: ${fault}`).join('; '),
  );
}

/** What is gone through: instances that are there, and those that were there in the time. */
async function subjectsOf(
  deps: Deps,
  { identity }: Caller,
  { project, tenantCluster, space }: PreviewQuery,
  from: Date,
): Promise<Subject[]> {
  if (tenantCluster !== undefined && space !== undefined)
    throw new PlatformError('invalid_request', 'querystring/space: give tenantCluster or space, not both');
  const named: ManagedKind | undefined =
    tenantCluster === undefined ? (space === undefined ? undefined : 'space') : 'tenant';
  const name = tenantCluster ?? space;
  const isAsked = (one: { readonly kind: ManagedKind; readonly name: string }) =>
    one.kind === (named ?? one.kind) && one.name === (name ?? one.name);
  const present = (await visibleInstances(deps, identity, { project })).filter(isAsked);
  const histories = (await deps.usage.histories({ projects: [project] }, from)).filter(isAsked);
  const recorded = new Map(histories.map((history) => [history.uid, history.changes]));
  const gone = await visibleRecordsOfGone(deps, identity, histories);
  if (named !== undefined && name !== undefined && present.length + gone.length === 0)
    throw targetNotFound({ kind: named, project, name });
  return [
    ...present.map(({ kind, name: own, instance }): Subject => {
      const uid = instance.metadata.uid ?? '';
      return { kind, project, name: own, uid, changes: recorded.get(uid) ?? changesAsItSays(kind, instance) };
    }),
    ...gone.map(({ kind, name: own, uid, changes }): Subject => {
      return { kind, project, name: own, uid, gone: true, changes };
    }),
  ];
}

function useOf({ firstAt, lastAt }: UsedHour): Recorded['uses'][number] {
  return { from: firstAt.getTime(), to: lastAt.getTime() };
}

type Saved = Omit<UsagePreviewItem, 'kind' | 'project' | 'name' | 'uid' | 'gone'>;

function savedBy(recorded: Recorded, policy: PreviewedPolicy): Saved {
  const { awake, awakeUnderPolicy, wakesByUse } = previewPolicy(recorded, policy);
  const [awakeSeconds, awakeUnderPolicySeconds] = [awake, awakeUnderPolicy].map((ms) =>
    Math.round(ms / 1000),
  ) as [number, number];
  return savedOf(awakeSeconds, awakeUnderPolicySeconds, wakesByUse);
}

function totalOf(items: readonly Saved[]): Saved {
  const sum = (field: keyof Saved) => items.reduce((total, one) => total + one[field], 0);
  return savedOf(sum('awakeSeconds'), sum('awakeUnderPolicySeconds'), sum('wakesByUse'));
}

function savedOf(awakeSeconds: number, awakeUnderPolicySeconds: number, wakesByUse: number): Saved {
  const savedSeconds = awakeSeconds - awakeUnderPolicySeconds;
  return { awakeSeconds, awakeUnderPolicySeconds, savedSeconds, wakesByUse };
}
