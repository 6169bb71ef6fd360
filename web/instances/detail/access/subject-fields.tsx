import { TagsInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { objectsQuery } from '../../../server/objects.ts';
import { accessText as text } from '../../../text/instance-access.ts';
import type { Named } from './access-changes.ts';

/** Fields for names of users and teams, with those that the reader may see to choose from. */
export function SubjectFields({ value, onChange }: { value: Named; onChange: (value: Named) => void }) {
  const names = useAccountNames();
  return (
    <>
      <TagsInput
        label={text.users}
        description={text.namesHint}
        data={names.users}
        value={value.users}
        onChange={(users) => onChange({ ...value, users })}
        acceptValueOnBlur
        openOnFocus={false}
        data-autofocus
      />
      <TagsInput
        label={text.teams}
        data={names.teams}
        value={value.teams}
        onChange={(teams) => onChange({ ...value, teams })}
        acceptValueOnBlur
        openOnFocus={false}
      />
    </>
  );
}

/** Names of accounts that the reader may see; those who may not see them type names. */
export function useAccountNames(): Named {
  const users = useQuery(objectsQuery('users')).data ?? [];
  const teams = useQuery(objectsQuery('teams')).data ?? [];
  return {
    users: users.map(({ metadata }) => metadata.name),
    teams: teams.map(({ metadata }) => metadata.name),
  };
}
