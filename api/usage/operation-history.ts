import { type OperationKind, operationKinds } from '../../contracts/kinds.ts';
import type { OperationHistory } from '../../contracts/rest/history-routes.ts';
import type { OperationType } from '../../contracts/verbs.ts';
import { nothingEnded } from '../../db/queries/operation-history.ts';
import { bucketCount, bucketTimes, type HistoryWindow } from '../../domain/usage/history-window.ts';
import type { Gateway } from '../gateway.ts';
import type { Caller } from '../identity/caller.ts';
import { callersRecords } from './counted-records.ts';

type Deps = Pick<Gateway, 'review' | 'cache' | 'managementJson' | 'usage'>;

interface Asked {
  readonly project?: string | undefined;
  readonly kinds?: readonly OperationKind[] | undefined;
  readonly types?: readonly OperationType[] | undefined;
}

/**
 * How the operations that `caller` may see ended in each bucket of `window`, and in all of it.
 * @throws PlatformError `database_unavailable`, `management_unavailable`
 */
export async function operationHistory(
  deps: Deps,
  caller: Caller,
  { project, kinds = operationKinds, types }: Asked,
  window: HistoryWindow,
): Promise<Pick<OperationHistory, 'total' | 'buckets'>> {
  const { counted, projects } = await callersRecords(deps, caller, { project, kinds });
  const { total, buckets } = await deps.usage.endedOperations(window, { projects, kinds, types, counted });
  return {
    total,
    buckets: Array.from({ length: bucketCount(window) }, (_, bucket) => ({
      at: new Date(bucketTimes(window, bucket).begin).toISOString(),
      ...(buckets.get(bucket) ?? nothingEnded()),
    })),
  };
}
