import { Alert, Button, Group, Modal, type ModalProps, Stack } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { RequestFailure } from '../server/problem.ts';
import { commonText as text } from '../text/common.ts';
import { CommandBox } from './command-box.tsx';
import { useReturnFocus } from './use-return-focus.ts';
import classes from './form-dialog.module.css';

/** What the platform says is wrong with a field, by its path: `spec.displayName`. */
export type ErrorOf = (path: string) => string | undefined;

/** A form in a dialog, which says why it was refused. Mount it when it opens: it keeps what was typed. */
export function FormDialog<T>({
  onClose,
  title,
  children,
  submit,
  act,
  onDone,
  isReady = true,
  command,
  commandTitle,
  danger = false,
  size = 'md',
}: {
  onClose: () => void;
  title: string;
  children: (errorOf: ErrorOf) => ReactNode;
  /** What stands on the button. */
  submit: string;
  act: () => Promise<T>;
  onDone?: (done: T) => void;
  isReady?: boolean;
  command?: string | undefined;
  commandTitle?: string;
  danger?: boolean;
  size?: NonNullable<ModalProps['size']>;
}) {
  useReturnFocus();
  const mutation = useMutation({
    // What was typed or made may be a secret: it is kept no longer than it is shown.
    gcTime: 0,
    mutationFn: act,
    onSuccess: (done) => {
      onClose();
      onDone?.(done);
    },
  });
  /** Not while it is being done: what came of it would be told of whatever is open by then. */
  const leave = () => {
    if (!mutation.isPending) onClose();
  };
  const errorOf: ErrorOf = (path) =>
    mutation.error instanceof RequestFailure
      ? mutation.error.fields.find((field) => field.path === path)?.message
      : undefined;
  return (
    <Modal opened onClose={leave} title={title} size={size}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady && !mutation.isPending) mutation.mutate();
        }}
      >
        <Stack>
          {children(errorOf)}
          {command !== undefined && (
            <CommandBox command={command} {...(commandTitle === undefined ? {} : { title: commandTitle })} />
          )}
          <Stack className={classes['foot']}>
            {mutation.error !== null && (
              <Alert color="red" role="alert">
                {mutation.error.message}
              </Alert>
            )}
            <Group justify="flex-end">
              <Button variant="default" onClick={leave} disabled={mutation.isPending}>
                {text.cancel}
              </Button>
              <Button
                type="submit"
                disabled={!isReady}
                loading={mutation.isPending}
                {...(danger ? { color: 'red.9' } : {})}
              >
                {submit}
              </Button>
            </Group>
          </Stack>
        </Stack>
      </form>
    </Modal>
  );
}
