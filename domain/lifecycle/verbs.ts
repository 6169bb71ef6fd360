import { annotations } from '../../contracts/names.ts';
import type { OperationParameters, OperationType } from '../../contracts/verbs.ts';

/** How the platform treats a lifecycle verb. What is seen of it from outside: contracts/verbs.ts. */
export interface VerbRules {
  /**
   * What a request for it does to the resource, under the caller's identity. `annotate`: it writes these annotations;
   * `delete`: it deletes it; `check`: it changes nothing, and needs the right to update or delete it, or to update only its
   * snapshots if `snapshots` says so.
   */
  readonly request:
    | { readonly annotate: (parameters: OperationParameters, now: Date) => Record<string, string | null> }
    | { readonly delete: true }
    | { readonly check: 'update'; readonly snapshots?: true }
    | { readonly check: 'delete' };
  /** The parameters of an operation, from those of a request for it. Left out: the same. */
  readonly complete?: (parameters: OperationParameters, now: Date) => OperationParameters;
  /**
   * What it aims at. `spec`: what the resource says shall be deployed; `phase`: that what is deployed sleeps or is awake;
   * `request`: what only a request asks for.
   */
  readonly aim: 'spec' | 'phase' | 'request';
  /** Which one of its own type, the newest that is there, a request joins: see decideConflict. */
  readonly joins: 'any' | 'same-target' | 'same-snapshot' | 'same-request';
  /** What a delete does to one that runs: cancels it, or waits for its end. */
  readonly besideDelete: 'cancel' | 'wait';
  /** Whether it goes on until it succeeds, once it has its turn: nothing cancels or fails it for good. */
  readonly finishesForward: boolean;
  /** Whether the instance is not as it shall be while it waits or runs. */
  readonly disturbs: boolean;
  /** Phase after it was stopped from outside (terminated in Temporal, say); `seen`: what is found. */
  readonly phaseAfterStop: 'Failed' | 'seen' | 'unchanged';
}

/** Every lifecycle verb. */
export const verbRules: { readonly [V in OperationType]: VerbRules } = {
  create: {
    request: { check: 'update' },
    aim: 'spec',
    joins: 'same-target',
    besideDelete: 'cancel',
    finishesForward: false,
    disturbs: true,
    phaseAfterStop: 'Failed',
  },
  update: {
    request: { check: 'update' },
    aim: 'spec',
    joins: 'same-target',
    besideDelete: 'cancel',
    finishesForward: false,
    disturbs: true,
    phaseAfterStop: 'unchanged',
  },
  sleep: {
    request: {
      annotate: ({ forceDurationSeconds }) => ({
        [annotations.sleepForce]: 'true',
        [annotations.sleepForceDuration]:
          forceDurationSeconds === undefined ? null : String(forceDurationSeconds),
      }),
    },
    aim: 'phase',
    joins: 'any',
    besideDelete: 'wait',
    finishesForward: false,
    disturbs: true,
    phaseAfterStop: 'seen',
  },
  wake: {
    request: {
      annotate: (_none, now) => ({
        [annotations.sleepForce]: null,
        [annotations.sleepForceDuration]: null,
        [annotations.sleepType]: null,
        [annotations.lastActivity]: String(Math.floor(now.getTime() / 1000)),
      }),
    },
    aim: 'phase',
    joins: 'any',
    besideDelete: 'wait',
    finishesForward: false,
    disturbs: true,
    phaseAfterStop: 'seen',
  },
  snapshot: {
    request: { check: 'update' },
    complete: ({ snapshot, ...others }, now) => ({ ...others, snapshot: snapshot ?? nameAfter(now) }),
    aim: 'request',
    joins: 'same-snapshot',
    besideDelete: 'cancel',
    finishesForward: false,
    disturbs: false,
    phaseAfterStop: 'unchanged',
  },
  restore: {
    request: { check: 'update', snapshots: true },
    aim: 'request',
    joins: 'same-snapshot',
    besideDelete: 'cancel',
    finishesForward: false,
    disturbs: true,
    phaseAfterStop: 'Failed',
  },
  delete: {
    request: { delete: true },
    aim: 'request',
    joins: 'any',
    besideDelete: 'wait',
    finishesForward: true,
    disturbs: true,
    phaseAfterStop: 'unchanged',
  },
  disconnect: {
    request: { check: 'delete' },
    aim: 'request',
    joins: 'same-request',
    besideDelete: 'wait',
    finishesForward: false,
    disturbs: true,
    phaseAfterStop: 'unchanged',
  },
  upgrade: {
    request: { check: 'update' },
    aim: 'request',
    joins: 'same-request',
    besideDelete: 'wait',
    finishesForward: false,
    disturbs: false,
    phaseAfterStop: 'unchanged',
  },
};

/** What an operation of `type` aims at, if the resource asks for what `desiredHash` is of. */
export function targetHashOf(type: OperationType, desiredHash: string): string {
  return verbRules[type].aim === 'phase' ? `${type}:${desiredHash}` : desiredHash;
}

/** Whether `targetHash` is of an operation that aims at a phase. */
export function aimsAtPhase(targetHash: string): boolean {
  return targetHash.includes(':');
}

/** A snapshot that was given no name is called after the time (UTC). */
function nameAfter(now: Date): string {
  return `s-${now.toISOString().slice(0, 19).toLowerCase().replaceAll(':', '').replace('t', '-')}`;
}
