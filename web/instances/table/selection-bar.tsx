import { Button, CloseButton, Group, Paper, Text } from '@mantine/core';
import { useState } from 'react';
import type { ManagedKind } from '../../../contracts/kinds.ts';
import type { Row } from '../../server/instances.ts';
import { actionText, manyText as text } from '../../text/instances.ts';
import { actionIcons } from '../actions/action-items.tsx';
import { isOffered, type SeenInstance } from '../actions/instance-action.ts';
import { type ManyAction, ManyDialog } from '../actions/many-dialog.tsx';
import classes from './instance-table.module.css';
import { rowKeyOf } from './instance-table.tsx';

const actions = ['sleep', 'wake', 'delete'] as const satisfies readonly ManyAction[];

/** What one can do with the chosen rows, below the list. */
export function SelectionBar({
  kind,
  rows,
  onSelect,
}: {
  kind: ManagedKind;
  /** The chosen ones. */
  rows: readonly Row[];
  onSelect: (keys: ReadonlySet<string>) => void;
}) {
  const [asked, setAsked] = useState<{
    action: ManyAction;
    targets: readonly SeenInstance[];
    leftOut: number;
  }>();
  if (rows.length === 0 && asked === undefined) return null;
  return (
    <>
      {rows.length > 0 && (
        <Paper withBorder shadow="md" px="md" py="xs" mt="xs" className={classes['selected'] ?? ''}>
          <Group gap="xs">
            <Text size="sm" fw={500} mr="auto" role="status">
              {text.bar(rows.length)}
            </Text>
            {actions.map((action) => {
              const able = ableTo(action, rows);
              if (able.length === 0) return null;
              return (
                <Button
                  key={action}
                  size="xs"
                  variant="default"
                  leftSection={actionIcons[action]}
                  {...(action === 'delete' ? { c: 'var(--vcp-failed)' } : {})}
                  onClick={() =>
                    setAsked({
                      action,
                      targets: able.map(({ project, name, uid }) => ({ kind, project, name, uid })),
                      leftOut: rows.length - able.length,
                    })
                  }
                >
                  {actionText[action]}
                </Button>
              );
            })}
            <CloseButton aria-label={text.clear} onClick={() => onSelect(new Set())} />
          </Group>
        </Paper>
      )}
      {asked !== undefined && (
        <ManyDialog
          kind={kind}
          {...asked}
          onClose={() => setAsked(undefined)}
          onRefused={(refused) => onSelect(new Set(refused.map(({ project, name }) => `${project}/${name}`)))}
        />
      )}
    </>
  );
}

/** Those with which it makes sense now, as far as their rows tell; the platform refuses the others by itself. */
function ableTo(action: ManyAction, rows: readonly Row[]): Row[] {
  return rows.filter((row) =>
    action === 'delete' ? row.canUpdate === true && row.phase !== 'Terminating' : isOffered(action, row),
  );
}

/** The chosen ones of `rows`. */
export function chosenRows(rows: readonly Row[], selected: ReadonlySet<string>): Row[] {
  return selected.size === 0 ? [] : rows.filter((row) => selected.has(rowKeyOf(row)));
}
