import { Button, Group, List, Modal, ScrollArea, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { ManagedKind } from '../../../contracts/kinds.ts';
import { commonText } from '../../text/common.ts';
import { actionText, countOf, manyText as text } from '../../text/instances.ts';
import { CommandBox } from '../../components/command-box.tsx';
import { useReturnFocus } from '../../components/use-return-focus.ts';
import { commandOf, type SeenInstance } from './instance-action.ts';
import { Losses, ManyProgress, Refusals } from './many-parts.tsx';
import { type Progress, useMany } from './use-many.ts';
import { useActionNotifications } from './use-notifications.tsx';

export type ManyAction = 'sleep' | 'wake' | 'delete';

const mostCommands = 5;

/** Does one thing with many: says what, does it, and shows which were refused and why. */
export function ManyDialog({
  action,
  kind,
  targets,
  leftOut,
  onClose,
  onRefused,
}: {
  action: ManyAction;
  kind: ManagedKind;
  /** Those with which it can be done. */
  targets: readonly SeenInstance[];
  /** How many others were selected. */
  leftOut: number;
  onClose: () => void;
  /** Tells which are left to do, after all were tried. */
  onRefused: (refused: readonly SeenInstance[]) => void;
}) {
  useReturnFocus();
  // The rows change while it is done: what was asked for does not.
  const [asked, setAsked] = useState(targets);
  const [typed, setTyped] = useState('');
  const { progress, run, stop } = useMany(action);
  const { allAccepted } = useActionNotifications();
  const isRunning = progress?.isRunning === true;
  const isDanger = action === 'delete';
  const isReady = !isRunning && (!isDanger || typed === text.typed(asked.length));
  const close = isRunning ? stop : onClose;

  async function begin(): Promise<void> {
    const { left, accepted } = await run(asked);
    onRefused(left);
    if (accepted > 0) allAccepted(accepted, action);
    if (left.length === 0) return onClose();
    setTyped('');
    setAsked(left);
  }

  return (
    <Modal
      opened
      onClose={close}
      title={text.title[action](countOf(kind, asked.length))}
      closeOnClickOutside={!isRunning}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) void begin();
        }}
      >
        <Stack>
          <Text size="sm">{text.what[action][kind]}</Text>
          {progress === undefined ? (
            <Before action={action} targets={asked} leftOut={leftOut} />
          ) : (
            <>
              <ManyProgress progress={progress} label={actionText[action]} />
              <Refusals progress={progress} />
            </>
          )}
          {isDanger && !isRunning && (
            <TextInput
              label={commonText.typeName(text.typed(asked.length))}
              value={typed}
              onChange={({ currentTarget }) => setTyped(currentTarget.value)}
              autoComplete="off"
              data-autofocus
            />
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {leaveWords(progress)}
            </Button>
            <Button
              type="submit"
              disabled={!isReady}
              loading={isRunning}
              {...(isDanger ? { color: 'red.9' } : {})}
            >
              {progress === undefined || isRunning ? actionText[action] : text.again}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function leaveWords(progress: Progress | undefined): string {
  if (progress === undefined) return commonText.cancel;
  return progress.isRunning ? text.stop : commonText.close;
}

/** What is said before it is done. */
function Before({
  action,
  targets,
  leftOut,
}: {
  action: ManyAction;
  targets: readonly SeenInstance[];
  leftOut: number;
}) {
  return (
    <>
      {leftOut > 0 && (
        <Text size="sm" c="dimmed">
          {text.leftOut[action](leftOut)}
        </Text>
      )}
      {action === 'delete' && (
        <ScrollArea.Autosize mah={160} type="auto" viewportProps={{ tabIndex: 0, 'aria-label': text.these }}>
          <List size="sm" style={{ overflowWrap: 'anywhere' }}>
            {targets.map(({ project, name }) => (
              <List.Item key={`${project}/${name}`}>
                {name} ({project})
              </List.Item>
            ))}
          </List>
        </ScrollArea.Autosize>
      )}
      {action === 'sleep' && <Losses targets={targets} />}
      <CommandBox command={commandsOf(action, targets)} />
    </>
  );
}

function commandsOf(action: ManyAction, targets: readonly SeenInstance[]): string {
  const lines = targets.slice(0, mostCommands).map((target) => commandOf(action, target));
  const more = targets.length - lines.length;
  return [...lines, ...(more > 0 ? [text.andMore(more)] : [])].join('\n');
}
