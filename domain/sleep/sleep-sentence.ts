import { annotations } from '../../contracts/names.ts';
import type { ManagedKind } from '../../contracts/kinds.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import { isSleepWanted } from '../lifecycle/desired-state.ts';
import { isAsleep, isAwake } from '../lifecycle/settled-phase.ts';
import type { LastChange } from '../usage/sleep-changes.ts';
import { deletionBlock, deletionStep } from './deletion-due.ts';
import { awakeSince, lastUse, policyActors, quietSince, timeNoted } from './inactivity.ts';
import { readLastActivityInfo, usedHow, wokenAt } from './last-activity.ts';
import type { SleepModeConfig } from './sleep-mode-config.ts';
import { forcedAsleepUntil, type SleepPolicy, sleepPolicyOf } from './sleep-policy.ts';
import { agoWords, durationWords, TimeWords } from './time-words.ts';

/** What is known of an instance's sleep. */
export interface SleepFacts {
  readonly kind: ManagedKind;
  readonly instance: ManagedInstance;
  /** As computed for it. */
  readonly config: SleepModeConfig;
  /** The last operation that put it to sleep, woke or created it; undefined: not known. */
  readonly last: LastChange | undefined;
}

/** The same with what follows from it. */
interface Told extends SleepFacts {
  readonly policy: SleepPolicy | undefined;
  readonly now: Date;
  readonly words: TimeWords;
}

/**
 * Why an instance is awake or asleep, and what changes that next, for people: times of the day in the zone of its policy. The
 * gateway, and so every client, says it in these words. Undefined while it is neither.
 */
export function sleepSentence(facts: SleepFacts, now: Date): string | undefined {
  const { kind, instance } = facts;
  const found = sleepPolicyOf(instance);
  const policy = found === undefined || 'fault' in found ? undefined : found.policy;
  const told: Told = { ...facts, policy, now, words: new TimeWords(policy?.timezone ?? 'UTC', now) };
  const sentences = isAwake(kind, instance)
    ? awake(told)
    : isAsleep(kind, instance)
      ? asleep(told)
      : undefined;
  if (sentences === undefined) return undefined;
  const fault =
    found !== undefined && 'fault' in found ? `Its sleep policy does not hold: ${found.fault}` : '';
  return [...sentences, deletion(told), fault]
    .filter((sentence) => sentence !== '')
    .map((sentence) => `${sentence}.`)
    .join(' ');
}

function awake(told: Told): string[] {
  if (isSleepWanted(told.instance)) return ['Awake, and going to sleep'];
  return [`Awake${useOf(told)}`, sleepsNext(told)];
}

/** Who used it last, or since when nobody did. */
function useOf({ kind, instance, last, now, words }: Told): string {
  const used = timeNoted(instance.metadata, annotations.lastActivity, now.getTime());
  const woken = last?.state === 'awake' ? last : undefined;
  const since = woken?.at ?? awakeSince(kind, instance);
  const info = readLastActivityInfo(instance);
  if (used !== undefined && info?.subject !== undefined && used >= (firstUse(instance, woken) ?? since ?? 0))
    return `: ${info.subject} used it ${agoWords(new Date(used), now)}${usedHow(info)}`;
  if (since === undefined) return ': not used yet';
  const at = new Date(since);
  return `${woken === undefined ? ` since ${words.bare(at)}` : `: ${doneBy(woken)} ${words.at(at)}`}, not used since`;
}

/**
 * From when on a use is of the time since `woken`. What wakes it is answered, and so used it, before the wake is recorded; a wake by
 * clients of vCluster Platform notes its own time as last activity, beside the user before it. Times of use are whole seconds.
 */
function firstUse(instance: ManagedInstance, woken: LastChange | undefined): number | undefined {
  if (woken?.type === 'create') return 0;
  const asked = wokenAt(instance);
  if (woken === undefined || asked === undefined || woken.actor === policyActors.schedule) return undefined;
  return Math.min(woken.at, (asked + 1) * 1000);
}

function doneBy({ type, actor }: LastChange): string {
  return `${type === 'create' ? 'created' : 'woken'} by ${actorWords(actor)}`;
}

function actorWords(actor: string): string {
  return actor === policyActors.schedule
    ? 'its schedule'
    : actor === policyActors.inactivity
      ? 'its policy'
      : actor;
}

function sleepsNext({ kind, instance, config, policy, now, words }: Told): string {
  const scheduled = config.status.scheduledSleep;
  const after = policy?.afterInactivitySeconds;
  if (after === undefined)
    return scheduled === undefined
      ? 'Nothing puts it to sleep'
      : `Sleeps ${words.at(new Date(scheduled * 1000))}`;
  const unused = new Date(quietSince(kind, instance, now.getTime()) + after * 1000);
  if (unused <= now) return `Sleeps within a minute: unused for ${durationWords(after)}`;
  if (scheduled === undefined) return `Sleeps ${words.at(unused)} if unused`;
  const atLast = new Date(scheduled * 1000);
  return unused < atLast
    ? `Sleeps ${words.at(atLast)}, or ${words.bare(unused)} if unused`
    : `Sleeps ${words.at(atLast)}`;
}

function asleep(told: Told): string[] {
  const { instance, now, words, last } = told;
  if (!isSleepWanted(instance)) return ['Asleep, and waking'];
  const by = last?.state === 'asleep' ? last.actor : undefined;
  const forced = forcedAsleepUntil(instance, now);
  if (forced !== undefined) {
    const who = by === undefined ? '' : ` by ${actorWords(by)}`;
    const until = forced === 'woken' ? 'somebody wakes it' : words.bare(forced);
    return [`Asleep: forced${who} until ${until}; requests do not wake it`];
  }
  const scheduled = told.config.status.scheduledWakeup;
  return [
    `Asleep${sinceOf(told)}${whyAsleep(told, by)}`,
    scheduled === undefined
      ? 'Wakes with the first request'
      : `Wakes ${words.at(new Date(scheduled * 1000))}, or with the first request`,
  ];
}

function sinceOf({ instance, now, words }: Told): string {
  const since = timeNoted(instance.metadata, annotations.sleepingSince, now.getTime());
  return since === undefined ? '' : ` since ${words.bare(new Date(since))}`;
}

function whyAsleep({ instance: { metadata }, policy }: Told, by: string | undefined): string {
  switch (metadata.annotations?.[annotations.sleepType]) {
    case 'scheduledSleep':
      return ' by schedule';
    case 'inactivitySleep':
      return policy?.afterInactivitySeconds === undefined
        ? ': nobody used it'
        : `: unused for ${durationWords(policy.afterInactivitySeconds)}`;
    default:
      return by === undefined ? '' : `: put to sleep by ${actorWords(by)}`;
  }
}

function deletion({ kind, instance, policy, now, words }: Told): string {
  const after = policy?.deleteAfterSeconds;
  if (policy === undefined || after === undefined) return '';
  const stoodSeconds = instance.status?.autoDeletion?.stoodSeconds ?? 0;
  const step = deletionStep(kind, instance, { now, stoodSeconds });
  switch (step.state) {
    case 'due':
      return `About to be deleted: unused for ${durationWords(after)}`;
    case 'blocked':
      return `Unused for so long that it would be deleted, but ${step.by}`;
    case 'announce':
    case 'announced':
      return `Deleted ${words.at(step.coming.at)} if unused`;
    case 'distant': {
      const at = new Date(lastUse(kind, instance, now.getTime()) + after * 1000);
      const isPrevented = deletionBlock(instance, policy.preventDeletion) !== undefined;
      return isPrevented ? '' : `Deleted ${words.on(at)} if unused`;
    }
  }
}
