import { annotations } from '../../contracts/names.ts';
import { isSleepWanted } from '../lifecycle/desired-state.ts';
import type { IgnoreList } from './ignore-rules.ts';
import { knownTransitions } from './known-transitions.ts';
import { type LastActivityInfo, readLastActivityInfo } from './last-activity.ts';
import { type Sleeper, sleepPolicyOf, sleepSettingsOf } from './sleep-policy.ts';

/**
 * `status.sleepModeConfig` of an instance, with the names of fields that vCluster Platform's clients read. Times are seconds
 * since the epoch; what is not set is left out.
 */
export interface SleepModeConfig {
  readonly metadata: Record<string, never>;
  readonly spec: {
    readonly forceSleep?: true;
    /** In seconds; 0: until somebody wakes it. */
    readonly forceSleepDuration?: number;
    /** In seconds of inactivity. */
    readonly sleepAfter?: number;
    readonly deleteAfter?: number;
    readonly sleepSchedule?: string;
    readonly wakeupSchedule?: string;
    readonly timezone?: string;
    readonly ignoreActiveConnections?: true;
    readonly ignoreAll?: true;
    readonly ignoreVClusters?: true;
  } & { readonly [L in IgnoreList]?: string };
  readonly status: {
    readonly lastActivity?: number;
    readonly lastActivityInfo?: LastActivityInfo;
    readonly sleepingSince?: number;
    readonly sleepType?: string;
    readonly scheduledSleep?: number;
    readonly scheduledWakeup?: number;
  };
}

/** The sleep policy that holds for an instance, how it is, and the next times of its schedules after `now`. */
export function sleepModeConfigOf(instance: Sleeper, now: Date): SleepModeConfig {
  const given = instance.metadata.annotations ?? {};
  const settings = sleepSettingsOf(instance);
  // As clients wrote them, who read them again: also a time zone of theirs, and what cannot be understood.
  const text = (setting: 'sleepSchedule' | 'wakeupSchedule' | 'timezone', name: string) =>
    (settings.sources?.[setting] === 'annotation' ? given[name] : settings[setting]) || undefined;
  return {
    metadata: {},
    spec: withoutAbsent({
      forceSleep: isSleepWanted(instance) ? (true as const) : undefined,
      forceSleepDuration: numberIn(given[annotations.sleepForceDuration]),
      sleepAfter: settings.afterInactivitySeconds || undefined,
      deleteAfter: settings.deleteAfterSeconds || undefined,
      sleepSchedule: text('sleepSchedule', annotations.sleepSchedule),
      wakeupSchedule: text('wakeupSchedule', annotations.wakeupSchedule),
      timezone: text('timezone', annotations.sleepTimezone),
      ignoreActiveConnections: settings.ignoreActiveConnections || undefined,
      ignoreAll: settings.ignoreAll || undefined,
      ignoreVClusters: settings.ignoreVClusters || undefined,
      ignoreGroups: settings.ignoreGroups || undefined,
      ignoreVerbs: settings.ignoreVerbs || undefined,
      ignoreResources: settings.ignoreResources || undefined,
      ignoreResourceVerbs: settings.ignoreResourceVerbs || undefined,
      ignoreResourceNames: settings.ignoreResourceNames || undefined,
      ignoreUserAgents: settings.ignoreUserAgents || undefined,
    }),
    status: withoutAbsent({
      lastActivity: numberIn(given[annotations.lastActivity]),
      lastActivityInfo: readLastActivityInfo(instance),
      sleepingSince: numberIn(given[annotations.sleepingSince]),
      sleepType: given[annotations.sleepType] || undefined,
      ...scheduledTimes(instance, now),
    }),
  };
}

function scheduledTimes(
  instance: Sleeper,
  now: Date,
): Pick<SleepModeConfig['status'], 'scheduledSleep' | 'scheduledWakeup'> {
  const found = sleepPolicyOf(instance);
  if (found === undefined || 'fault' in found) return {};
  const times = knownTransitions(found.policy, now).next.map(({ state, at }) => {
    const field = state === 'asleep' ? 'scheduledSleep' : 'scheduledWakeup';
    return [field, Math.floor(at.getTime() / 1000)];
  });
  return Object.fromEntries(times);
}

function numberIn(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,12}$/.test(text) ? Number(text) : undefined;
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function withoutAbsent<T extends object>(fields: T): Present<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<T>;
}
