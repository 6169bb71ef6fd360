import { type Static, Type } from 'typebox';
import { kindNames } from '../kinds.ts';
import { Access, InstanceAccessRule, UserOrTeam } from './access.ts';
import { instanceOperation, instanceState } from './instance-status.ts';
import { LabelSelector } from './label-selector.ts';
import { nameRule } from './name-rule.ts';
import { ObjectMeta } from './object-meta.ts';
import { anyObject, openObject } from './open-object.ts';
import { staysOncePlaced } from './stays-once-placed.ts';
import { TemplateRef } from './virtual-cluster-instance.ts';

export const SpaceClusterRef = openObject({
  cluster: Type.Optional(
    Type.String({ maxLength: 63, description: 'Connected cluster; chosen by the platform if left out' }),
  ),
  namespace: Type.Optional(Type.String({ maxLength: 63, description: 'The namespace in that cluster' })),
});

export const SpaceInstanceSpec = openObject({
  displayName: Type.Optional(Type.String()),
  description: Type.Optional(Type.String()),
  owner: Type.Optional(UserOrTeam),
  templateRef: Type.Optional(TemplateRef),
  template: Type.Optional(anyObject()),
  clusterRef: Type.Optional(SpaceClusterRef),
  clusterSelector: Type.Optional(LabelSelector),
  parameters: Type.Optional(Type.String({ description: "YAML with the template's parameters" })),
  extraAccessRules: Type.Optional(Type.Array(InstanceAccessRule)),
  access: Type.Optional(Type.Array(Access)),
});
export type SpaceInstanceSpec = Static<typeof SpaceInstanceSpec>;

export const SpaceInstanceStatus = openObject({
  ...instanceState,
  spaceObjects: Type.Optional(anyObject()),
  space: Type.Optional(anyObject()),
  ...instanceOperation(kindNames.space.verbs),
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
  {
    'x-kubernetes-validations': [
      nameRule,
      ...(['cluster', 'namespace'] as const).map((field) => staysOncePlaced(field, 'space')),
    ],
  },
);
export type SpaceInstance = Static<typeof SpaceInstance>;
