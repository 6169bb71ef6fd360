import { type Static, Type } from 'typebox';
import { OperationStep } from '../operations.ts';
import { operationTypes } from '../verbs.ts';
import { Conditions } from './condition.ts';
import { ObjectMeta } from './object-meta.ts';
import { anyObject } from './open-object.ts';
import type { ResourceKind } from './resource-kinds.ts';

const Timestamp = Type.String({ format: 'date-time' });

/** An operation as a Kubernetes object, in the namespace of its project; its name is its id. Read-only. */
export const OperationResource = Type.Object({
  apiVersion: Type.Optional(Type.String()),
  kind: Type.Optional(Type.String()),
  metadata: ObjectMeta,
  spec: Type.Object({
    type: Type.Enum([...operationTypes]),
    target: Type.Object({
      kind: Type.String({ description: 'VirtualClusterInstance or SpaceInstance' }),
      name: Type.String(),
      uid: Type.Optional(Type.String({ description: 'A later one of the same name has a different uid' })),
    }),
    actor: Type.String({ description: 'User who requested it' }),
    parameters: Type.Optional(anyObject()),
  }),
  status: Type.Optional(
    Type.Object({
      phase: Type.Enum(['Queued', 'Running', 'Succeeded', 'Failed', 'Cancelled', 'Superseded']),
      reason: Type.Optional(Type.String({ description: 'Error code; /api/v1/errors explains each' })),
      message: Type.Optional(Type.String()),
      currentStep: Type.Optional(Type.String()),
      startTime: Type.Optional(Timestamp),
      completionTime: Type.Optional(Timestamp),
      steps: Type.Optional(Type.Array(OperationStep)),
      conditions: Type.Optional(Conditions),
    }),
  ),
});
export type OperationResource = Static<typeof OperationResource>;

/** Not one of `resourceKinds`: what the API server keeps of it is only that it exists; the gateway serves its objects. */
export const operationKind = {
  kind: 'Operation',
  singular: 'operation',
  shortNames: [],
  namespaced: true,
  schema: OperationResource,
} as const satisfies ResourceKind;
