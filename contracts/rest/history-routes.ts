import { type Static, Type } from 'typebox';
import { managedKinds, operationKinds } from '../kinds.ts';
import { operationTypes } from '../verbs.ts';
import { anyOf } from './pages.ts';
import type { RestRoute } from './route.ts';
import { dnsLabel, timestamp } from './values.ts';

/** What a history may be divided into: hours and days in UTC. */
export const historySteps = ['hour', 'day'] as const;
export type HistoryStep = (typeof historySteps)[number];
/** Of one history. */
export const mostBuckets = 400;
/** Days that a history looks back, if nothing else is asked for. */
export const defaultHistoryDays = 7;

const covered = {
  from: Type.String({ format: 'date-time', description: 'Begin of the first bucket' }),
  to: Type.String({ format: 'date-time', description: 'End of the last bucket, which may be a shorter one' }),
  step: Type.Enum([...historySteps]),
};
const at = Type.String({ format: 'date-time', description: 'Begin of the bucket' });

const UsageBucket = Type.Object(
  {
    at,
    awake: Type.Number({ description: 'How many were awake, on average over the bucket, to one decimal' }),
    asleep: Type.Number({ description: 'How many slept, likewise' }),
  },
  { additionalProperties: false },
);
export type UsageBucket = Static<typeof UsageBucket>;

export const UsageHistory = Type.Object(
  { ...covered, buckets: Type.Array(UsageBucket) },
  {
    $id: 'UsageHistory',
    description: 'How many instances were awake and asleep, over time',
    additionalProperties: false,
  },
);
export type UsageHistory = Static<typeof UsageHistory>;

const number = (description: string) => Type.Integer({ description });
const duration = (which: string) =>
  Type.Optional(
    Type.Integer({
      description: `${which} of those that succeeded, from their turn to their end, in milliseconds; absent if none did`,
    }),
  );
const ended = {
  succeeded: number('How many succeeded'),
  failed: number('How many failed'),
  cancelled: number('How many were cancelled'),
  types: Type.Object(
    Object.fromEntries(operationTypes.map((type) => [type, Type.Optional(Type.Integer())])),
    { additionalProperties: false, description: 'How many of each verb, whatever their end; of others none' },
  ),
  medianMs: duration('Median'),
  p95Ms: duration('95th percentile'),
};
const Ended = Type.Object(ended, { additionalProperties: false });
export type EndedOperations = Omit<Static<typeof Ended>, 'types'> & {
  readonly types: { readonly [T in (typeof operationTypes)[number]]?: number };
};

export const OperationHistory = Type.Object(
  {
    ...covered,
    total: Ended,
    buckets: Type.Array(Type.Object({ at, ...ended }, { additionalProperties: false })),
  },
  {
    $id: 'OperationHistory',
    description: 'Operations that ended, over time',
    additionalProperties: false,
  },
);
export interface OperationHistory extends Pick<UsageHistory, 'from' | 'to' | 'step'> {
  readonly total: EndedOperations;
  readonly buckets: ({ readonly at: string } & EndedOperations)[];
}

const asked = {
  project: Type.Optional(dnsLabel('Only those of this project')),
  from: Type.Optional(
    timestamp(`Begin, rounded down to a whole step. Default: ${defaultHistoryDays} days before \`to\``),
  ),
  to: Type.Optional(timestamp('End. Default, and at the latest: now')),
  step: Type.Optional(
    Type.Enum([...historySteps], {
      description: `Length of a bucket, in UTC. At most ${mostBuckets} buckets. Default: hour, or day if those were too many`,
    }),
  ),
};

/** What happened over time, for charts. */
export const historyRoutes = {
  getUsageHistory: {
    method: 'GET',
    path: '/api/v1/usage/history',
    operationId: 'getUsageHistory',
    summary: 'How many tenant clusters and spaces were awake and asleep, over time',
    description:
      'In buckets of an hour or a day, of those that you may see; of what was deleted since, to administrators of its project. From the same records as `/api/v1/usage`.',
    curl: { query: '?project=default&step=hour' },
    tags: ['usage'],
    query: Type.Object({ ...asked, kind: anyOf(managedKinds, 'Kinds') }, { additionalProperties: false }),
    status: 200,
    response: Type.Unsafe<UsageHistory>(Type.Ref('UsageHistory')),
  },
  getOperationHistory: {
    method: 'GET',
    path: '/api/v1/operations/history',
    operationId: 'getOperationHistory',
    summary: 'How operations ended and how long they took, over time',
    description:
      'In buckets of an hour or a day, by when they ended, of those operations that `/api/v1/operations` shows you; what never began, since a delete made it pointless, is not counted.',
    curl: { query: '?project=default&step=day' },
    tags: ['operations'],
    query: Type.Object(
      { ...asked, kind: anyOf(operationKinds, 'Kinds'), type: anyOf(operationTypes, 'Verbs') },
      { additionalProperties: false },
    ),
    status: 200,
    response: Type.Unsafe<OperationHistory>(Type.Ref('OperationHistory')),
  },
} as const satisfies Record<string, RestRoute>;
