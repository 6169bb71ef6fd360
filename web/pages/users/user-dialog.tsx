import { PasswordInput, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { User, UserSpec } from '../../../contracts/resources/user.ts';
import { type ErrorOf, FormDialog } from '../../components/form-dialog.tsx';
import { setPassword } from '../../server/accounts.ts';
import { changeObject } from '../../server/change-object.ts';
import { createObject } from '../../server/management.ts';
import { commonText } from '../../text/common.ts';
import { formsText } from '../../text/forms.ts';
import { usersText as text } from '../../text/users.ts';
import { commandOf, isAccountName, NameField, RolesField } from './account-fields.tsx';
import { mergedNames } from './merged-names.ts';
import { readAgain } from './read-again.ts';

interface Draft {
  readonly name: string;
  readonly displayName: string;
  readonly email: string;
  readonly roles: string[];
  readonly password: string;
}

/** Makes a user, or changes the one that is given. */
export function UserDialog({
  user,
  onClose,
  onDone,
}: {
  user?: User;
  onClose: () => void;
  onDone: (name: string) => void;
}) {
  const queryClient = useQueryClient();
  const isNew = user === undefined;
  const [draft, setDraft] = useState(() => draftOf(user));
  // If the password is refused the user is there all the same, and only the rest is tried again.
  const [isMade, setIsMade] = useState(!isNew);
  const { name, password } = draft;
  async function save(): Promise<void> {
    if (isMade)
      await changeObject('users', { name }, (now) => {
        const roles = mergedNames(draftOf(user).roles, draft.roles, draftOf(now).roles);
        return { spec: changesOf({ ...draft, roles }) };
      });
    else await createObject('users', { metadata: { name }, spec: specOf(draft) });
    setIsMade(true);
    if (password !== '') await setPassword(name, password);
  }
  return (
    <FormDialog
      title={isNew ? text.createUser : text.form.editUser(name)}
      onClose={onClose}
      submit={isNew ? commonText.create : commonText.save}
      act={() => save().finally(() => readAgain(queryClient, 'users', name))}
      onDone={() => onDone(name)}
      isReady={isAccountName(name)}
      command={commandOf('users', name, { isNew, spec: changesOf(draft) })}
      commandTitle={formsText.withKubectl}
    >
      {(errorOf) => (
        <Fields
          draft={draft}
          change={(changes) => setDraft({ ...draft, ...changes })}
          isNew={isNew}
          isMade={isMade}
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
  isMade,
  errorOf,
}: {
  draft: Draft;
  change: (changes: Partial<Draft>) => void;
  isNew: boolean;
  isMade: boolean;
  errorOf: ErrorOf;
}) {
  const { name, displayName, email, roles, password } = draft;
  return (
    <>
      {isNew && (
        <NameField
          value={name}
          onChange={(value) => change({ name: value })}
          errorOf={errorOf}
          isFixed={isMade}
        />
      )}
      <TextInput
        label={text.displayName}
        value={displayName}
        onChange={({ currentTarget }) => change({ displayName: currentTarget.value })}
        error={errorOf('spec.displayName')}
      />
      <TextInput
        label={text.form.email}
        description={text.form.emailWhy}
        type="email"
        value={email}
        onChange={({ currentTarget }) => change({ email: currentTarget.value })}
        error={errorOf('spec.email')}
      />
      <RolesField value={roles} onChange={(value) => change({ roles: value })} />
      {isNew && (
        <PasswordInput
          label={text.form.password}
          description={text.form.passwordWhy}
          value={password}
          onChange={({ currentTarget }) => change({ password: currentTarget.value })}
          autoComplete="new-password"
        />
      )}
    </>
  );
}

function draftOf({ metadata, spec }: Partial<User> = {}): Draft {
  return {
    name: metadata?.name ?? '',
    displayName: spec?.displayName ?? '',
    email: spec?.email ?? '',
    roles: (spec?.clusterRoles ?? []).flatMap((role) => role.name || []),
    password: '',
  };
}

/** What is asked for as a merge patch: null takes away. */
function changesOf({ displayName, email, roles }: Draft) {
  return {
    displayName: displayName.trim() || null,
    email: email.trim() || null,
    clusterRoles: roles.length === 0 ? null : roles.map((role) => ({ name: role })),
  };
}

function specOf(draft: Draft): UserSpec {
  const { displayName, email, clusterRoles } = changesOf(draft);
  return {
    ...(displayName === null ? {} : { displayName }),
    ...(email === null ? {} : { email }),
    ...(clusterRoles === null ? {} : { clusterRoles }),
  };
}
