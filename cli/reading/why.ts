import { kindNames } from '../../contracts/kinds.ts';
import { isFinal, type Operation } from '../../contracts/operations.ts';
import type { OperationType } from '../../contracts/verbs.ts';
import type { InstanceFacts } from './facts.ts';
import { age } from '../output/output.ts';

/** What is being done to an instance while an operation of the type runs. */
const doing: Readonly<Record<OperationType, string>> = {
  create: 'being created',
  update: 'being updated',
  sleep: 'going to sleep',
  wake: 'waking',
  snapshot: 'ready, and a snapshot is being taken',
  restore: 'being restored',
  delete: 'being deleted',
  disconnect: 'being disconnected',
  upgrade: 'connected, and its agent is being upgraded',
};

/** One sentence: why an instance is in its state, and what changes that; while nothing is amiss, in the words of the platform. */
export function whyOf(facts: InstanceFacts): string {
  const { kind, name, resource } = facts;
  const { why, nextAttempt } = resource.status ?? {};
  const open = facts.operations.find(({ state }) => !isFinal(state));
  const isAtRest = open === undefined && nextAttempt === undefined;
  if (isAtRest && why !== undefined && isAwakeOrAsleep(facts)) return why;
  const phase = phaseOf(facts);
  const because =
    open === undefined ? (causes[phase] ?? pending)(facts) : underWay(facts, operationWithTurn(facts, open));
  const next = open === undefined && nextAttempt !== undefined ? `; ${nextAttempt.message}` : '';
  return `${kindNames[kind].noun} ${name} ${because}${next}`;
}

function isAwakeOrAsleep(facts: InstanceFacts): boolean {
  const phase = phaseOf(facts);
  return phase === 'Sleeping' || (phase === 'Ready' && amissOf(facts) === undefined);
}

/** As lists say it. */
export function phaseOf({ resource: { metadata, status } }: InstanceFacts): string {
  return metadata.deletionTimestamp === undefined ? status?.phase || 'Pending' : 'Terminating';
}

const causes: Readonly<Record<string, (facts: InstanceFacts) => string>> = {
  Terminating: ({ resource: { metadata } }) =>
    `is being deleted: it was asked for at ${metadata.deletionTimestamp}`,
  Sleeping: () => 'is asleep',
  Ready: ready,
  Failed: ({ resource: { status }, operations }) => {
    const [last] = operations;
    const what = last?.state === 'failed' ? ` in the ${last.type} by ${last.actor}` : '';
    return `failed${what}, because ${reasonOf(status) ?? 'of something that it does not say'}`;
  },
};

function pending({ resource: { status } }: InstanceFacts): string {
  const reason = reasonOf(status);
  return reason === undefined
    ? 'is waiting: the platform has not begun to create it yet'
    : `is waiting because ${reason}`;
}

/** Of several that wait, the one that runs says why. */
function operationWithTurn({ operations }: InstanceFacts, open: Operation): Operation {
  return operations.find(({ state }) => state === 'running') ?? open;
}

function underWay({ now }: InstanceFacts, operation: Operation): string {
  const { type, actor, state, startedAt, createdAt, blockedBy, live } = operation;
  const by = `by ${actor}`;
  if (state === 'queued') {
    const behind =
      blockedBy === undefined
        ? live
          ? 'waits for its turn'
          : 'waits for Temporal or the worker, which do not answer'
        : `waits behind the ${blockedBy.type} by ${blockedBy.actor}`;
    return `is waiting: the ${type} ${by} ${behind}`;
  }
  const step = stepOf(operation);
  return `is ${doing[type]} ${by} since ${age(startedAt ?? createdAt, now)}${step === undefined ? '' : `: ${step}`}`;
}

function stepOf({ steps }: Operation): string | undefined {
  const at = steps.findIndex(({ state }) => state === 'running' || state === 'undoing');
  const step = steps[at];
  if (step === undefined) return undefined;
  const message = step.message ? `, ${step.message}` : '';
  return `"${step.title}" (step ${at + 1} of ${steps.length}${message})`;
}

/** What is amiss with one that is ready. */
function amissOf({ resource: { status } }: InstanceFacts): string | undefined {
  const amiss = (status?.conditions ?? []).find(
    ({ status: is, severity }) => is === 'False' && (severity === 'Error' || severity === 'Warning'),
  );
  return reasonOf(status) ?? amiss?.message ?? amiss?.reason;
}

function ready(facts: InstanceFacts): string {
  const { operations, now } = facts;
  const amiss = amissOf(facts);
  if (amiss !== undefined) return `is ready, but ${amiss}`;
  const last = operations.find(({ state }) => state === 'succeeded');
  if (last === undefined) return 'is ready';
  return `is ready since the ${last.type} by ${last.actor} ${age(last.finishedAt ?? last.createdAt, now)} ago`;
}

function reasonOf(status: InstanceFacts['resource']['status']): string | undefined {
  return status?.message || status?.reason || undefined;
}
