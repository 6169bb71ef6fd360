import { MultiSelect, TagsInput, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Team } from '../../../contracts/resources/team.ts';
import { type ErrorOf, FormDialog } from '../../components/form-dialog.tsx';
import { changeObject } from '../../server/change-object.ts';
import { createObject } from '../../server/management.ts';
import { objectsQuery } from '../../server/objects.ts';
import { commonText } from '../../text/common.ts';
import { formsText } from '../../text/forms.ts';
import { usersText as text } from '../../text/users.ts';
import { commandOf, isAccountName, NameField, RolesField } from './account-fields.tsx';
import { mergedNames } from './merged-names.ts';
import { readAgain } from './read-again.ts';

interface Draft {
  readonly name: string;
  readonly displayName: string;
  readonly users: string[];
  readonly groups: string[];
  readonly roles: string[];
}

/** Makes a team, or changes the one that is given. */
export function TeamDialog({
  team,
  onClose,
  onDone,
}: {
  team?: Team;
  onClose: () => void;
  onDone: (name: string) => void;
}) {
  const queryClient = useQueryClient();
  const isNew = team === undefined;
  const [draft, setDraft] = useState(() => draftOf(team));
  const { name } = draft;
  const spec = specOf(draft);
  return (
    <FormDialog
      title={isNew ? text.createTeam : text.form.editTeam(name)}
      onClose={onClose}
      submit={isNew ? commonText.create : commonText.save}
      act={() =>
        isNew
          ? createObject('teams', {
              metadata: { name },
              spec: { ...spec, displayName: spec.displayName ?? '' },
            })
          : changeObject('teams', { name }, (now) => ({
              spec: changesOf(draftOf(team), draft, draftOf(now)),
            }))
      }
      onDone={() => {
        readAgain(queryClient, 'teams', name);
        onDone(name);
      }}
      isReady={isAccountName(name)}
      command={commandOf('teams', name, { isNew, spec })}
      commandTitle={formsText.withKubectl}
    >
      {(errorOf) => (
        <Fields
          draft={draft}
          change={(changes) => setDraft({ ...draft, ...changes })}
          isNew={isNew}
          errorOf={errorOf}
        />
      )}
    </FormDialog>
  );
}

function Fields({
  draft,
  change,
  isNew,
  errorOf,
}: {
  draft: Draft;
  change: (changes: Partial<Draft>) => void;
  isNew: boolean;
  errorOf: ErrorOf;
}) {
  const { name, displayName, users, groups, roles } = draft;
  const { data: allUsers = [] } = useQuery(objectsQuery('users'));
  const names = [...new Set([...allUsers.map(({ metadata }) => metadata.name), ...users])].toSorted();
  return (
    <>
      {isNew && <NameField value={name} onChange={(value) => change({ name: value })} errorOf={errorOf} />}
      <TextInput
        label={text.displayName}
        value={displayName}
        onChange={({ currentTarget }) => change({ displayName: currentTarget.value })}
        error={errorOf('spec.displayName')}
      />
      <MultiSelect
        label={text.form.members}
        value={users}
        onChange={(value) => change({ users: value })}
        data={names}
        searchable
        error={errorOf('spec.users')}
      />
      <TagsInput
        label={text.form.groups}
        description={text.form.groupsWhy}
        value={groups}
        onChange={(value) => change({ groups: value })}
        error={errorOf('spec.groups')}
      />
      <RolesField value={roles} onChange={(value) => change({ roles: value })} />
    </>
  );
}

function draftOf({ metadata, spec }: Partial<Team> = {}): Draft {
  return {
    name: metadata?.name ?? '',
    displayName: spec?.displayName ?? '',
    users: spec?.users ?? [],
    groups: spec?.groups ?? [],
    roles: (spec?.clusterRoles ?? []).flatMap((role) => role.name || []),
  };
}

/** What is asked for as a merge patch: null takes away. */
function specOf({ displayName, users, groups, roles }: Draft) {
  return {
    displayName: displayName.trim() || null,
    users,
    groups,
    clusterRoles: roles.map((role) => ({ name: role })),
  };
}

/** What somebody changed, in a team as it is now: the event stream does not tell of teams, so the one that is shown may be old. */
function changesOf(before: Draft, after: Draft, now: Draft) {
  const merged = (field: 'users' | 'groups' | 'roles') =>
    mergedNames(before[field], after[field], now[field]);
  return specOf({ ...after, users: merged('users'), groups: merged('groups'), roles: merged('roles') });
}
