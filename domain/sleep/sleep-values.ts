import type { SleepSetting } from '../../contracts/resources/sleep-policy-status.ts';
import type { TemplateMetadata } from '../../contracts/resources/object-meta.ts';
import { areRendered, isExpression, readValues, valueAt } from '../vcluster-values.ts';
import { secondsOfDuration } from '../../contracts/duration.ts';
import {
  maxSeconds,
  readSchedule,
  readSeconds,
  readZone,
  type Said,
  type SaidSettings,
  saidByAnnotations,
} from './sleep-settings.ts';

type Reader = (value: unknown) => Said<unknown>;

/** Where a vcluster.yaml sets something of a sleep policy, the present form before its predecessors. */
const valuesSettings: readonly (readonly [path: string, setting: SleepSetting, read: Reader])[] = [
  ['sleep.auto.afterInactivity', 'afterInactivitySeconds', readDuration],
  ['sleep.auto.schedule', 'sleepSchedule', ofText(readSchedule)],
  ['sleep.auto.wakeup.schedule', 'wakeupSchedule', ofText(readSchedule)],
  ['sleep.auto.timezone', 'timezone', ofText(readZone)],
  ['sleep.auto.exclude.selector.labels', 'excludeLabels', readLabels],
  ['deletion.prevent', 'preventDeletion', readTruth],
  ['deletion.auto.afterInactivity', 'deleteAfterSeconds', readDuration],
  ['sleepMode.autoSleep.afterInactivity', 'afterInactivitySeconds', readDuration],
  ['sleepMode.autoSleep.schedule', 'sleepSchedule', ofText(readSchedule)],
  ['sleepMode.autoWakeup.schedule', 'wakeupSchedule', ofText(readSchedule)],
  ['sleepMode.timeZone', 'timezone', ofText(readZone)],
  ['sleepMode.autoSleep.exclude.selector.labels', 'excludeLabels', readLabels],
  ['external.platform.autoSleep.afterInactivity', 'afterInactivitySeconds', readSecondsOrDuration],
  ['external.platform.autoSleep.schedule', 'sleepSchedule', ofText(readSchedule)],
  ['external.platform.autoSleep.autoWakeup.schedule', 'wakeupSchedule', ofText(readSchedule)],
  ['external.platform.autoSleep.timezone', 'timezone', ofText(readZone)],
  ['external.platform.autoDelete.afterInactivity', 'deleteAfterSeconds', readSecondsOrDuration],
];
/** Objects of which everything is a setting of the list above, or unknown. */
const settingRoots = [
  'sleep.auto',
  'sleepMode',
  'deletion',
  'external.platform.autoSleep',
  'external.platform.autoDelete',
];
/** Most values say nothing of all this, and need not be read. */
const mentions = /\b(?:sleep|sleepMode|deletion|autoSleep|autoDelete)\b/;

/** The part of a definition, in a template or inline, that can say something of sleep. */
export interface SleepDefinition {
  readonly metadata?: TemplateMetadata;
  readonly instanceTemplate?: { readonly metadata?: TemplateMetadata };
  readonly helmRelease?: { readonly values?: string };
}

/**
 * What a definition says of sleep: its values before the annotations that it gives its instances. Values that are a Go template
 * say it only once they are rendered; until then that a text prevents deletion counts, in whatever branch it stands.
 * @param rendered what such values said; undefined: not rendered yet
 */
export function saidByDefinition(
  { metadata, instanceTemplate, helmRelease }: SleepDefinition,
  rendered: SaidSettings | undefined,
): SaidSettings {
  const values = helmRelease?.values ?? '';
  const written = saidIn(values, true);
  const { preventDeletion } = written;
  const unrendered = preventDeletion === undefined ? {} : { preventDeletion };
  return {
    ...saidByAnnotations(metadata?.annotations),
    ...saidByAnnotations(instanceTemplate?.metadata?.annotations),
    ...(isSleepRendered(values) ? (rendered ?? unrendered) : written),
  };
}

/** The same as it is written: of values that are a Go template, what needs no rendering, of all branches. */
export function writtenInDefinition(definition: SleepDefinition): SaidSettings {
  return { ...saidByDefinition(definition, {}), ...saidIn(definition.helmRelease?.values ?? '', true) };
}

/** What rendered values say, as JSON, without quoting them: they may hold what is secret. */
export function saidByRendered(values: string): SaidSettings {
  return saidIn(values, false);
}

/** Whether what values say of sleep or deletion is known only once they are rendered. */
export function isSleepRendered(values: string): boolean {
  return areRendered(values) && mentions.test(values);
}

/**
 * Paths of what values say beside the settings of sleep and nothing is done by: `sleep.auto.afterInactvity`, and workloads that are
 * to go on while their control plane sleeps.
 */
export function unknownSleepValues(values: string | undefined, isSet: (value: unknown) => boolean): string[] {
  if (values === undefined || !mentions.test(values)) return [];
  const read = readValues(values);
  const settings = valuesSettings.filter(([, setting]) => setting !== 'excludeLabels');
  const known = [...settings.map(([path]) => path), 'sleepMode.enabled'];
  const unknownBelow = (path: string): string[] => {
    const value = valueAt(read, path);
    if (!isSet(value) || known.includes(path)) return [];
    const isBranch = known.some((one) => one.startsWith(`${path}.`));
    if (!isBranch || typeof value !== 'object' || value === null) return [path];
    return Object.keys(value).flatMap((name) => unknownBelow(`${path}.${name}`));
  };
  return settingRoots.flatMap(unknownBelow);
}

/**
 * Values for a chart, without what the platform does by itself: ours refuses all of these settings as unknown, vCluster's (0.36.0) the
 * older forms, and none of the two does anything by them.
 */
export function withoutSleepValues(values: object): object {
  const { sleep: _sleep, sleepMode: _sleepMode, deletion: _deletion, ...rest } = values as Values;
  const { external, ...others } = rest as { readonly external?: unknown };
  const platform = valueAt(external, 'platform');
  if (!isValues(external) || !isValues(platform)) return rest;
  const { platform: _platform, ...otherExternal } = external;
  const { autoSleep: _autoSleep, autoDelete: _autoDelete, ...otherPlatform } = platform;
  const kept = Object.keys(otherPlatform).length === 0 ? {} : { platform: otherPlatform };
  const outside = { ...otherExternal, ...kept };
  return Object.keys(outside).length === 0 ? others : { ...others, external: outside };
}

type Values = Readonly<Record<string, unknown>>;

function isValues(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function saidIn(values: string, isQuoted: boolean): SaidSettings {
  if (!mentions.test(values)) return {};
  const read = readValues(values);
  const isLegacyOn = valueAt(read, 'sleepMode.enabled') === true;
  const said: Record<string, Said<unknown>> = {};
  for (const [path, setting, reader] of valuesSettings) {
    const value = valueAt(read, path);
    if (value === undefined || value === null || isExpression(value)) continue;
    if (Object.hasOwn(said, setting)) continue;
    if (path.startsWith('sleepMode.') && !isLegacyOn) continue;
    const found = reader(value);
    const fault =
      'fault' in found ? (isQuoted ? found.fault : 'what is rendered is not understood') : undefined;
    said[setting] = fault === undefined ? found : { fault: `values: ${path}: ${fault}` };
  }
  return said as SaidSettings;
}

function readDuration(value: unknown): Said<number> {
  if (value === 0 || value === '') return { value: 0 };
  const seconds = typeof value === 'string' ? secondsOfDuration(value.trim()) : undefined;
  return seconds === undefined || seconds > maxSeconds
    ? { fault: `${quoted(value)} is not a duration: write "30m" or "1h30m", "0" for never` }
    : { value: seconds };
}

/** Older forms have seconds, without a unit. */
function readSecondsOrDuration(value: unknown): Said<number> {
  const isSeconds = typeof value === 'number' || (typeof value === 'string' && /^\d+$/.test(value.trim()));
  return isSeconds ? readSeconds(String(value).trim()) : readDuration(value);
}

function readTruth(value: unknown): Said<boolean> {
  return typeof value === 'boolean' ? { value } : { fault: `${quoted(value)} is neither true nor false` };
}

function readLabels(value: unknown): Said<Record<string, string>> {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isRecord && Object.values(value).every((one) => typeof one === 'string')
    ? { value: value as Record<string, string> }
    : { fault: 'write labels and their values, which are texts' };
}

function ofText(read: (text: string) => Said<string>): Reader {
  return (value) =>
    typeof value === 'string'
      ? read(value.trim())
      : { fault: `${quoted(value)} is not a text: put it in quotes` };
}

function quoted(value: unknown): string {
  return JSON.stringify(value).slice(0, 60);
}
