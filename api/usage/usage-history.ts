import { type ManagedKind, managedKinds } from '../../contracts/kinds.ts';
import type { UsageHistory } from '../../contracts/rest/history-routes.ts';
import type { HistoryWindow } from '../../domain/usage/history-window.ts';
import { changesAsItSays } from '../../domain/usage/slept-status.ts';
import { averages, deltasOf } from '../../domain/usage/state-history.ts';
import { visibleInstances } from '../authorization/visible-instances.ts';
import type { Gateway } from '../gateway.ts';
import type { Caller } from '../identity/caller.ts';
import { callersRecords } from './counted-records.ts';

type Deps = Pick<Gateway, 'review' | 'cache' | 'managementJson' | 'usage'>;

interface Asked {
  readonly project?: string | undefined;
  readonly kinds?: readonly ManagedKind[] | undefined;
}

/**
 * How many of what `caller` may read were awake and asleep in each bucket of `window`.
 * @throws PlatformError `database_unavailable`, `management_unavailable`
 */
export async function usageHistory(
  deps: Deps,
  caller: Caller,
  { project, kinds = managedKinds }: Asked,
  window: HistoryWindow,
): Promise<UsageHistory['buckets']> {
  const { counted, projects } = await callersRecords(deps, caller, { project, kinds });
  const recorded = await deps.usage.stateDeltas(window, { projects, kinds, counted });
  const present = await visibleInstances(deps, caller.identity, { project, kinds });
  const known = new Set(
    await deps.usage.recordedUids(present.flatMap(({ instance }) => instance.metadata.uid ?? [])),
  );
  const unrecorded = present
    .filter(({ instance }) => !known.has(instance.metadata.uid ?? ''))
    .flatMap(({ kind, instance }) => deltasOf(window, changesAsItSays(kind, instance)));
  return averages(window, [...recorded, ...unrecorded]);
}
