import { type Static, Type } from 'typebox';
import { kindNames } from '../kinds.ts';
import { operationStates } from '../operations.ts';
import { Access, InstanceAccessRule, UserOrTeam } from './access.ts';
import { Conditions } from './condition.ts';
import { nameRule } from './name-rule.ts';
import { ObjectMeta } from './object-meta.ts';
import { anyObject, openObject } from './open-object.ts';
import { staysOnceSet } from './stays-once-set.ts';
import { instancePhases, TemplateRef } from './virtual-cluster-instance.ts';

export const SpaceClusterRef = openObject({
  cluster: Type.Optional(
    Type.String({ maxLength: 63, description: 'Connected cluster; chosen by the platform if left out' }),
  ),
  namespace: Type.Optional(Type.String({ maxLength: 63, description: 'The namespace in that cluster' })),
});

export const SpaceInstanceSpec = openObject(
  {
    displayName: Type.Optional(Type.String()),
    description: Type.Optional(Type.String()),
    owner: Type.Optional(UserOrTeam),
    templateRef: Type.Optional(TemplateRef),
    template: Type.Optional(anyObject()),
    clusterRef: Type.Optional(SpaceClusterRef),
    parameters: Type.Optional(Type.String({ description: "YAML with the template's parameters" })),
    extraAccessRules: Type.Optional(Type.Array(InstanceAccessRule)),
    access: Type.Optional(Type.Array(Access)),
  },
  { rules: [staysOnceSet('cluster', 'space'), staysOnceSet('namespace', 'space')] },
);
export type SpaceInstanceSpec = Static<typeof SpaceInstanceSpec>;

export const SpaceInstanceStatus = openObject({
  phase: Type.Optional(Type.Enum(['', ...instancePhases])),
  reason: Type.Optional(Type.String()),
  message: Type.Optional(Type.String()),
  conditions: Type.Optional(Conditions),
  observedGeneration: Type.Optional(Type.Integer()),
  /** Desired hash (domain/desired-state.ts) of the create that succeeded; absent: the namespace was never ours. */
  observedHash: Type.Optional(Type.String()),
  /** Desired hash of the last attempt that failed, or `sleep:`/`wake:` and the hash: it is not tried again by itself. */
  failedHash: Type.Optional(Type.String()),
  spaceObjects: Type.Optional(anyObject()),
  space: Type.Optional(anyObject()),
  lastOperation: Type.Optional(
    openObject({
      id: Type.String(),
      type: Type.Enum([...kindNames.space.verbs]),
      state: Type.Enum([...operationStates]),
    }),
  ),
  sleepModeConfig: Type.Optional(anyObject('Computed in answers of the gateway')),
  canUse: Type.Optional(Type.Boolean()),
  canUpdate: Type.Optional(Type.Boolean()),
});
export type SpaceInstanceStatus = Static<typeof SpaceInstanceStatus>;

/** A space: one namespace of a connected cluster. Namespaced: it lives in its project's namespace. */
export const SpaceInstance = Type.Object(
  {
    apiVersion: Type.Optional(Type.String()),
    kind: Type.Optional(Type.String()),
    metadata: ObjectMeta,
    spec: Type.Optional(SpaceInstanceSpec),
    status: Type.Optional(SpaceInstanceStatus),
  },
  { 'x-kubernetes-validations': [nameRule] },
);
export type SpaceInstance = Static<typeof SpaceInstance>;
