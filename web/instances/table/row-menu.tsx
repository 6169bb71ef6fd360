import { ActionIcon, Menu } from '@mantine/core';
import { IconDots } from '@tabler/icons-react';
import { useRef, useState } from 'react';
import type { ManagedKind } from '../../../contracts/kinds.ts';
import { pageSearch } from '../../components/page-search.ts';
import type { Row } from '../../server/instances.ts';
import { filtersOf } from '../../server/operations.ts';
import { actionText as text } from '../../text/instances.ts';
import { ActionItems, actionIcons } from '../actions/action-items.tsx';
import { isOffered } from '../actions/instance-action.ts';
import type { StartAction } from '../actions/use-instance-actions.tsx';
import { MenuLink } from '../../components/links.tsx';
import classes from './instance-table.module.css';

interface Props {
  readonly kind: ManagedKind;
  readonly row: Row;
  readonly start: StartAction;
}

/** What one can do with the row: what is due as a button, the rest in a menu. */
export function RowMenu({ kind, row, start }: Props) {
  // A menu costs more to draw than the whole row, so that it is made when it is opened first.
  const [isMade, setIsMade] = useState(false);
  const { name } = row;
  return (
    <div className={classes['buttons']}>
      <QuickAction kind={kind} row={row} start={start} />
      {isMade ? (
        <OpenMenu kind={kind} row={row} start={start} />
      ) : (
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={text.moreActions(name)}
          aria-haspopup="menu"
          onClick={() => setIsMade(true)}
        >
          <IconDots size={16} />
        </ActionIcon>
      )}
    </div>
  );
}

function QuickAction({ kind, row, start }: Props) {
  const action = isOffered('wake', row) ? 'wake' : isOffered('sleep', row) ? 'sleep' : undefined;
  if (action === undefined) return null;
  const { project, name } = row;
  return (
    <ActionIcon
      className={classes['quick'] ?? ''}
      title={text[action]}
      variant="subtle"
      color="gray"
      aria-label={`${text[action]} ${name}`}
      onClick={() => start(action, { kind, project, name })}
    >
      {actionIcons[action]}
    </ActionIcon>
  );
}

function OpenMenu({ kind, row, start }: Props) {
  const { project, name } = row;
  const button = useRef<HTMLButtonElement>(null);
  return (
    <Menu
      position="bottom-end"
      withinPortal
      width={200}
      defaultOpened
      onClose={() => button.current?.focus({ preventScroll: true })}
    >
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={text.moreActions(name)} ref={button}>
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <MenuLink to="/operations" search={pageSearch({ ...filtersOf(kind, project, name) })}>
          {text.operations}
        </MenuLink>
        <Menu.Divider />
        <ActionItems target={{ kind, project, name }} facts={row} start={start} />
      </Menu.Dropdown>
    </Menu>
  );
}
