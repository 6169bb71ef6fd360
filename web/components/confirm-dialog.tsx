import { Alert, Button, Group, Modal, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { commonText as text } from '../text/common.ts';
import { CommandBox } from './command-box.tsx';
import { useReturnFocus } from './use-return-focus.ts';

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
  useReturnFocus(opened);
  const [typed, setTyped] = useState('');
  const mutation = useMutation({
    gcTime: 0,
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
  /** Not while it is being done: what came of it would be told of whatever is open by then. */
  function leave(): void {
    if (!mutation.isPending) close();
  }
  const isReady = typeName === undefined || typed === typeName;
  return (
    <Modal opened={opened} onClose={leave} title={title}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady && !mutation.isPending) mutation.mutate();
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
            <Button variant="default" onClick={leave} disabled={mutation.isPending}>
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
