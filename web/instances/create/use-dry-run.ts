import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { kindNames } from '../../../contracts/kinds.ts';
import { createObject } from '../../server/management.ts';
import type { Draft } from './draft.ts';
import type { ManifestPlace } from './manifest-text.ts';
import { type Faults, refusalOf } from './refusal.ts';

const pauseMs = 500;

/** What the platform says about a draft that nobody has created yet, a moment after it was changed last. */
export interface DryRun {
  readonly state: 'idle' | 'checking' | 'accepted' | 'refused';
  readonly faults: Faults;
}

/** Asks the platform in a dry run. @param isComplete without that it would only say what the form says already */
export function useDryRun({ kind, project }: ManifestPlace, draft: Draft, isComplete: boolean): DryRun {
  const [settled] = useDebouncedValue(draft, pauseMs);
  const isSettled = settled === draft;
  const query = useQuery({
    // A draft holds passwords: it is kept no longer than it is shown.
    queryKey: ['create-dry-run', kind, project, settled] as const,
    queryFn: () => createObject(kindNames[kind].plural, settled, { project, dryRun: true }),
    enabled: isComplete && isSettled,
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  const faults = refusalOf(isComplete ? query.error : null);
  if (!isComplete) return { state: 'idle', faults };
  if (!isSettled || query.isFetching) return { state: 'checking', faults };
  return { state: query.error === null ? 'accepted' : 'refused', faults };
}
