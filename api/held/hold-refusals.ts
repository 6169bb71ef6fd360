import { errorTable, isErrorCode, PlatformError } from '../../contracts/errors.ts';
import { kindNames, type OperationTarget } from '../../contracts/kinds.ts';
import type { Operation } from '../../contracts/operations.ts';
import { mayPass } from '../../domain/lifecycle/failure-causes.ts';

/** Clients of Kubernetes send a request again by themselves after the time in `Retry-After`. */
const soon = { retryAfterSeconds: 1 };

/** What wakes a tenant cluster or space, as far as it is known. */
interface KnownWake {
  readonly operation: Operation | undefined;
  /** Whether the caller may read the operation: its messages may name what is theirs alone. */
  readonly isShown: boolean;
}

const reasons = {
  time: 'it was not awake in time',
  room: 'too many requests wait for it',
  stop: 'the gateway is stopping',
} as const;
export type HoldEnd = keyof typeof reasons;

/** The error for a request that is not held, or not any longer. */
export function notHeld(
  target: OperationTarget,
  why: HoldEnd,
  { operation, isShown }: KnownWake,
): PlatformError {
  const { noun } = kindNames[target.kind];
  const by = operation === undefined ? '' : ` (operation ${operation.id}${isShown ? stepOf(operation) : ''})`;
  return new PlatformError(
    'waking',
    `${noun} ${target.name} is waking up${by}, and ${reasons[why]}; try again`,
    { details: operation === undefined ? soon : { ...soon, operation: operation.id } },
  );
}

/** The error for requests to what `operation` failed to wake. */
export function failedToWake(target: OperationTarget, operation: Operation, isShown: boolean): PlatformError {
  const { id, reason, message, state } = operation;
  const title = isErrorCode(reason) ? errorTable[reason].title : state;
  const why = isShown && message !== undefined ? message : title;
  const passes = mayPass(reason ?? null, null);
  return new PlatformError(
    'wake_failed',
    `${kindNames[target.kind].noun} ${target.name} did not wake up: operation ${id} ${state === 'cancelled' ? 'was cancelled' : 'failed'}: ${why}`,
    { details: { ...(passes ? soon : {}), operation: id } },
  );
}

/** What it does now: "; Waiting for control plane", or why it waits. */
function stepOf({ steps, blockedBy, state }: Operation): string {
  if (blockedBy !== undefined) return `, behind ${blockedBy.type}`;
  const step = steps.find((one) => one.state === 'running');
  if (step === undefined) return `, ${state}`;
  return `: ${step.message ?? step.title}`;
}
