import { type Static, Type } from 'typebox';
import type { ManagedKind } from './kinds.ts';

const common = {
  name: Type.String(),
  project: Type.String(),
  phase: Type.String({
    description: 'Pending, Ready, Sleeping, Failed, or Terminating while it is being deleted',
  }),
  displayName: Type.Optional(Type.String()),
  cluster: Type.Optional(Type.String({ description: 'Connected cluster it is in' })),
  reason: Type.Optional(Type.String()),
  message: Type.Optional(Type.String()),
  createdAt: Type.Optional(Type.String({ format: 'date-time' })),
  sleepingSince: Type.Optional(Type.String({ description: 'Unix time in seconds' })),
  lastOperation: Type.Optional(Type.String({ description: 'Id' })),
};

const VirtualClusterSummary = Type.Object(
  {
    ...common,
    template: Type.Optional(Type.String()),
    kubernetesVersion: Type.Optional(Type.String()),
    chartVersion: Type.Optional(Type.String()),
  },
  { $id: 'VirtualClusterSummary', additionalProperties: false },
);
export type VirtualClusterSummary = Static<typeof VirtualClusterSummary>;

const SpaceSummary = Type.Object(
  { ...common, namespace: Type.Optional(Type.String({ description: 'Its namespace there' })) },
  { $id: 'SpaceSummary', additionalProperties: false },
);
export type SpaceSummary = Static<typeof SpaceSummary>;

/** An instance in a list of the REST API: the part of its resource that all callers who may see it get. */
export const instanceSummaries = {
  tenant: VirtualClusterSummary,
  space: SpaceSummary,
} as const satisfies Record<ManagedKind, unknown>;
