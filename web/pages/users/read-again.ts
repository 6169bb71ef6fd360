import type { QueryClient } from '@tanstack/react-query';
import type { ObjectMeta } from '../../../contracts/resources/object-meta.ts';
import type { AccountPlural } from '../../server/accounts.ts';

/** Reads again what was changed of a user or team: the event stream does not tell of them. */
export function readAgain(queryClient: QueryClient, plural: AccountPlural, name: string): void {
  readListsAgain(queryClient);
  for (const queryKey of [['object', plural, '', name], ['permissions'], ['access-keys', plural, name]])
    void queryClient.invalidateQueries({ queryKey });
}

/** Reads again the lists alone: of what was deleted there is nothing else to read. */
export function readListsAgain(queryClient: QueryClient): void {
  for (const plural of ['users', 'teams'])
    void queryClient.invalidateQueries({ queryKey: ['objects', plural] });
}

const againMs = 1_500;

/** How soon a list is read again: what is being deleted goes a moment later, and no event tells that. */
export function whileDeleting(all: readonly { readonly metadata: ObjectMeta }[] | undefined): number | false {
  return all?.some(({ metadata }) => metadata.deletionTimestamp !== undefined) === true ? againMs : false;
}
