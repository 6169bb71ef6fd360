import { Alert, Button, Group, Modal, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { commonText as text } from '../text/common.ts';
import { CommandBox } from './command-box.tsx';

/** Asks before something is done that cannot be taken back, and shows why it was refused. */
export function ConfirmDialog({
  opened,
  onClose,
  title,
  children,
  confirm,
  dismiss = text.cancel,
  act,
  onDone,
  typeName,
  command,
  danger = false,
}: {
  opened: boolean;
  onClose: () => void;
  title: string;
  /** What is lost, in words. */
  children: ReactNode;
  /** What stands on the button. */
  confirm: string;
  /** What stands on the other one. */
  dismiss?: string;
  act: () => Promise<unknown>;
  onDone?: () => void;
  /** The name that has to be typed first. */
  typeName?: string;
  /** The same from a terminal. */
  command?: string;
  danger?: boolean;
}) {
  const [typed, setTyped] = useState('');
  const mutation = useMutation({
    mutationFn: act,
    onSuccess: () => {
      close();
      onDone?.();
    },
  });
  function close(): void {
    setTyped('');
    mutation.reset();
    onClose();
  }
  const isReady = typeName === undefined || typed === typeName;
  return (
    <Modal opened={opened} onClose={close} title={title}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) mutation.mutate();
        }}
      >
        <Stack>
          <div>{children}</div>
          {typeName !== undefined && (
            <TextInput
              label={text.typeName(typeName)}
              value={typed}
              onChange={({ currentTarget }) => setTyped(currentTarget.value)}
              autoComplete="off"
              data-autofocus
            />
          )}
          {command !== undefined && <CommandBox command={command} />}
          {mutation.error !== null && (
            <Alert color="red" role="alert">
              {mutation.error.message}
            </Alert>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {dismiss}
            </Button>
            <Button
              type="submit"
              disabled={!isReady}
              loading={mutation.isPending}
              {...(danger ? { color: 'red.9' } : {})}
            >
              {confirm}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
