import { hasVerb, type ManagedKind } from '../../contracts/kinds.ts';
import { annotations } from '../../contracts/names.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import { descriptorOf } from '../kinds/kinds.ts';
import {
  isNamespaceLost,
  isProvisioned,
  isSleepWanted,
  neededOperations,
} from '../lifecycle/desired-state.ts';
import { isAsleep, isAwake } from '../lifecycle/settled-phase.ts';
import { isCredible, policyActors, quietSince, timeNoted } from './inactivity.ts';
import { wokenAt } from './last-activity.ts';
import { knownTransitions } from './known-transitions.ts';
import { forcedAsleepUntil, type SleepPolicy, sleepPolicyOf, type SleepTransition } from './sleep-policy.ts';

/** What the policy of an instance asks for now that its annotations do not say, and why. */
export interface DueChange {
  readonly action: 'sleep' | 'wake';
  /** `use`: it was to sleep for want of use, which failed, and is used again. */
  readonly because: 'schedule' | 'inactivity' | 'use';
  /** Since when that should hold. */
  readonly at: Date;
}

/** What is due, and the time of the next change if nothing happens until then, in milliseconds since 1970. */
export interface Outlook {
  readonly change: DueChange | undefined;
  readonly nextAt: number;
}

const nothing: Outlook = { change: undefined, nextAt: Number.POSITIVE_INFINITY };

/** Whether no policy touches an instance: it goes, runs by other hands, or what was in its namespace is lost. */
export function isLeftAlone(kind: ManagedKind, instance: ManagedInstance): boolean {
  return (
    instance.metadata.deletionTimestamp !== undefined ||
    (descriptorOf(kind).isElsewhere(instance) && !isProvisioned(instance)) ||
    isNamespaceLost(instance)
  );
}

/**
 * What should hold now for an instance, by schedule and by use. Only the newest time of the schedules counts, whatever was missed
 * before it; what somebody did after it stands until the next one. The same for everyone who asks: the workflow that
 * a Temporal Schedule starts, and the sweep of the controllers.
 */
export function outlookOf(kind: ManagedKind, instance: ManagedInstance, now: Date): Outlook {
  if (!hasVerb(kind, 'sleep') || isLeftAlone(kind, instance)) return nothing;
  const found = sleepPolicyOf(instance);
  if (found === undefined || 'fault' in found) return nothing;
  const { last, next } = knownTransitions(found.policy, now);
  const quietAt = sleepsUnusedAt(kind, instance, found.policy, now);
  const isQuiet = quietAt !== undefined && quietAt <= now.getTime();
  const change =
    byScheduleOf(kind, instance, last, now) ??
    (isQuiet ? ({ action: 'sleep', because: 'inactivity', at: new Date(quietAt) } as const) : undefined) ??
    usedAgain(kind, instance, found.policy, now);
  const nextAt = Math.min(
    next[0]?.at.getTime() ?? Number.POSITIVE_INFINITY,
    (isQuiet ? undefined : quietAt) ?? Number.POSITIVE_INFINITY,
  );
  return { change, nextAt };
}

/** What the newest time of the schedules asks for, unless it was seen to already, or somebody did otherwise since. */
function byScheduleOf(
  kind: ManagedKind,
  instance: ManagedInstance,
  transition: SleepTransition | undefined,
  now: Date,
): DueChange | undefined {
  if (transition === undefined) return undefined;
  const { state, at } = transition;
  if ((state === 'asleep') === isSleepWanted(instance)) return undefined;
  const { metadata } = instance;
  const isMadeSince = Date.parse(metadata.creationTimestamp ?? '') > at.getTime();
  if (isMadeSince || isSeenTo(instance, at, now)) return undefined;
  const isOthers =
    state === 'asleep'
      ? isWokenSince(instance, at, now)
      : isAskedToSleepSince(kind, instance, at, now) || forcedAsleepUntil(instance, now) !== undefined;
  return isOthers ? undefined : { action: state === 'asleep' ? 'sleep' : 'wake', because: 'schedule', at };
}

/** Use alone is none: what is in use sleeps at its time, too, and the next request wakes it. */
function isWokenSince(instance: ManagedInstance, at: Date, now: Date): boolean {
  const woken = (wokenAt(instance) ?? 0) * 1000;
  return woken > at.getTime() && isCredible(woken, now.getTime());
}

/** Nobody knows when a sleep was asked for that has not come yet, unless an earlier time of the schedule did. */
function isAskedToSleepSince(kind: ManagedKind, instance: ManagedInstance, at: Date, now: Date): boolean {
  const since = timeNoted(instance.metadata, annotations.sleepingSince, now.getTime());
  if (since !== undefined) return since > at.getTime();
  const isComing = isProvisioned(instance) && !isAsleep(kind, instance);
  return isComing && instance.metadata.annotations?.[annotations.sleepType] !== 'scheduledSleep';
}

/** Whether a time of the schedules was acted on, or a later one, before the clock was set back. */
function isSeenTo({ metadata }: ManagedInstance, at: Date, now: Date): boolean {
  const seenTo = timeNoted(metadata, annotations.sleepTransition, now.getTime());
  return seenTo !== undefined && seenTo >= at.getTime();
}

/** When it falls asleep if nobody uses it; undefined: it is not awake, is to sleep already, or something is being done about it. */
function sleepsUnusedAt(
  kind: ManagedKind,
  instance: ManagedInstance,
  { afterInactivitySeconds: after }: SleepPolicy,
  now: Date,
): number | undefined {
  if (after === undefined || isSleepWanted(instance) || !isAtRest(kind, instance)) return undefined;
  return quietSince(kind, instance, now.getTime()) + after * 1000;
}

function usedAgain(
  kind: ManagedKind,
  instance: ManagedInstance,
  { afterInactivitySeconds: after }: SleepPolicy,
  now: Date,
): DueChange | undefined {
  const given = instance.metadata.annotations ?? {};
  const isOurs =
    given[annotations.sleepType] === 'inactivitySleep' && given[annotations.sleepForceDuration] === undefined;
  if (after === undefined || !isOurs || !isSleepWanted(instance) || !isAtRest(kind, instance))
    return undefined;
  const since = quietSince(kind, instance, now.getTime());
  return since + after * 1000 > now.getTime()
    ? { action: 'wake', because: 'use', at: new Date(since) }
    : undefined;
}

function isAtRest(kind: ManagedKind, instance: ManagedInstance): boolean {
  return isAwake(kind, instance) && instance.status?.phase !== 'Pending';
}

/**
 * The newest time of the schedules, if the annotations of `instance` say its state already and it is in the other one: its time
 * came again after a sleep or wake that failed. Undefined if that time was seen to.
 */
export function missedTransition(
  kind: ManagedKind,
  instance: ManagedInstance,
  now: Date,
): SleepTransition | undefined {
  const found = isLeftAlone(kind, instance) ? undefined : sleepPolicyOf(instance);
  if (found === undefined || 'fault' in found) return undefined;
  const { last } = knownTransitions(found.policy, now);
  if (last === undefined || isSeenTo(instance, last.at, now)) return undefined;
  const missing = last.state === 'asleep' ? 'sleep' : 'wake';
  const isMissed = neededOperations(kind, instance, undefined).some(({ type }) => type === missing);
  return isMissed ? last : undefined;
}

/** The annotations that carry a change out, which then starts the sleep or wake like anybody's. */
export function annotationsOf({ action, because, at }: DueChange): Record<string, string | null> {
  const isScheduled = because === 'schedule';
  const stamp = {
    [annotations.changedBy]: isScheduled ? policyActors.schedule : policyActors.inactivity,
    ...(isScheduled ? seenTo(at) : {}),
  };
  return action === 'sleep'
    ? {
        ...stamp,
        [annotations.sleepForce]: 'true',
        [annotations.sleepType]: isScheduled ? 'scheduledSleep' : 'inactivitySleep',
      }
    : {
        ...stamp,
        [annotations.sleepForce]: null,
        [annotations.sleepForceDuration]: null,
        [annotations.sleepType]: null,
      };
}

/** The annotations that have a failed sleep or wake tried again, now that its time has come again. */
export function annotationsOfRetry({ at }: SleepTransition): Record<string, string> {
  return {
    [annotations.changedBy]: policyActors.schedule,
    [annotations.retry]: at.toISOString(),
    ...seenTo(at),
  };
}

function seenTo(at: Date): Record<string, string> {
  return { [annotations.sleepTransition]: String(at.getTime() / 1000) };
}
