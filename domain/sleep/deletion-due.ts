import type { ManagedKind } from '../../contracts/kinds.ts';
import type { AutoDeletionStatus } from '../../contracts/resources/instance-status.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import { isLeftAlone } from './due-change.ts';
import { lastUse } from './inactivity.ts';
import { sleepPolicyOf } from './sleep-policy.ts';

/** What a deletion for inactivity is decided by, besides the instance. */
export interface DeletionClock {
  readonly now: Date;
  /** How long a warning stands before a delete; undefined: a tenth of `delete-after`, a minute to a day. */
  readonly warningSeconds?: number | undefined;
  /** How long the platform has run while the present warning stood, in seconds. No clock that is set changes it. */
  readonly stoodSeconds: number;
}

/** A deletion for inactivity that is announced, or would be. */
export interface ComingDeletion {
  readonly at: Date;
  readonly unusedSince: Date;
  readonly afterSeconds: number;
}

/** What to do about the deletion of an instance that nobody uses. `nextAt`: when to look again, in milliseconds since 1970. */
export type DeletionStep =
  /** Nothing is near: no warning stands. */
  | { readonly state: 'distant'; readonly nextAt: number }
  /** It would be announced, and something holds it. */
  | { readonly state: 'blocked'; readonly by: string; readonly coming: ComingDeletion }
  /** Warn now; a warning that stands does not count. */
  | { readonly state: 'announce'; readonly coming: ComingDeletion; readonly warning: AutoDeletionStatus }
  /** The warning stands. `later`: what it says of the time is not true any more, or how long it stood should be noted. */
  | {
      readonly state: 'announced';
      readonly nextAt: number;
      readonly coming: ComingDeletion;
      readonly noted?: AutoDeletionStatus;
    }
  | { readonly state: 'due'; readonly coming: ComingDeletion };

const minuteSeconds = 60;
const daySeconds = 24 * 60 * minuteSeconds;
/** How long it stood is noted so many times while a warning stands, and not more than once a minute. */
const notesOfWarning = 48;

/** How long a warning stands, in seconds. */
export function warningSecondsOf(deleteAfterSeconds: number): number {
  return Math.min(daySeconds, Math.max(minuteSeconds, Math.ceil(deleteAfterSeconds / 10)));
}

/**
 * What to do now about deleting an instance for want of use. It is deleted only when a warning has stood for its time: by
 * the clock, and by the time that the platform has run, so that neither an outage nor a clock that jumps shortens it. A use after the
 * warning, or another time than the one announced, takes a new warning.
 */
export function deletionStep(
  kind: ManagedKind,
  instance: ManagedInstance,
  { now: date, warningSeconds, stoodSeconds }: DeletionClock,
): DeletionStep {
  const found = isLeftAlone(kind, instance) ? undefined : sleepPolicyOf(instance);
  const policy = found === undefined || 'fault' in found ? undefined : found.policy;
  const afterSeconds = policy?.deleteAfterSeconds;
  if (policy === undefined || afterSeconds === undefined)
    return { state: 'distant', nextAt: Number.POSITIVE_INFINITY };
  const now = date.getTime();
  const used = lastUse(kind, instance, now);
  const standsMs = (warningSeconds ?? warningSecondsOf(afterSeconds)) * 1000;
  const endsAt = used + afterSeconds * 1000;
  const warnAt = Math.max(used, endsAt - standsMs);
  if (now < warnAt) return { state: 'distant', nextAt: warnAt };
  const by = deletionBlock(instance, policy.preventDeletion);
  const unused = { unusedSince: new Date(used), afterSeconds };
  if (by !== undefined) return { state: 'blocked', by, coming: { at: new Date(endsAt), ...unused } };
  return announcedStep(instance, { ...unused, endsAt, standsMs, now, stoodSeconds });
}

interface Near extends Omit<ComingDeletion, 'at'> {
  /** When its time without use is over, and how long a warning stands: milliseconds, as `now`. */
  readonly endsAt: number;
  readonly standsMs: number;
  readonly now: number;
  readonly stoodSeconds: number;
}

/** Once it is near: whether a warning is to be given, or stands. */
function announcedStep(instance: ManagedInstance, near: Near): DeletionStep {
  const { endsAt, standsMs, now, unusedSince } = near;
  const warning = instance.status?.autoDeletion;
  const [announced, warnedAt] = [Date.parse(warning?.at ?? ''), Date.parse(warning?.warnedAt ?? '')];
  const fromNow = Math.max(endsAt, now + standsMs);
  // One given in the future was given before the clock was set back; one before the last use is of an earlier time.
  const isValid = warnedAt <= now && warnedAt >= unusedSince.getTime();
  const isTooSoon = announced < Math.max(endsAt, warnedAt + standsMs);
  // So it was announced while the clock was ahead, or before the policy changed.
  const isTooLate = announced - fromNow > notedEvery(near);
  return warning !== undefined && isValid && !isTooSoon && !isTooLate
    ? standingStep(instance, warning, near)
    : { state: 'announce', coming: comingAt(fromNow, near), warning: warningOf(fromNow, now, 0) };
}

/** While a warning stands: whether it has stood for its time. */
function standingStep({ status }: ManagedInstance, warning: AutoDeletionStatus, near: Near): DeletionStep {
  const { standsMs, now, stoodSeconds } = near;
  const announced = Date.parse(warning.at);
  const leftMs = standsMs - stoodSeconds * 1000;
  if (leftMs <= 0 && now >= announced) {
    const coming = comingAt(announced, near);
    // An operation that somebody asked for goes first.
    return status?.phase === 'Pending'
      ? { state: 'announced', nextAt: now, coming }
      : { state: 'due', coming };
  }
  const everyMs = notedEvery(near);
  const later = Math.max(announced, now + leftMs);
  const at = later - announced > everyMs ? later : announced;
  const isWorthNoting = at !== announced || (stoodSeconds - warning.stoodSeconds) * 1000 >= everyMs;
  return {
    state: 'announced',
    nextAt: Math.min(later, now + everyMs),
    coming: comingAt(at, near),
    ...(isWorthNoting ? { noted: warningOf(at, Date.parse(warning.warnedAt), stoodSeconds) } : {}),
  };
}

function comingAt(at: number, { unusedSince, afterSeconds }: Near): ComingDeletion {
  return { at: new Date(at), unusedSince, afterSeconds };
}

function notedEvery({ standsMs }: Near): number {
  return Math.max(minuteSeconds * 1000, standsMs / notesOfWarning);
}

function warningOf(at: number, warnedAt: number, stoodSeconds: number): AutoDeletionStatus {
  return {
    at: new Date(at).toISOString(),
    warnedAt: new Date(warnedAt).toISOString(),
    stoodSeconds: Math.floor(stoodSeconds),
  };
}

/** What keeps an instance from being deleted, for people; undefined: nothing. */
export function deletionBlock({ status }: ManagedInstance, preventDeletion: boolean): string | undefined {
  const prevented = status?.conditions?.find(
    ({ type, status: is }) => type === 'DeletionPrevented' && is === 'True',
  );
  if (prevented !== undefined) return prevented.message ?? 'deletion.prevent is set';
  return preventDeletion
    ? 'it is marked as not to be deleted (loft.sh/non-deletable, or deletion.prevent)'
    : undefined;
}

/** For people, in a condition, an event and the audit log: when it is deleted, why, and what stops that. */
export function announcementOf({ at, unusedSince, afterSeconds }: ComingDeletion): string {
  return (
    `Deleted at ${shortTime(at)}, as nobody has used it since ${shortTime(unusedSince)} and it is kept for ${duration(afterSeconds)} without use. ` +
    'Any use stops that: a request to it, or vcp wakeup'
  );
}

/** The same where something holds it. */
export function blockedOf({ at, unusedSince, afterSeconds }: ComingDeletion, by: string): string {
  return `Not deleted, though nobody has used it since ${shortTime(unusedSince)} and it is kept for ${duration(afterSeconds)} without use (until ${shortTime(at)}): ${by}`;
}

/** Why it was deleted. */
export function deletedOf({ unusedSince, afterSeconds }: ComingDeletion): string {
  return `Deleted, as nobody has used it since ${shortTime(unusedSince)} and it is kept for ${duration(afterSeconds)} without use`;
}

function shortTime(at: Date): string {
  return `${at.toISOString().slice(0, 19)}Z`;
}

function duration(seconds: number): string {
  const units = [
    [daySeconds, 'd'],
    [3600, 'h'],
    [minuteSeconds, 'min'],
  ] as const;
  const [size, unit] = units.find(([one]) => seconds % one === 0) ?? [1, 's'];
  return `${seconds / size} ${unit}`;
}
