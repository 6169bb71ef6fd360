import { PasswordInput, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useState } from 'react';
import { FormDialog } from '../../components/form-dialog.tsx';
import { objectPath } from '../../server/management.ts';
import { setPassword } from '../../server/accounts.ts';
import { usersText } from '../../text/users.ts';

const text = usersText.password;

/** Gives somebody else a new password. */
export function PasswordDialog({
  name,
  onClose,
  onDone,
}: {
  name: string;
  onClose: () => void;
  onDone: () => void;
}) {
  const [password, setNew] = useState('');
  const [again, setAgain] = useState('');
  const path = `${objectPath('users', { name })}/profile`;
  return (
    <FormDialog
      title={text.title(name)}
      onClose={onClose}
      submit={text.confirm}
      act={() => setPassword(name, password)}
      onDone={() => {
        notifications.show({ message: text.set(name) });
        onDone();
      }}
      isReady={password !== '' && password === again}
      command={`curl -H "Authorization: Bearer $ACCESS_KEY" --json '{"spec":{"password":"…"}}' \\\n  ${location.origin}${path}`}
    >
      {(errorOf) => (
        <>
          <Text size="sm">{text.why}</Text>
          <PasswordInput
            label={text.label}
            description={text.hint}
            value={password}
            onChange={({ currentTarget }) => setNew(currentTarget.value)}
            error={errorOf('/spec/password')}
            autoComplete="new-password"
            required
            data-autofocus
          />
          <PasswordInput
            label={text.again}
            value={again}
            onChange={({ currentTarget }) => setAgain(currentTarget.value)}
            error={again !== '' && !password.startsWith(again) && text.differs}
            autoComplete="new-password"
            required
          />
        </>
      )}
    </FormDialog>
  );
}
