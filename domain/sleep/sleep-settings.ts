import { annotations, nonDeletable } from '../../contracts/names.ts';
import type { ObjectMeta } from '../../contracts/resources/object-meta.ts';
import {
  type SleepPolicySource,
  type SleepPolicyStatus,
  type SleepSetting,
  type SleepSettings,
  sleepPolicySources,
} from '../../contracts/resources/sleep-policy-status.ts';
import { parseCron } from './cron.ts';
import { ignoreListFault, type IgnoreList, ignoreLists } from './ignore-rules.ts';
import { readTimeZone } from './time-zone.ts';

/** What one source says of a setting: a value, or what nobody understands. */
export type Said<T> = { readonly value: T } | { readonly fault: string };

/** What one source says; a setting that it does not mention is not there. */
export type SaidSettings = { readonly [S in SleepSetting]?: Said<NonNullable<SleepSettings[S]>> };

/** Labels and annotations of an object. */
type Marks = Pick<ObjectMeta, 'labels' | 'annotations'>;

/** What an annotation says, by its name behind `sleepmode.loft.sh/`. */
const annotationSettings: {
  readonly [S in SleepSetting]?: [name: string, read: (text: string) => Said<never>];
} = {
  afterInactivitySeconds: [annotations.sleepAfter, reader(readSeconds)],
  deleteAfterSeconds: [annotations.deleteAfter, reader(readSeconds)],
  sleepSchedule: [annotations.sleepSchedule, reader(readSchedule)],
  wakeupSchedule: [annotations.wakeupSchedule, reader(readSchedule)],
  timezone: [annotations.sleepTimezone, reader(readZone)],
  ignoreActiveConnections: [annotations.ignoreActiveConnections, reader(readFlag)],
  ignoreAll: [annotations.ignoreAll, reader(readFlag)],
  ignoreVClusters: [annotations.ignoreVClusters, reader(readFlag)],
  ...(Object.fromEntries(
    ignoreLists.map((list) => [list, [annotations[list], reader((text) => readList(list, text))]]),
  ) as Record<IgnoreList, [string, (text: string) => Said<never>]>),
};

/** Names of the annotations that set something of a policy, wherever they stand. */
export const sleepSettingNames = Object.values(annotationSettings).map(([name]) => name);
/** Of these, the one that nothing is done by: no gateway can tell which requests a tenant cluster inside a space makes. */
export const ignoredSettingName = annotations.ignoreVClusters;

/** Settings are stored by name; which type belongs to which, `annotationSettings` says. */
function reader<T>(read: (text: string) => Said<T>): (text: string) => Said<never> {
  return read as unknown as (text: string) => Said<never>;
}

/** What the annotations of an instance, a project or a template say. */
export function saidByAnnotations(given: ObjectMeta['annotations'] = {}): SaidSettings {
  const said: Record<string, Said<unknown>> = {};
  for (const [setting, [name, read]] of Object.entries(annotationSettings)) {
    const text = given[name];
    if (text === undefined) continue;
    const found = read(text.trim());
    said[setting] = 'fault' in found ? { fault: `${name}: ${found.fault}` } : found;
  }
  return said as SaidSettings;
}

/** What an instance says itself: its annotations, and `loft.sh/non-deletable`, which may be a label too. */
export function saidByInstance({ labels, annotations: given }: Marks): SaidSettings {
  const isMarked = [labels, given].some((marks) => !['false', ''].includes(marks?.[nonDeletable] ?? ''));
  return { ...saidByAnnotations(given), ...(isMarked ? { preventDeletion: { value: true } } : {}) };
}

/** What each source says, whose order is `sleepPolicySources`: the first that mentions a setting decides it. */
export type SaidBySource = { readonly [S in SleepPolicySource]?: SaidSettings };

/** The policy that holds of all that is said. One that prevents deletion is enough. */
export function effectivePolicy(said: SaidBySource): SleepPolicyStatus {
  const values: Record<string, unknown> = {};
  const sources: Record<string, SleepPolicySource> = {};
  const faults: Record<string, string> = {};
  for (const source of sleepPolicySources) {
    for (const [setting, one] of Object.entries(said[source] ?? {})) {
      const isOverridden =
        setting === 'preventDeletion' ? values[setting] === true : Object.hasOwn(sources, setting);
      if (isOverridden) continue;
      sources[setting] = source;
      delete faults[setting];
      if ('fault' in one) faults[setting] = one.fault;
      else values[setting] = one.value;
    }
  }
  if (Object.keys(sources).length === 0) return {};
  return { ...values, sources, ...(Object.keys(faults).length === 0 ? {} : { faults }) };
}

/** What the stored policy of an instance says of its sources; what its annotations say, they say themselves. */
export function saidByStatus(stored: SleepPolicyStatus | undefined): SaidBySource {
  const said: Partial<Record<SleepPolicySource, Record<string, Said<unknown>>>> = {};
  for (const [setting, source] of Object.entries(stored?.sources ?? {})) {
    if (source === 'annotation') continue;
    const fault = stored?.faults?.[setting];
    (said[source] ??= {})[setting] =
      fault === undefined ? { value: stored?.[setting as SleepSetting] } : { fault };
  }
  return said as SaidBySource;
}

/** Ten years: what is longer is written with a wrong unit. */
export const maxSeconds = 10 * 366 * 24 * 3600;

/** Seconds as digits; empty: never. */
export function readSeconds(text: string): Said<number> {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : text === '' ? 0 : Number.NaN;
  return value <= maxSeconds
    ? { value }
    : {
        fault: `"${text.slice(0, 40)}" is not a number of seconds: write "1800" for half an hour, "0" for never`,
      };
}

export function readSchedule(text: string): Said<string> {
  const read = text === '' ? undefined : parseCron(text);
  return read !== undefined && 'fault' in read
    ? { fault: `invalid cron expression "${text.slice(0, 60)}": ${read.fault}` }
    : { value: text };
}

export function readZone(text: string): Said<string> {
  const value = readTimeZone(text === '' ? 'UTC' : text);
  return value === undefined
    ? {
        fault: `unknown time zone "${text.slice(0, 60)}": write an IANA name (Europe/Berlin) or an offset (+02:00)`,
      }
    : { value };
}

function readFlag(text: string): Said<boolean> {
  return ['true', 'false', ''].includes(text)
    ? { value: text === 'true' }
    : { fault: `"${text.slice(0, 40)}" is neither "true" nor "false"` };
}

function readList(list: IgnoreList, text: string): Said<string> {
  const fault = ignoreListFault(list, text);
  return fault === undefined ? { value: text } : { fault };
}
