import { annotations } from '../../contracts/names.ts';
import type { OperationState } from '../../contracts/operations.ts';
import type { Cluster } from '../../contracts/resources/cluster.ts';
import type { Project } from '../../contracts/resources/project.ts';
import type { ManagedInstance, ManagedTemplate } from '../../contracts/resources/resource-kinds.ts';
import type { OperationType } from '../../contracts/verbs.ts';
import { contentHash } from '../content-hash.ts';
import { mayPass } from './failure-causes.ts';
import { knownPlace } from '../placement/known-place.ts';
import { isClusterAllowed } from '../placement/placement.ts';

/** Under what an operation was submitted. What is left out is not known, and counts as unchanged. */
export interface AttemptMark {
  /** Value of the annotation `vcluster-platform.io/retry`. */
  readonly request?: string;
  /** Hashes of what lets the instance be placed, and of what it is made of. */
  readonly clusters?: string;
  readonly project?: string;
  readonly template?: string;
}

/** An operation of the same type towards the same target. */
export interface Attempt {
  readonly id: string;
  readonly state: OperationState;
  readonly reason: string | null;
  /** Whether it said that its cause stays; null: it did not, or it is of an earlier version. */
  readonly lasts: boolean | null;
  readonly finishedAt: Date | null;
  readonly mark: AttemptMark | null;
}

/** Milliseconds before the first repetition, doubled by each failure up to the longest. */
export interface RetryPauses {
  readonly firstMs: number;
  readonly longestMs: number;
}

export const defaultRetryPauses: RetryPauses = { firstMs: 30_000, longestMs: 30 * 60_000 };

/** An update that fails has restarted what runs, so it is not repeated for ever. */
const mostAttempts: { readonly [V in OperationType]?: number } = { update: 5 };

/** What to do about an operation that the resource asks for. */
export type NextAttempt =
  /** `after`: the failed one that it follows. */
  | { readonly action: 'submit'; readonly after?: string }
  | { readonly action: 'wait'; readonly at: Date; readonly number: number }
  /** Until something changes, or somebody asks. */
  | { readonly action: 'stop'; readonly because: 'cancelled' | 'lasting' | 'exhausted' };

/**
 * When an operation that is needed is tried. One that was not tried, or not in vain, at once. After a failure: at once if
 * somebody asked again; after the first pause if the clusters, the project or the template changed, else after a pause that
 * grows with the failures in a row, as long as its cause may pass. What was cancelled waits until somebody asks.
 * @param attempts newest first
 */
export function nextAttempt(
  type: OperationType,
  attempts: readonly Attempt[],
  mark: AttemptMark,
  pauses: RetryPauses,
): NextAttempt {
  const [last] = attempts;
  if (last === undefined || (last.state !== 'failed' && last.state !== 'cancelled'))
    return { action: 'submit' };
  const before = last.mark ?? {};
  if (mark.request !== undefined && mark.request !== before.request)
    return { action: 'submit', after: last.id };
  if (last.state === 'cancelled') return { action: 'stop', because: 'cancelled' };
  return afterFailure(type, last, failuresInARow(attempts, before.request), mark, pauses);
}

function afterFailure(
  type: OperationType,
  { id, reason, lasts, finishedAt, mark: before }: Attempt,
  failures: number,
  mark: AttemptMark,
  pauses: RetryPauses,
): NextAttempt {
  const passes = type === 'delete' || mayPass(reason, lasts);
  const isMended = isChanged(before ?? {}, mark, passes);
  if (!isMended && !passes) return { action: 'stop', because: 'lasting' };
  if (!isMended && failures >= (mostAttempts[type] ?? Number.POSITIVE_INFINITY))
    return { action: 'stop', because: 'exhausted' };
  const pauseMs = pauseAfter(isMended ? 1 : failures, id, pauses);
  return { action: 'wait', at: new Date((finishedAt?.getTime() ?? 0) + pauseMs), number: failures + 1 };
}

/** Whether what lets it be placed (for a cause that passes) or what it is made of is not what it was. */
function isChanged(before: AttemptMark, now: AttemptMark, passes: boolean): boolean {
  const parts = passes ? (['template', 'clusters', 'project'] as const) : (['template'] as const);
  return parts.some((part) => before[part] !== undefined && before[part] !== now[part]);
}

/** What people read of an operation that failed. */
export function attemptSentence(
  type: OperationType,
  next: Exclude<NextAttempt, { action: 'submit' }>,
): string {
  const byHand = `ask for it with "vcp retry" or the annotation ${annotations.retry}`;
  if (next.action === 'wait')
    return `${type} failed; next attempt at ${next.at.toISOString()} (attempt ${next.number})`;
  switch (next.because) {
    case 'cancelled':
      return `${type} was cancelled, so it is not tried again by itself: ${byHand}`;
    case 'lasting':
      return `${type} failed and is not tried again by itself: change the spec or its template, or ${byHand}`;
    case 'exhausted':
      return `${type} failed ${mostAttempts[type]} times, so it is not tried again by itself: change the spec, or ${byHand}`;
  }
}

/** What an instance is submitted under now. */
export function markOf(
  instance: Pick<ManagedInstance, 'metadata' | 'spec' | 'status'>,
  around: {
    readonly project: Project | undefined;
    readonly clusters: readonly Cluster[];
    readonly template: ManagedTemplate | undefined;
  },
): AttemptMark {
  const { project, clusters, template } = around;
  const wanted = knownPlace(instance).cluster;
  const facts = clusters
    .filter(({ metadata: { name } }) => wanted === undefined || name === wanted)
    .filter((cluster) => project === undefined || isClusterAllowed(project, cluster.metadata.name))
    .map((cluster) => ({
      name: cluster.metadata.name,
      leaves: cluster.metadata.deletionTimestamp !== undefined,
      unusable: cluster.spec.unusable === true,
      phase: cluster.status?.phase,
      online: cluster.status?.online !== false,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const { allowedClusters, allowedTemplates, requireTemplate, namespacePattern, quotas } =
    project?.spec ?? {};
  const { template: definition, versions, parameters } = template?.spec ?? {};
  const limits = { allowedClusters, allowedTemplates, requireTemplate, namespacePattern, quotas };
  return {
    ...requestOf(instance.metadata.annotations),
    clusters: contentHash(facts),
    project: contentHash(project === undefined ? null : limits),
    template: contentHash(template === undefined ? null : { definition, versions, parameters }),
  };
}

/** The part of the mark that stands in the resource itself. */
export function requestOf(given: Readonly<Record<string, string>> | undefined): Pick<AttemptMark, 'request'> {
  const request = given?.[annotations.retry];
  return request === undefined || request === '' ? {} : { request };
}

function failuresInARow(attempts: readonly Attempt[], request: string | undefined): number {
  const end = attempts.findIndex(({ state, mark }) => state !== 'failed' || mark?.request !== request);
  return end === -1 ? attempts.length : end;
}

/** Between a half and the whole of the doubled pause, by the operation's id: the same for everyone who asks. */
function pauseAfter(failures: number, id: string, { firstMs, longestMs }: RetryPauses): number {
  const full = Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, 30));
  const share = Number.parseInt(contentHash(id).slice(0, 8), 16) / 0xffffffff;
  return full * (0.5 + share / 2);
}
