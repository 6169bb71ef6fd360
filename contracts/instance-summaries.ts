import { type Static, type TOptional, type TString, Type } from 'typebox';
import { kindNames, type ManagedKind, type SummaryFieldOf } from './kinds.ts';
import { operationStates } from './operations.ts';
import { operationTypes } from './verbs.ts';

/** What lists are filtered and sorted by, with what each kind has of its own. */
const listed = {
  name: Type.String(),
  project: Type.String(),
  phase: Type.String({
    description: 'Pending, Ready, Sleeping, Failed, or Terminating while it is being deleted',
  }),
  displayName: Type.Optional(Type.String()),
  cluster: Type.Optional(Type.String({ description: 'Connected cluster it is in' })),
  reason: Type.Optional(Type.String()),
  createdAt: Type.Optional(Type.String({ format: 'date-time' })),
};

const common = {
  ...listed,
  uid: Type.Optional(Type.String()),
  message: Type.Optional(Type.String()),
  ownerUser: Type.Optional(Type.String({ description: 'Name of the User who owns it' })),
  ownerTeam: Type.Optional(Type.String({ description: 'Name of the Team that owns it' })),
  templateVersion: Type.Optional(
    Type.String({ description: 'Version of its template that is deployed; absent of one without versions' }),
  ),
  latestTemplateVersion: Type.Optional(
    Type.String({
      description:
        'Version of its template that is not deployed and could be: what its reference selects now or, if that is deployed, the newest one. Absent: there is none',
    }),
  ),
  sleepingSince: Type.Optional(Type.String({ description: 'Unix time in seconds' })),
  why: Type.Optional(
    Type.String({ description: 'Why it is awake or asleep, and what changes that next, in words' }),
  ),
  lastActivityAt: Type.Optional(
    Type.String({ format: 'date-time', description: 'When it was used, or woken by somebody, last' }),
  ),
  lastActivity: Type.Optional(
    Type.String({ description: 'Who used it then, and how: `anna (get pods, kubectl)`. Absent: not known' }),
  ),
  sleptPercent: Type.Optional(
    Type.Number({ description: 'Part of the last seven days that it slept, in percent to one decimal' }),
  ),
  nextAttempt: Type.Optional(
    Type.String({ description: 'When what failed is tried again, or what it waits for' }),
  ),
  nextAttemptAt: Type.Optional(Type.String({ format: 'date-time' })),
  lastOperation: Type.Optional(Type.String({ description: 'Id' })),
  lastOperationType: Type.Optional(Type.Enum([...operationTypes])),
  lastOperationState: Type.Optional(Type.Enum([...operationStates])),
  canUse: Type.Optional(
    Type.Boolean({ description: 'Whether you may send requests to its own Kubernetes API' }),
  ),
  canUpdate: Type.Optional(Type.Boolean({ description: 'Whether you may change it' })),
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

type OwnFields<K extends ManagedKind> = { readonly [F in SummaryFieldOf<K>]?: string };

const listedSummary = Type.Object(listed);
const commonSummary = Type.Object(common);
/** The part of a summary that lists are filtered and sorted by. */
export type ListedFields<K extends ManagedKind> = Static<typeof listedSummary> & OwnFields<K>;
export type InstanceSummary<K extends ManagedKind> = Static<typeof commonSummary> & OwnFields<K>;
