import { PlatformError } from '../../contracts/errors.ts';
import { targetNames } from '../../contracts/kinds.ts';
import { type Operation, targetOf } from '../../contracts/operations.ts';
import { administratorAction } from '../authorization/action.ts';
import { recordAccess, type RecordTarget } from '../authorization/record-access.ts';
import type { Caller } from '../identity/caller.ts';
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

/** Whether the caller asked for it: then they may follow it to its end. With a deleted instance go the rights on it. */
export function askedFor(
  { uid, identity }: Pick<Caller, 'uid' | 'identity'>,
  { actorUid }: Operation,
): boolean {
  return actorUid !== undefined && actorUid === uid && identity.scope === undefined;
}

/** What an operation is about, and which one of that name. */
export function recordOf(operation: Operation): RecordTarget {
  const { uid, projectUid } = operation;
  return { ...targetOf(operation), uid, projectUid };
}

/**
 * The operation, if the caller asked for it or may do `verb` with the tenant cluster or space it belongs to (by uid: not
 * with a later one of its name); to others it does not exist.
 * @throws PlatformError `operation_not_found`; `forbidden` if the caller may see but not do it
 */
export async function visibleOperation(
  gateway: Pick<Gateway, 'review' | 'managementJson' | 'operations'>,
  caller: Caller,
  id: string,
  verb: 'get' | 'update' = 'get',
): Promise<Operation> {
  return visibleOf(gateway, caller, await gateway.operations.get(id), verb);
}

/** The same of one that was read. @throws PlatformError `operation_not_found`, `forbidden` */
export async function visibleOf(
  gateway: Pick<Gateway, 'review' | 'managementJson'>,
  caller: Caller,
  operation: Operation,
  verb: 'get' | 'update' = 'get',
): Promise<Operation> {
  const { id } = operation;
  const record = recordOf(operation);
  const access = recordAccess(gateway, caller.identity, record.project);
  if (!askedFor(caller, operation) && !(await access.allows('get', record))) {
    throw new PlatformError('operation_not_found', `operation ${id} not found, or you may not see it`);
  }
  if (verb !== 'get' && !(await access.allows(verb, record))) {
    const { kind, name, project } = record;
    const where = project === '' ? '' : ` of project ${project}`;
    throw new PlatformError('forbidden', `you may not ${verb} ${targetNames[kind].noun} ${name}${where}`);
  }
  return forViewer(gateway, caller, operation);
}
