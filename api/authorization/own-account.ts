import { managementGroup } from '../../contracts/names.ts';
import type { Caller } from '../identity/caller.ts';
import type { Action } from './action.ts';

/**
 * Whether `action` reads the caller's own User, or one of their Teams: clients look at these after a login. RBAC has no rule
 * for it, which would be one for each user. Not for callers who act as another.
 */
export function readsOwnAccount(caller: Caller, action: Action): boolean {
  const { verb, group = managementGroup, resource, subresource, name } = action;
  if (verb !== 'get' || group !== managementGroup || subresource !== undefined || name === undefined)
    return false;
  if (caller.identity.originalUser !== undefined) return false;
  if (resource === 'users') return caller.kind === 'user' && caller.name === name;
  return resource === 'teams' && caller.teams.includes(name);
}
