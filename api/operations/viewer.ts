import { PlatformError } from '../../contracts/errors.ts';
import { type Operation, subjectNouns, subjectOf } from '../../contracts/operations.ts';
import { administratorAction, subjectAction } from '../access/action.ts';
import type { Caller } from '../auth/caller.ts';
import type { Gateway } from '../gateway.ts';

/** `operation` as `caller` may see it: the link into the Temporal UI is for administrators of the platform. */
export async function forViewer(
  gateway: Pick<Gateway, 'review'>,
  caller: Caller,
  operation: Operation,
): Promise<Operation> {
  if (operation.temporalUrl === undefined) return operation;
  if (await gateway.review.allows(caller.identity, administratorAction)) return operation;
  const { temporalUrl: _forAdministrators, ...rest } = operation;
  return rest;
}

/**
 * The operation, if the caller asked for it or may do `verb` with the tenant cluster or space it belongs to; to others it
 * does not exist.
 * @throws PlatformError `operation_not_found`; `forbidden` if the caller may see but not do it
 */
export async function visibleOperation(
  gateway: Pick<Gateway, 'review' | 'operations'>,
  caller: Caller,
  id: string,
  verb: 'get' | 'update' = 'get',
): Promise<Operation> {
  const operation = await gateway.operations.get(id);
  const subject = subjectOf(operation);
  // Who asked for it may follow it to its end: with a deleted instance go the rights on it.
  const mayGet =
    (operation.actor === caller.identity.user && caller.identity.scope === undefined) ||
    (await gateway.review.allows(caller.identity, subjectAction('get', subject)));
  if (!mayGet) {
    throw new PlatformError('operation_not_found', `there is no operation ${id}, or you may not see it`);
  }
  if (verb !== 'get' && !(await gateway.review.allows(caller.identity, subjectAction(verb, subject)))) {
    throw new PlatformError(
      'forbidden',
      `you may not ${verb} ${subjectNouns[subject.kind]} ${subject.name} of project ${subject.project}`,
    );
  }
  return forViewer(gateway, caller, operation);
}
