import { type Static, Type } from 'typebox';
import { nameFields, operationKinds } from './kinds.ts';
import { LostPods } from './lost-pods.ts';
import { operationStates, OperationStep } from './operations.ts';
import { operationTypes } from './verbs.ts';

/** An operation that another one meets. */
const MetOperation = Type.Object(
  {
    id: Type.String(),
    type: Type.Enum([...operationTypes]),
    state: Type.Enum([...operationStates]),
    actor: Type.String({ description: 'User who requested it' }),
  },
  { additionalProperties: false },
);

/** What a request for an operation would do: the answer to one with `dryRun`. */
export const OperationPreview = Type.Object(
  {
    type: Type.Enum([...operationTypes]),
    kind: Type.Enum([...operationKinds]),
    project: Type.Optional(Type.String({ description: 'Absent of a connected cluster' })),
    ...nameFields,
    cluster: Type.Optional(Type.String({ description: 'Name, of kind `cluster`' })),
    uid: Type.String(),
    parameters: Type.Record(Type.String(), Type.Unknown()),
    outcome: Type.Enum(['queued', 'joined'], {
      description:
        '`queued`: a new operation would be accepted. `joined`: the answer would be the operation `joins`',
    }),
    joins: Type.Optional(MetOperation),
    behind: Type.Array(MetOperation, {
      description: 'Operations that would end before it begins, the oldest first',
    }),
    supersedes: Type.Array(MetOperation, { description: 'Operations that wait, and would never begin' }),
    cancels: Type.Array(MetOperation, {
      description: 'Operations that run, and would be cancelled and undone',
    }),
    loses: Type.Optional({
      ...LostPods,
      description:
        'Of a sleep: pods that it ends and nothing makes again. Absent if there are none, or you may not list pods there',
    }),
    expectedMs: Type.Integer({ description: 'How long it usually takes' }),
    steps: Type.Array(Type.Pick(OperationStep, ['key', 'title', 'expectedMs', 'undo'])),
  },
  { $id: 'OperationPreview', description: 'What the operation would do', additionalProperties: false },
);
export type OperationPreview = Static<typeof OperationPreview>;
