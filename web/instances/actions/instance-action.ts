import { kindNames } from '../../../contracts/kinds.ts';
import type { Operation, OperationRequest } from '../../../contracts/operations.ts';
import { type InstanceName, submitOperation } from '../../server/instances.ts';
import { readObject } from '../../server/management.ts';
import { rest } from '../../server/rest.ts';
import { actionText as text } from '../../text/instances.ts';

/** What one does with a tenant cluster or space, from lists and from its page. */
export const instanceActions = ['wake', 'sleep', 'retry', 'delete'] as const;
export type InstanceAction = (typeof instanceActions)[number];

/** What says which actions make sense: a row of a list is one; see {@link factsOf} for resources. */
export interface InstanceFacts {
  readonly phase?: string | undefined;
  readonly nextAttempt?: string | undefined;
  readonly lastOperationType?: string | undefined;
  readonly lastOperationState?: string | undefined;
  readonly canUpdate?: boolean | undefined;
}

/** What of a resource says which actions make sense. */
export function factsOf({ metadata, status = {} }: ManagedResource): InstanceFacts {
  const { phase, canUpdate, lastOperation, nextAttempt } = status;
  return {
    phase: metadata.deletionTimestamp === undefined ? phase || 'Pending' : 'Terminating',
    canUpdate,
    nextAttempt: nextAttempt?.message,
    lastOperationType: lastOperation?.type,
    lastOperationState: lastOperation?.state,
  };
}

/** The part of a resource that {@link factsOf} reads. */
interface ManagedResource {
  readonly metadata: { readonly deletionTimestamp?: string | undefined };
  readonly status?: {
    readonly phase?: string | undefined;
    readonly canUpdate?: boolean | undefined;
    readonly nextAttempt?: { readonly message: string } | undefined;
    readonly lastOperation?: { readonly type: string; readonly state: string } | undefined;
  };
}

/** Whether an operation of `type` has not ended. */
function isOpen({ lastOperationType, lastOperationState }: InstanceFacts, type = lastOperationType): boolean {
  return lastOperationType === type && (lastOperationState === 'queued' || lastOperationState === 'running');
}

const makesSense: Readonly<Record<InstanceAction, (facts: InstanceFacts) => boolean>> = {
  wake: (facts) => (facts.phase === 'Sleeping' || isOpen(facts, 'sleep')) && !isOpen(facts, 'wake'),
  sleep: (facts) => (facts.phase === 'Ready' || isOpen(facts, 'wake')) && !isOpen(facts, 'sleep'),
  retry: (facts) => (facts.phase === 'Failed' || facts.nextAttempt !== undefined) && !isOpen(facts),
  delete: () => true,
};

/** Whether `action` makes sense now. Whether one may delete is asked for by itself: `canUpdate` does not say so. */
export function isOffered(action: InstanceAction, facts: InstanceFacts): boolean {
  if (action !== 'delete' && facts.canUpdate !== true) return false;
  if (facts.phase === 'Terminating') return action === 'retry' && facts.nextAttempt !== undefined;
  return makesSense[action](facts);
}

/** An instance with the uid that was shown: by the time that it is deleted there may be another one of its name. */
export type SeenInstance = InstanceName & { readonly uid?: string | undefined };

/** Begins the action. The answer is the operation that was queued or joined. @throws Error if another one is to be deleted than was seen */
export async function beginAction(
  action: InstanceAction,
  target: SeenInstance,
  parameters: OperationRequest['parameters'] = {},
): Promise<Operation> {
  const { kind, project, name, uid } = target;
  if (action === 'delete' && uid !== undefined) {
    const { metadata } = await readObject(kindNames[kind].plural, { project, name });
    if (metadata.uid !== uid) throw new Error(text.replaced(kindNames[kind].noun, name));
  }
  return action === 'retry'
    ? rest.of(kind).retry({ params: { project, name } })
    : submitOperation(target, { type: action, parameters });
}

const commands: Readonly<Record<InstanceAction, string>> = {
  wake: 'wakeup',
  sleep: 'sleep',
  retry: 'retry',
  delete: 'delete',
};

/** The same as a command of `vcp`. */
export function commandOf(
  action: InstanceAction,
  { kind, project, name }: InstanceName,
  options = '',
): string {
  return `vcp ${commands[action]} ${kindNames[kind].command.name} ${name} --project ${project}${options}`;
}
