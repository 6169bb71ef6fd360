import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { ManagedKind } from '../../../contracts/kinds.ts';
import { useRows } from '../../instances/table/use-rows.ts';
import type { Row } from '../../server/instances.ts';
import { usageHistoryQuery } from '../../server/histories.ts';

/** The instances of a kind in short. */
export interface Fleet {
  readonly kind: ManagedKind;
  readonly isLoading: boolean;
  readonly error: Error | null;
  /** As many as one page has. */
  readonly rows: readonly Row[];
  /** Whether `rows` are all. */
  readonly isComplete: boolean;
  readonly failed: readonly Row[];
  readonly hasMoreFailed: boolean;
  readonly awake: number;
  readonly asleep: number;
}

const hourMs = 3_600_000;

/** What there is of a kind. A few are counted one by one, as they are now; of many the mean of this hour is told. */
export function useFleet(kind: ManagedKind, project: string | undefined): Fleet {
  const all = useRows(kind, { project });
  const failures = useRows(kind, { project, phase: 'Failed' });
  const [from] = useState(() => new Date(Math.floor(Date.now() / hourMs) * hourMs).toISOString());
  const isComplete = !all.hasMore;
  const history = useQuery({ ...usageHistoryQuery({ project, kind, from }), enabled: !isComplete });
  const mean = history.data?.buckets.at(-1);
  const count = (phase: string) => all.rows.filter((row) => row.phase === phase).length;
  return {
    kind,
    isLoading: all.query.isPending || failures.query.isPending,
    error: all.query.error ?? failures.query.error,
    rows: all.rows,
    isComplete,
    failed: failures.rows.filter(({ phase }) => phase === 'Failed'),
    hasMoreFailed: failures.hasMore,
    awake: isComplete ? count('Ready') : Math.round(mean?.awake ?? 0),
    asleep: isComplete ? count('Sleeping') : Math.round(mean?.asleep ?? 0),
  };
}
