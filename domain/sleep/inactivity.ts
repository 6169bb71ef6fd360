import type { ManagedKind } from '../../contracts/kinds.ts';
import { annotations } from '../../contracts/names.ts';
import type { ObjectMeta } from '../../contracts/resources/object-meta.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import { descriptorOf } from '../kinds/kinds.ts';

/** Who changed an instance, in `vcluster-platform.io/changed-by`, where it was a policy: by the clock, or because nobody used it. */
export const policyActors = { schedule: 'schedule', inactivity: 'inactivity' } as const;

/** The clock of who wrote a time may have been ahead of ours, or ours was set back; what is further ahead was never true. */
const maxAheadMs = 24 * 3_600_000;

/** Whether a time that was noted may be true. Milliseconds since 1970. */
export function isCredible(at: number, now: number): boolean {
  return at <= now + maxAheadMs;
}

/** An annotation that holds seconds since 1970, in milliseconds; undefined if it is not there, or more than a day ahead of `now`. */
export function timeNoted(metadata: ObjectMeta, name: string, now: number): number | undefined {
  const text = metadata.annotations?.[name];
  if (text === undefined || !/^\d{1,12}$/.test(text)) return undefined;
  const at = Number(text) * 1000;
  return isCredible(at, now) ? at : undefined;
}

/** Since when an instance is awake, in milliseconds since 1970; undefined if it is not, or nobody knows. */
export function awakeSince(kind: ManagedKind, { status }: ManagedInstance): number | undefined {
  const { ready } = descriptorOf(kind).conditions;
  const condition = status?.conditions?.find(({ type }) => type === ready);
  const at = condition?.status === 'True' ? Date.parse(condition.lastTransitionTime ?? '') : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}

/**
 * When an instance was used last, in milliseconds since 1970. Its creation is a use, and that it became ready, unless a
 * schedule woke it.
 */
export function lastUse(kind: ManagedKind, instance: ManagedInstance, now: number): number {
  const { metadata } = instance;
  const isWokenByPolicy = metadata.annotations?.[annotations.changedBy] === policyActors.schedule;
  return Math.max(
    Date.parse(metadata.creationTimestamp ?? '') || 0,
    timeNoted(metadata, annotations.lastActivity, now) ?? 0,
    (isWokenByPolicy ? undefined : awakeSince(kind, instance)) ?? 0,
  );
}

/** Since when nobody uses an instance that is awake: a wake by its schedule does not count as use, but gives it its time. As {@link lastUse}. */
export function quietSince(kind: ManagedKind, instance: ManagedInstance, now: number): number {
  return Math.max(lastUse(kind, instance, now), awakeSince(kind, instance) ?? 0);
}
