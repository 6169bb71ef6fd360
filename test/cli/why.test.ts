import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { InstanceFacts } from '../../cli/reading/facts.ts';
import { whyOf } from '../../cli/reading/why.ts';
import type { Operation } from '../../contracts/operations.ts';

const now = Date.parse('2026-11-29T12:00:00Z');
const hourAgo = '2026-11-29T11:00:00Z';

const operation = (
  type: Operation['type'],
  state: Operation['state'],
  more: Partial<Operation> = {},
): Operation => ({
  id: '6f1d1c1e-0000-4000-8000-000000000000',
  type,
  state,
  kind: 'tenant',
  project: 'alpha',
  tenantCluster: 'demo',
  actor: 'anna',
  parameters: {},
  createdAt: hourAgo,
  expectedMs: 0,
  steps: [],
  live: true,
  ...more,
});

const facts = (
  status: InstanceFacts['resource']['status'],
  operations: Operation[] = [],
  metadata: Partial<InstanceFacts['resource']['metadata']> = {},
): InstanceFacts => ({
  kind: 'tenant',
  project: 'alpha',
  name: 'demo',
  resource: { metadata: { name: 'demo', ...metadata }, ...(status === undefined ? {} : { status }) },
  operations,
  now,
});

const steps: Operation['steps'] = [
  { key: 'a', title: 'Creating host namespace', state: 'succeeded', expectedMs: 1 },
  {
    key: 'b',
    title: 'Waiting for control plane',
    state: 'running',
    message: '0 of 1 is ready',
    expectedMs: 1,
  },
];

/** Every state in which people find one. */
const sentences: [name: string, facts: InstanceFacts, sentence: string][] = [
  [
    'one that is new',
    facts(undefined),
    'tenant cluster demo is waiting: the platform has not begun to create it yet',
  ],
  [
    'one that is being created',
    facts({ phase: 'Pending' }, [operation('create', 'running', { startedAt: hourAgo, steps })]),
    'tenant cluster demo is being created by anna since 60m: "Waiting for control plane" (step 2 of 2, 0 of 1 is ready)',
  ],
  [
    'one whose operations wait for each other',
    facts({ phase: 'Ready' }, [
      operation('sleep', 'queued', { blockedBy: { id: 'x', type: 'update', actor: 'ben' } }),
    ]),
    'tenant cluster demo is waiting: the sleep by anna waits behind the update by ben',
  ],
  [
    'one whose operation no worker takes',
    facts({ phase: 'Ready' }, [operation('sleep', 'queued', { live: false })]),
    'tenant cluster demo is waiting: the sleep by anna waits for Temporal or the worker, which do not answer',
  ],
  [
    'one that failed and is tried again',
    facts(
      {
        phase: 'Failed',
        message: 'the node is full',
        nextAttempt: { type: 'create', targetHash: 'x', message: 'tried again at 12:05' },
      },
      [operation('create', 'failed')],
    ),
    'tenant cluster demo failed in the create by anna, because the node is full; tried again at 12:05',
  ],
  [
    'one that sleeps, what the platform says',
    facts({ phase: 'Sleeping', why: 'Asleep since 11:00 UTC by schedule. Wakes with the first request.' }),
    'Asleep since 11:00 UTC by schedule. Wakes with the first request.',
  ],
  [
    'one that is awake, what the platform says',
    facts({ phase: 'Ready', why: 'Awake: ci-bot used it 4 min ago. Nothing puts it to sleep.' }, [
      operation('update', 'succeeded', { finishedAt: hourAgo }),
    ]),
    'Awake: ci-bot used it 4 min ago. Nothing puts it to sleep.',
  ],
  [
    'one that sleeps at a platform that does not say why',
    facts({ phase: 'Sleeping' }),
    'tenant cluster demo is asleep',
  ],
  [
    'one that sleeps and shall not, that it is tried again',
    facts({
      phase: 'Sleeping',
      why: 'Asleep, and waking.',
      nextAttempt: { type: 'wake', targetHash: 'x', message: 'tried again at 12:05' },
    }),
    'tenant cluster demo is asleep; tried again at 12:05',
  ],
  [
    'one that is being deleted',
    facts({ phase: 'Ready' }, [], { deletionTimestamp: hourAgo }),
    `tenant cluster demo is being deleted: it was asked for at ${hourAgo}`,
  ],
  [
    'one that is ready',
    facts({ phase: 'Ready' }, [operation('update', 'succeeded', { finishedAt: hourAgo })]),
    'tenant cluster demo is ready since the update by anna 60m ago',
  ],
  [
    'one that is ready with something amiss',
    facts({
      phase: 'Ready',
      why: 'Awake: not used yet. Nothing puts it to sleep.',
      conditions: [
        { type: 'StoreWritable', status: 'False', severity: 'Error', message: 'the store is full' },
      ],
    }),
    'tenant cluster demo is ready, but the store is full',
  ],
];

describe('vcp why', () => {
  for (const [name, given, sentence] of sentences)
    it(`says of ${name} why it is so`, () => {
      assert.equal(whyOf(given), sentence);
    });
});
