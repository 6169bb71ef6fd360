import type { OperationType } from '../../contracts/verbs.ts';
import { policyActors } from '../sleep/inactivity.ts';

/** What costs (`awake`), what costs only its volume (`asleep`), and what is not there any more. */
export type RecordedState = 'awake' | 'asleep' | 'gone';

/**
 * What an operation of each verb leaves behind once it has succeeded; null: what was there. One that did not succeed was undone.
 * An update or a restore of what sleeps leaves it asleep.
 */
export const stateAfter: Readonly<Record<OperationType, RecordedState | null>> = {
  create: 'awake',
  wake: 'awake',
  sleep: 'asleep',
  delete: 'gone',
  update: null,
  restore: null,
  snapshot: null,
  disconnect: null,
  upgrade: null,
};

/** A change of the state of one instance, as its operations tell of it. */
export interface SleepChange {
  /** End of the operation, in milliseconds since the epoch. */
  readonly at: number;
  readonly state: RecordedState;
  /** Its sleep policy wanted it, and nobody asked. */
  readonly isByPolicy: boolean;
}

/** What changed an instance's state last. */
export interface LastChange {
  readonly type: OperationType;
  readonly state: RecordedState;
  /** In milliseconds since the epoch. */
  readonly at: number;
  readonly actor: string;
}

/** Verbs that change the state. */
export const changingVerbs = (Object.keys(stateAfter) as OperationType[]).filter(
  (verb) => stateAfter[verb] !== null,
);

/** Whether nobody asked for an operation of `actor`. */
export function isPolicyActor(actor: string): boolean {
  return (Object.values(policyActors) as string[]).includes(actor);
}
