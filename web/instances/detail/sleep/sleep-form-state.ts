import { secondsOfDuration } from '../../../../contracts/duration.ts';
import { annotations, nonDeletable } from '../../../../contracts/names.ts';
import type { ManagedInstance } from '../../../../contracts/resources/resource-kinds.ts';
import type { SleepSetting } from '../../../../contracts/resources/sleep-policy-status.ts';
import { parseCron } from '../../../../domain/sleep/cron.ts';
import { readTimeZone } from '../../../../domain/sleep/time-zone.ts';
import { sleepText as text } from '../../../text/instance-sleep.ts';

/** What stands in the fields of the form. Empty: the instance itself says nothing of it. */
export interface SleepForm {
  readonly sleepAfter: string;
  readonly sleepSchedule: string;
  readonly wakeupSchedule: string;
  readonly timezone: string;
  readonly deleteAfter: string;
  readonly preventDeletion: boolean;
}
export type SleepField = keyof SleepForm;
type TextField = Exclude<SleepField, 'preventDeletion'>;

/** The setting and the annotation of each field. */
export const fieldSettings = {
  sleepAfter: 'afterInactivitySeconds',
  sleepSchedule: 'sleepSchedule',
  wakeupSchedule: 'wakeupSchedule',
  timezone: 'timezone',
  deleteAfter: 'deleteAfterSeconds',
  preventDeletion: 'preventDeletion',
} as const satisfies Record<SleepField, SleepSetting>;

const fieldAnnotations = {
  sleepAfter: annotations.sleepAfter,
  sleepSchedule: annotations.sleepSchedule,
  wakeupSchedule: annotations.wakeupSchedule,
  timezone: annotations.sleepTimezone,
  deleteAfter: annotations.deleteAfter,
} as const satisfies Record<TextField, string>;
const textFields = Object.keys(fieldAnnotations) as TextField[];

/** What an instance says itself, as the form shows it. */
export function formOf({ metadata }: ManagedInstance): SleepForm {
  const { annotations: given = {}, labels = {} } = metadata;
  const texts = Object.fromEntries(
    textFields.map((field) => [field, shownText(field, given[fieldAnnotations[field]])]),
  );
  const isMarked = [given, labels].some((marks) => !['false', ''].includes(marks[nonDeletable] ?? ''));
  return { ...(texts as Record<TextField, string>), preventDeletion: isMarked };
}

function shownText(field: TextField, stored: string | undefined): string {
  if (stored === undefined) return '';
  if (field === 'sleepAfter' || field === 'deleteAfter') return shownDuration(stored);
  return stored === '' && field !== 'timezone' ? text.never : stored;
}

/** `7200` as `2h`. */
export function shownDuration(stored: string): string {
  const seconds = Number(stored);
  if (!Number.isSafeInteger(seconds) || seconds === 0) return stored;
  const parts = [
    [Math.floor(seconds / 3_600), 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const;
  return parts.map(([count, unit]) => (count === 0 ? '' : `${count}${unit}`)).join('');
}

/** What is wrong with the fields; the platform says the same. */
export function faultsOf(form: SleepForm): { readonly [F in SleepField]?: string } {
  const faults = textFields.map((field) => [field, faultOf(field, form[field].trim())] as const);
  return Object.fromEntries(faults.filter(([, fault]) => fault !== undefined));
}

function faultOf(field: TextField, value: string): string | undefined {
  if (value === '') return undefined;
  if (field === 'timezone') return readTimeZone(value) === undefined ? text.badZone : undefined;
  if (field === 'sleepAfter' || field === 'deleteAfter')
    return secondsText(value) === undefined ? text.badDuration : undefined;
  const read = value === text.never ? undefined : parseCron(value);
  return read !== undefined && 'fault' in read ? read.fault : undefined;
}

/** The annotation that a field means; undefined: none. */
function annotationText(field: TextField, value: string): string | undefined {
  if (value === '') return undefined;
  if (field === 'sleepAfter' || field === 'deleteAfter') return secondsText(value);
  return value === text.never && field !== 'timezone' ? '' : value;
}

function secondsText(value: string): string | undefined {
  if (/^\d{1,9}$/.test(value)) return value;
  const seconds = secondsOfDuration(value);
  return seconds === undefined ? undefined : String(seconds);
}

/** The annotations that change from `before` to `after`; null: none any more. */
export function changedAnnotations(before: SleepForm, after: SleepForm): Record<string, string | null> {
  const changed = textFields
    .filter((field) => before[field].trim() !== after[field].trim())
    .map((field) => [fieldAnnotations[field], annotationText(field, after[field].trim()) ?? null]);
  const marks =
    before.preventDeletion === after.preventDeletion
      ? []
      : [[nonDeletable, after.preventDeletion ? 'true' : null]];
  return Object.fromEntries([...changed, ...marks]) as Record<string, string | null>;
}

/** The merge patch of an instance for it. A label may prevent deletion too. */
export function sleepPatch(changed: Record<string, string | null>): { metadata: object } {
  const isAllowed = changed[nonDeletable] === null;
  return { metadata: { annotations: changed, ...(isAllowed ? { labels: { [nonDeletable]: null } } : {}) } };
}

/** Options of `vcp update` for it; undefined: it cannot say all of it. */
export function updateOptions(changed: Record<string, string | null>): string[] | undefined {
  const options: Readonly<Record<string, string>> = {
    [annotations.sleepAfter]: '--sleep-after',
    [annotations.sleepSchedule]: '--sleep-schedule',
    [annotations.wakeupSchedule]: '--wakeup-schedule',
    [annotations.sleepTimezone]: '--timezone',
    [annotations.deleteAfter]: '--delete-after',
  };
  const all: string[] = [];
  for (const [name, value] of Object.entries(changed)) {
    const option = options[name];
    if (option === undefined || value === null) return undefined;
    all.push(option, value);
  }
  return all;
}
