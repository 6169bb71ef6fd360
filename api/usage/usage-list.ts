import type { ManagedKind } from '../../contracts/kinds.ts';
import type { ProjectUsageItem, UsageItem, UsageTimes } from '../../contracts/rest/usage-routes.ts';
import { percent, type RecordedUse, usedAsItSays } from '../../domain/usage/slept-status.ts';
import { usageWindow } from '../../domain/usage/usage-window.ts';
import type { Gateway } from '../gateway.ts';
import type { Caller } from '../identity/caller.ts';
import { projectsOfOperations } from '../operations/visible-operations.ts';
import { visibleInstances } from '../authorization/visible-instances.ts';
import { visibleRecordsOfGone } from './records-of-gone.ts';

type Deps = Pick<Gateway, 'review' | 'cache' | 'managementJson' | 'usage'>;

type Asked = { readonly project?: string | undefined; readonly kinds?: readonly ManagedKind[] | undefined };

type Used = Pick<RecordedUse, 'awakeSevenDays' | 'asleepSevenDays' | 'awakeThirtyDays' | 'asleepThirtyDays'>;
const unused: Used = { awakeSevenDays: 0, asleepSevenDays: 0, awakeThirtyDays: 0, asleepThirtyDays: 0 };

/**
 * Time awake and asleep of all that `caller` may read.
 * @throws PlatformError `database_unavailable`, `management_unavailable`
 */
export async function visibleUsage(deps: Deps, caller: Caller, asked: Asked): Promise<UsageItem[]> {
  const { identity } = caller;
  const now = new Date();
  const { project } = asked;
  const projects = project === undefined ? await projectsOfOperations(deps, caller) : [project];
  const rows = await deps.usage.list({ projects }, now);
  const recorded = new Map(rows.map(({ uid, use }) => [uid, use]));
  const present = await visibleInstances(deps, identity, asked);
  const gone = await visibleRecordsOfGone(
    deps,
    identity,
    rows.filter((row) => (asked.kinds?.includes(row.kind) ?? true) && isOfThirtyDays(row.use)),
  );
  const window = usageWindow(now);
  return [
    ...present.map(({ kind, project: of, name, instance }) => {
      const uid = instance.metadata.uid ?? '';
      const use = recorded.get(uid) ?? usedAsItSays(kind, instance, window) ?? unused;
      return { kind, project: of, name, uid, ...timesOf(use) };
    }),
    ...gone.map((row): UsageItem => {
      const { kind, project: of, name, uid, use } = row;
      return { kind, project: of, name, uid, gone: true, ...timesOf(use) };
    }),
  ];
}

/** The sums of `items` by project. */
export function usageOfProjects(items: readonly UsageItem[]): ProjectUsageItem[] {
  return [...Map.groupBy(items, ({ project }) => project)].map(([project, ofProject]) => ({
    project,
    instances: ofProject.length,
    lastSevenDays: sumOf(ofProject.map(({ lastSevenDays }) => lastSevenDays)),
    lastThirtyDays: sumOf(ofProject.map(({ lastThirtyDays }) => lastThirtyDays)),
  }));
}

function isOfThirtyDays({ awakeThirtyDays, asleepThirtyDays }: Used): boolean {
  return awakeThirtyDays + asleepThirtyDays > 0;
}

function timesOf(use: Used): Pick<UsageItem, 'lastSevenDays' | 'lastThirtyDays'> {
  return {
    lastSevenDays: times(use.awakeSevenDays, use.asleepSevenDays),
    lastThirtyDays: times(use.awakeThirtyDays, use.asleepThirtyDays),
  };
}

function times(awake: number, asleep: number): UsageTimes {
  const [awakeSeconds, asleepSeconds] = [Math.round(awake), Math.round(asleep)];
  return { awakeSeconds, asleepSeconds, sleptPercent: percent(asleepSeconds, awakeSeconds) };
}

function sumOf(all: readonly UsageTimes[]): UsageTimes {
  const sum = (field: 'awakeSeconds' | 'asleepSeconds') => all.reduce((total, one) => total + one[field], 0);
  return times(sum('awakeSeconds'), sum('asleepSeconds'));
}
