import { type Static, Type } from 'typebox';
import { type NameField, nameFields, operationKinds, type OperationSubject, targetNames } from './kinds.ts';
import { nextField } from './rest/pages.ts';
import { OperationParameters, operationTypes } from './verbs.ts';

/**
 * `queued` waits for its turn, `running` holds it, the others are final. `superseded`: a delete made it
 * pointless before it began.
 */
export const operationStates = [
  'queued',
  'running',
  'succeeded',
  'failed',
  'cancelled',
  'superseded',
] as const;
export const OperationState = Type.Enum([...operationStates], { $id: 'OperationState' });
export type OperationState = (typeof operationStates)[number];

export const stepStates = [
  'pending',
  'running',
  'succeeded',
  'failed',
  'cancelled',
  'skipped',
  'undoing',
  'undone',
  'undo_failed',
] as const;
export type StepState = (typeof stepStates)[number];

/** Whether an operation in `state` has ended. */
export function isFinal(state: OperationState): boolean {
  return state !== 'queued' && state !== 'running';
}

const Timestamp = Type.String({ format: 'date-time' });

/** One visible stage of an operation. Durations are milliseconds. */
export const OperationStep = Type.Object(
  {
    key: Type.String(),
    title: Type.String(),
    state: Type.Enum([...stepStates]),
    /** Why it waits or failed, or what was undone. Public: no secrets. */
    message: Type.Optional(Type.String()),
    attempt: Type.Optional(Type.Integer({ description: 'Attempts of the running activity, from Temporal' })),
    startedAt: Type.Optional(Timestamp),
    finishedAt: Type.Optional(Timestamp),
    expectedMs: Type.Integer(),
    undo: Type.Optional(Type.String({ description: 'How it is undone, or why it is not' })),
  },
  { $id: 'OperationStep', additionalProperties: false },
);
export type OperationStep = Static<typeof OperationStep>;

/** One run of one lifecycle verb, as the API shows it. */
export const Operation = Type.Object(
  {
    id: Type.String({ format: 'uuid' }),
    type: Type.Enum([...operationTypes]),
    kind: Type.Enum([...operationKinds]),
    project: Type.Optional(Type.String({ description: 'Absent of a connected cluster' })),
    ...nameFields,
    uid: Type.Optional(
      Type.String({
        description: 'uid of what it is about; a later one of the same name has a different uid',
      }),
    ),
    projectUid: Type.Optional(Type.String()),
    cluster: Type.Optional(
      Type.String({ description: 'Connected cluster that it is about, or that the instance is in' }),
    ),
    state: Type.Enum([...operationStates]),
    actor: Type.String({ description: 'User who requested it' }),
    actorUid: Type.Optional(
      Type.String({ description: 'uid of the user or team, if requested at the gateway' }),
    ),
    requestId: Type.Optional(Type.String()),
    parameters: Type.Record(Type.String(), Type.Unknown()),
    /** Machine-readable reason of a final state (an error code), and the sentence for people. */
    reason: Type.Optional(Type.String()),
    message: Type.Optional(Type.String()),
    result: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    createdAt: Timestamp,
    startedAt: Type.Optional(Timestamp),
    finishedAt: Type.Optional(Timestamp),
    expectedMs: Type.Integer(),
    currentStep: Type.Optional(Type.String()),
    steps: Type.Array(OperationStep),
    blockedBy: Type.Optional(
      Type.Object({ id: Type.String(), type: Type.Enum([...operationTypes]), actor: Type.String() }),
    ),
    /** Whether Temporal and its worker answered; false: what you see is the last that was recorded. */
    live: Type.Boolean(),
    joined: Type.Optional(Type.Boolean({ description: 'The request joined this existing operation' })),
    temporalUrl: Type.Optional(Type.String({ description: 'Only for administrators' })),
  },
  { $id: 'Operation', description: 'An operation', additionalProperties: false },
);
export type Operation = Static<typeof Operation>;

export const OperationList = Type.Object(
  { items: Type.Array(Type.Ref('Operation')), ...nextField },
  { $id: 'OperationList', description: 'A page of operations', additionalProperties: false },
);

/** What an operation is about. */
export function targetOf(
  operation: Pick<Operation, 'kind' | 'project' | 'cluster' | NameField>,
): OperationSubject {
  const { kind, project = '' } = operation;
  return { kind, project, name: operation[targetNames[kind].field] ?? '' };
}

/** Body of `POST /api/v1/projects/{project}/{virtualclusters,spaces}/{name}/operations`, and of `/api/v1/clusters/{name}/operations`. */
export const OperationRequest = Type.Object(
  {
    type: Type.Enum([...operationTypes]),
    parameters: Type.Optional(OperationParameters),
    dryRun: Type.Optional(
      Type.Boolean({
        description:
          'Only judge the request: your rights, admission, other operations. The response is 200 with an OperationPreview, and nothing is changed',
      }),
    ),
  },
  {
    $id: 'OperationRequest',
    description: 'What shall be done',
    additionalProperties: false,
    examples: [{ type: 'sleep' }],
  },
);
export type OperationRequest = Static<typeof OperationRequest>;

/** One entry of the snapshot catalogue. */
export const Snapshot = Type.Object(
  {
    name: Type.String(),
    project: Type.String(),
    tenantCluster: Type.String(),
    uid: Type.Optional(Type.String({ description: 'uid of the tenant cluster; absent: unknown' })),
    projectUid: Type.Optional(Type.String()),
    goneAt: Type.Optional(
      Type.String({
        format: 'date-time',
        description:
          'When its tenant cluster was deleted; the snapshot is kept for a while, for administrators',
      }),
    ),
    state: Type.Enum(['creating', 'completed', 'failed']),
    createdAt: Timestamp,
    sizeBytes: Type.Optional(Type.Integer()),
    /** Lower-case hex SHA-256 of the file. */
    sha256: Type.Optional(Type.String()),
    /** etcd revision that it holds. */
    revision: Type.Optional(Type.Integer()),
    totalKeys: Type.Optional(Type.Integer()),
    kubernetesVersion: Type.Optional(Type.String()),
    operationId: Type.String(),
  },
  { $id: 'Snapshot', additionalProperties: false },
);
export type Snapshot = Static<typeof Snapshot>;

/** An answer that says what is wrong, RFC 9457. */
export const Problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ description: '`/api/v1/errors` explains each' }),
    detail: Type.Optional(Type.String()),
    requestId: Type.Optional(Type.String()),
    errors: Type.Optional(Type.Array(Type.Object({ path: Type.String(), message: Type.String() }))),
  },
  { $id: 'Problem', additionalProperties: true },
);
export type Problem = Static<typeof Problem>;
