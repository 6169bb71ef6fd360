import { PasswordInput, Text } from '@mantine/core';
import { useState } from 'react';
import { FormDialog } from '../../components/form-dialog.tsx';
import { setPassword } from '../../server/accounts.ts';
import { signInAddress } from '../../server/session.ts';
import { profileText } from '../../text/profile.ts';

const text = profileText.password;

/** Changes the caller's own password, which ends this session. */
export function PasswordDialog({ name, onClose }: { name: string; onClose: () => void }) {
  const [current, setCurrent] = useState('');
  const [password, setNew] = useState('');
  const [again, setAgain] = useState('');
  return (
    <FormDialog
      title={text.title}
      onClose={onClose}
      submit={text.confirm}
      act={() => setPassword(name, password, current)}
      onDone={() => location.assign(signInAddress('/console/profile'))}
      isReady={password !== '' && password === again}
    >
      {() => (
        <>
          <Text size="sm">{text.why}</Text>
          <input type="text" name="username" autoComplete="username" value={name} readOnly hidden />
          <PasswordInput
            label={text.current}
            description={text.currentWhy}
            value={current}
            onChange={({ currentTarget }) => setCurrent(currentTarget.value)}
            autoComplete="current-password"
            data-autofocus
          />
          <PasswordInput
            label={text.label}
            description={text.hint}
            value={password}
            onChange={({ currentTarget }) => setNew(currentTarget.value)}
            autoComplete="new-password"
            required
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
