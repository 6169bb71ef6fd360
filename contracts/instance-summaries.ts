import { type Static, type TOptional, type TString, Type } from 'typebox';
import { kindNames, type ManagedKind, type SummaryFieldOf } from './kinds.ts';

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
  nextAttempt: Type.Optional(
    Type.String({ description: 'When what failed is tried again, or what it waits for' }),
  ),
  nextAttemptAt: Type.Optional(Type.String({ format: 'date-time' })),
  lastOperation: Type.Optional(Type.String({ description: 'Id' })),
};

/** An instance in a list of the REST API: what of its resource is public to all who may see it. */
export function instanceSummary(kind: ManagedKind) {
  const { documentName, summary } = kindNames[kind];
  const own = Object.entries(summary).map(([field, description]) => [
    field,
    Type.Optional(Type.String({ description })),
  ]);
  return Type.Object(
    { ...common, ...(Object.fromEntries(own) as Record<string, TOptional<TString>>) },
    { $id: `${documentName}Summary`, additionalProperties: false },
  );
}

const commonSummary = Type.Object(common);
export type InstanceSummary<K extends ManagedKind> = Static<typeof commonSummary> & {
  readonly [F in SummaryFieldOf<K>]?: string;
};
