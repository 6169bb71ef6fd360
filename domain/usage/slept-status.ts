import { annotations } from '../../contracts/names.ts';
import type { ManagedKind } from '../../contracts/kinds.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import { isAsleep, isAwake } from '../lifecycle/settled-phase.ts';
import type { LastChange, SleepChange } from './sleep-changes.ts';
import { type UsageWindow, usageWindow } from './usage-window.ts';

/** How long an instance was awake and asleep, in seconds, as its operations tell. */
export interface RecordedUse {
  readonly awakeSevenDays: number;
  readonly asleepSevenDays: number;
  readonly awakeThirtyDays: number;
  readonly asleepThirtyDays: number;
  /** Of the calendar month in UTC. */
  readonly asleepThisMonth: number;
  readonly asleepLastMonth: number;
  readonly last?: LastChange;
}

/** An epoch of vCluster Platform's clients. Ours is a calendar month in UTC. */
export interface Epoch {
  /** Unix time in seconds: its begin, or when the instance was created. */
  readonly start: number;
  /** Milliseconds, in whole minutes. */
  readonly slept: number;
}

/** The part of `status.sleepModeConfig.status` that tells of the past. */
export interface SleptStatus {
  /** Percent of that time, or of the time since it was created. */
  readonly sleptLastSevenDays: number;
  readonly sleptLastThirtyDays: number;
  readonly currentEpoch: Epoch;
  readonly lastEpoch?: Epoch;
}

/**
 * What `status.sleepModeConfig.status` says of the past; undefined if nothing is known.
 * @param recorded left out: its operations are not known, or there are none
 */
export function sleptStatus(
  kind: ManagedKind,
  instance: ManagedInstance,
  recorded: RecordedUse | undefined,
  now: Date,
): SleptStatus | undefined {
  const window = usageWindow(now);
  const use = recorded ?? usedAsItSays(kind, instance, window);
  if (use === undefined) return undefined;
  const created = createdAt(instance) ?? 0;
  const start = (time: Date) => Math.floor(Math.max(created, time.getTime()) / 1000);
  const wholeMinutes = (seconds: number) => Math.floor(seconds / 60) * 60_000;
  return {
    sleptLastSevenDays: percent(use.asleepSevenDays, use.awakeSevenDays),
    sleptLastThirtyDays: percent(use.asleepThirtyDays, use.awakeThirtyDays),
    currentEpoch: { start: start(window.month), slept: wholeMinutes(use.asleepThisMonth) },
    ...(created >= window.month.getTime()
      ? {}
      : { lastEpoch: { start: start(window.lastMonth), slept: wholeMinutes(use.asleepLastMonth) } }),
  };
}

/** Percent of the time that was slept, to one decimal; 0 of no time. */
export function percent(asleep: number, awake: number): number {
  const all = asleep + awake;
  return all === 0 ? 0 : Math.round((asleep / all) * 1000) / 10;
}

/**
 * Of an instance whose operations are not recorded: that it is awake or asleep now, since when it sleeps, and when it was
 * created.
 */
export function usedAsItSays(
  kind: ManagedKind,
  instance: ManagedInstance,
  { now, sevenDays, thirtyDays, month, lastMonth }: UsageWindow,
): RecordedUse | undefined {
  const created = createdAt(instance);
  const sleeps = isAsleep(kind, instance);
  if (created === undefined || !(sleeps || isAwake(kind, instance))) return undefined;
  const since = Number(instance.metadata.annotations?.[annotations.sleepingSince]) * 1000;
  const fellAsleep = sleeps ? Math.max(created, since || created) : now.getTime();
  const within = (begin: number, end: number, from: Date, to: Date) =>
    Math.max(0, Math.min(end, to.getTime()) - Math.max(begin, from.getTime())) / 1000;
  const awake = (from: Date) => within(created, fellAsleep, from, now);
  const asleep = (from: Date, to = now) => within(fellAsleep, now.getTime(), from, to);
  return {
    awakeSevenDays: awake(sevenDays),
    asleepSevenDays: asleep(sevenDays),
    awakeThirtyDays: awake(thirtyDays),
    asleepThirtyDays: asleep(thirtyDays),
    asleepThisMonth: asleep(month),
    asleepLastMonth: asleep(lastMonth, month),
  };
}

/** The same as changes, oldest first; none if it is neither awake nor asleep. */
export function changesAsItSays(kind: ManagedKind, instance: ManagedInstance): SleepChange[] {
  const created = createdAt(instance);
  const sleeps = isAsleep(kind, instance);
  if (created === undefined || !(sleeps || isAwake(kind, instance))) return [];
  const since = Number(instance.metadata.annotations?.[annotations.sleepingSince]) * 1000;
  const creation: SleepChange = { at: created, state: 'awake', isByPolicy: false };
  return sleeps
    ? [creation, { at: Math.max(created, since || created), state: 'asleep', isByPolicy: false }]
    : [creation];
}

function createdAt({ metadata: { creationTimestamp } }: ManagedInstance): number | undefined {
  return creationTimestamp === undefined ? undefined : Date.parse(creationTimestamp);
}
