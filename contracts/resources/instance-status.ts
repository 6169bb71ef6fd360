import { type Static, Type } from 'typebox';
import { operationStates } from '../operations.ts';
import type { OperationType } from '../verbs.ts';
import { Conditions } from './condition.ts';
import { anyObject, openObject } from './open-object.ts';
import { SleepPolicyStatus } from './sleep-policy-status.ts';

const instancePhases = ['Pending', 'Ready', 'Sleeping', 'Failed'] as const;
export type InstancePhase = (typeof instancePhases)[number];

/** Where the platform placed an instance. */
const Placed = openObject(
  {
    cluster: Type.Optional(Type.String({ maxLength: 63, description: 'Connected cluster' })),
    namespace: Type.Optional(
      Type.String({ maxLength: 63, description: 'Namespace in that cluster, once it was created' }),
    ),
  },
  { description: 'Where the platform placed it; it stays there. The spec need not repeat it' },
);

export const DeployedTemplate = openObject(
  {
    name: Type.String(),
    version: Type.String({ description: 'Empty: of a template without versions' }),
    hash: Type.String({ description: 'Of what the reference selected, parameters declared there included' }),
  },
  { description: 'The template that it was deployed from, without its content' },
);
export type DeployedTemplate = Static<typeof DeployedTemplate>;

const nextAttempt = <V extends OperationType>(verbs: readonly V[]) =>
  openObject({
    type: Type.Enum([...verbs]),
    targetHash: Type.String(),
    at: Type.Optional(Type.String({ format: 'date-time' })),
    message: Type.String({ description: 'When it is tried again, or what it waits for' }),
  });
export type NextAttemptStatus = Static<ReturnType<typeof nextAttempt<OperationType>>>;

export const AutoDeletionStatus = openObject(
  {
    at: Type.String({
      format: 'date-time',
      description: 'When it is deleted, unless somebody uses it before',
    }),
    warnedAt: Type.String({ format: 'date-time' }),
    stoodSeconds: Type.Integer({
      description: 'How long the platform has run since; noted now and then, and counted on from there',
    }),
  },
  { description: 'Deletion for want of use that is announced' },
);
export type AutoDeletionStatus = Static<typeof AutoDeletionStatus>;

/** What the status of every managed kind begins with. */
export const instanceState = {
  clusterRef: Type.Optional(Placed),
  phase: Type.Optional(Type.Enum(['', ...instancePhases])),
  reason: Type.Optional(Type.String()),
  message: Type.Optional(Type.String()),
  conditions: Type.Optional(Conditions),
  observedGeneration: Type.Optional(Type.Integer()),
  /** Desired hash (domain/lifecycle/desired-state.ts) that was deployed last; absent: never deployed. */
  observedHash: Type.Optional(Type.String()),
  template: Type.Optional(DeployedTemplate),
  /** Desired hash of the last attempt that failed, or `sleep:`/`wake:` and the hash. */
  failedHash: Type.Optional(Type.String()),
  /** Desired hash that a wake found not to start, and value of the annotation `vcluster-platform.io/retry` then. */
  inVain: Type.Optional(openObject({ hash: Type.String(), request: Type.Optional(Type.String()) })),
  /** Value of the annotation `vcluster-platform.io/retry` when its namespace or control plane was found missing. */
  lost: Type.Optional(openObject({ request: Type.Optional(Type.String()) })),
  /** Written by controllers/instances/sleep-policies.ts, read by `sleepPolicyOf` beside the annotations. */
  sleepPolicy: Type.Optional(SleepPolicyStatus),
  autoDeletion: Type.Optional(AutoDeletionStatus),
};

/** What it ends with. @param verbs of the kind */
export const instanceOperation = <V extends OperationType>(verbs: readonly V[]) => ({
  /** What is wanted, failed, and waits: for a time, or (without `at`) for a change or a request. */
  nextAttempt: Type.Optional(nextAttempt(verbs)),
  lastOperation: Type.Optional(
    openObject({
      id: Type.String(),
      type: Type.Enum([...verbs]),
      state: Type.Enum([...operationStates]),
    }),
  ),
  sleepModeConfig: Type.Optional(anyObject('Computed in answers of the gateway')),
  why: Type.Optional(
    Type.String({
      description:
        'Why it is awake or asleep, and what changes that next. Computed in answers of the gateway',
    }),
  ),
  canUse: Type.Optional(Type.Boolean()),
  canUpdate: Type.Optional(Type.Boolean()),
});
