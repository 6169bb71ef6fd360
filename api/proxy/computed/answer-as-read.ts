import { kindOfPlural } from '../../../contracts/kinds.ts';
import { teamGroup, userGroup } from '../../../contracts/names.ts';
import type { ManagedInstance } from '../../../contracts/resources/resource-kinds.ts';
import { type AllowedBy, untilAllowed } from '../../authorization/until-allowed.ts';
import type { AnswerChange } from './changed-answers.ts';
import { type Reader, withComputed, withComputedInEvent } from './computed-objects.ts';
import type { ComputedRequest } from './computed-request.ts';
import { jsonText } from '../../http/json-text.ts';

/** The answer to `request` with the computed fields as `reader` sees them. */
export function answerAsRead(
  reader: Reader & AllowedBy,
  { plural, verb, isDryRun }: ComputedRequest,
): AnswerChange {
  const isCreation = verb === 'create' && !isDryRun && kindOfPlural(plural) !== undefined;
  return {
    async whole(text) {
      const answer = JSON.parse(text) as object;
      await reader.usage.fresh(plural);
      if (isCreation) await untilOwned(reader, plural, answer as ManagedInstance);
      return jsonText(withComputed(reader, plural, answer));
    },
    event: (line) => {
      const event = JSON.parse(line) as { type: string; object: object };
      return jsonText(withComputedInEvent(reader, plural, event));
    },
  };
}

/**
 * Waits until those who made an instance for themselves may read it: clients go on to read what they made, and would be told
 * that there is none.
 */
async function untilOwned(reader: Reader & AllowedBy, plural: string, made: ManagedInstance): Promise<void> {
  const { identity } = reader;
  const { user, team } = made.spec?.owner ?? {};
  const { name, namespace = '' } = made.metadata;
  const isOwn =
    (user !== undefined && identity.groups.includes(userGroup(user))) ||
    (team !== undefined && identity.groups.includes(teamGroup(team)));
  if (isOwn) await untilAllowed(reader, identity, { verb: 'get', resource: plural, namespace, name });
}
