import { PlatformError } from '../../contracts/errors.ts';
import type { Caller } from '../identity/caller.ts';
import type { AccessReview } from './access-review.ts';
import { administratorAction } from './action.ts';

/**
 * Lets administrators of the platform through.
 * @throws PlatformError `forbidden` for all others; `management_unavailable`
 */
export async function checkAdministrator(deps: { review: AccessReview }, caller: Caller): Promise<void> {
  if (await deps.review.allows(caller.identity, administratorAction)) return;
  throw new PlatformError('forbidden', 'only administrators of the platform may do this');
}
