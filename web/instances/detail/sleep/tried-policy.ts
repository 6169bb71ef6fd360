import type { SleepPolicyStatus } from '../../../../contracts/resources/sleep-policy-status.ts';
import { sleepText as text } from '../../../text/instance-sleep.ts';
import {
  type SleepField,
  fieldSettings,
  faultsOf,
  type SleepForm,
  shownDuration,
} from './sleep-form-state.ts';

/** A policy as the preview takes it. */
export interface TriedPolicy {
  readonly sleepAfter?: string;
  readonly sleepSchedule?: string;
  readonly wakeupSchedule?: string;
  readonly timezone?: string;
}

/** Whether the template decides a setting, so that the instance cannot. */
export function isByTemplate(policy: SleepPolicyStatus, field: SleepField): boolean {
  return policy.sources?.[fieldSettings[field]] === 'template';
}

/** The policy that would hold with what stands in the form; undefined: it puts nothing to sleep, or has a fault. */
export function triedPolicy(form: SleepForm, policy: SleepPolicyStatus): TriedPolicy | undefined {
  if (Object.keys(faultsOf(form)).length > 0) return undefined;
  const tried = {
    sleepAfter: valueOf('sleepAfter', form, policy),
    sleepSchedule: valueOf('sleepSchedule', form, policy),
    wakeupSchedule: valueOf('wakeupSchedule', form, policy),
    timezone: valueOf('timezone', form, policy),
  };
  if (tried.sleepAfter === undefined && tried.sleepSchedule === undefined) return undefined;
  return Object.fromEntries(Object.entries(tried).filter(([, value]) => value !== undefined));
}

/** The time zone that schedules of the form are in. */
export function heldZone(form: SleepForm, policy: SleepPolicyStatus): string {
  return valueOf('timezone', form, policy) ?? 'UTC';
}

type PolicyField = keyof TriedPolicy;

function valueOf(field: PolicyField, form: SleepForm, policy: SleepPolicyStatus): string | undefined {
  const typed = form[field].trim();
  const holds = heldText(field, policy);
  if (isByTemplate(policy, field)) return holds;
  if (typed !== '') return typed === text.never || typed === '0' ? undefined : typed;
  // What the instance said itself and does not say any more holds no longer; what is below it is not known here.
  return policy.sources?.[fieldSettings[field]] === 'annotation' ? undefined : holds;
}

function heldText(field: PolicyField, policy: SleepPolicyStatus): string | undefined {
  const value = policy[fieldSettings[field]];
  if (value === undefined || value === '' || value === 0) return undefined;
  return field === 'sleepAfter' ? shownDuration(String(value)) : String(value);
}

/** What holds where a field is empty, for its placeholder. */
export function inheritedText(
  field: Exclude<SleepField, 'preventDeletion'>,
  policy: SleepPolicyStatus,
): string {
  const setting = fieldSettings[field];
  const source = policy.sources?.[setting];
  if (source === undefined || source === 'annotation') return text.notSet;
  const value = policy[setting];
  const isOff = value === undefined || value === '' || value === 0;
  const isDuration = field === 'sleepAfter' || field === 'deleteAfter';
  const shown = isOff ? text.never : isDuration ? shownDuration(String(value)) : String(value);
  return text.inherited(shown, text.sources[source]);
}
