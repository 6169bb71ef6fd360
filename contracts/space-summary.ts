import { type Static, Type } from 'typebox';

/** A space in a list of the REST API: what of its resource is public to all who may see it. */
export const SpaceSummary = Type.Object(
  {
    name: Type.String(),
    project: Type.String(),
    phase: Type.String({
      description: 'Pending, Ready, Sleeping, Failed, or Terminating while it is being deleted',
    }),
    displayName: Type.Optional(Type.String()),
    cluster: Type.Optional(Type.String({ description: 'Connected cluster it is in' })),
    namespace: Type.Optional(Type.String({ description: 'Its namespace there' })),
    reason: Type.Optional(Type.String()),
    message: Type.Optional(Type.String()),
    createdAt: Type.Optional(Type.String({ format: 'date-time' })),
    sleepingSince: Type.Optional(Type.String({ description: 'Unix time in seconds' })),
    lastOperation: Type.Optional(Type.String({ description: 'Id' })),
  },
  { $id: 'SpaceSummary', additionalProperties: false },
);
export type SpaceSummary = Static<typeof SpaceSummary>;
