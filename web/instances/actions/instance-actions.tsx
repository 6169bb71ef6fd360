import { ActionIcon, Button, Group, Menu } from '@mantine/core';
import { IconDotsVertical } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { pageSearch } from '../../components/page-search.ts';
import { filtersOf } from '../../server/operations.ts';
import { type InstanceName, instanceQuery } from '../../server/instances.ts';
import { actionText as text } from '../../text/instances.ts';
import { MenuLink } from '../../components/links.tsx';
import { ActionItems, actionIcons } from './action-items.tsx';
import { factsOf, type InstanceAction, isOffered } from './instance-action.ts';
import { lastOperationOf, useOpenOperations } from './open-operation.ts';
import { useInstanceActions } from './use-instance-actions.tsx';

const asButtons = ['wake', 'retry'] as const satisfies readonly InstanceAction[];

/**
 * What one can do with an instance, for the head of its page: a button for what is due (wake, try again), a menu for the rest.
 * It reads the resource itself (`instanceQuery`, the same as the page).
 * @param children more items of the menu, above what the platform does
 */
export function InstanceActions({ target, children }: { target: InstanceName; children?: ReactNode }) {
  const { data } = useQuery(instanceQuery(target));
  const [open] = useOpenOperations(target);
  const { start, dialog } = useInstanceActions();
  if (data === undefined) return null;
  const facts = { ...factsOf(data), ...(open === undefined ? {} : lastOperationOf(open)) };
  const buttons = asButtons.filter((action) => isOffered(action, facts));
  return (
    <Group gap="xs" wrap="nowrap">
      {buttons.map((action) => (
        <Button
          key={action}
          variant={action === 'wake' ? 'filled' : 'default'}
          leftSection={actionIcons[action]}
          onClick={() => start(action, target)}
        >
          {text[action]}
        </Button>
      ))}
      <Menu position="bottom-end" withinPortal width={200} returnFocus>
        <Menu.Target>
          <ActionIcon variant="default" size="input-sm" aria-label={text.moreActions(target.name)}>
            <IconDotsVertical size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {children}
          <MenuLink
            to="/operations"
            search={pageSearch({ ...filtersOf(target.kind, target.project, target.name) })}
          >
            {text.operations}
          </MenuLink>
          <Menu.Divider />
          <ActionItems target={target} facts={facts} start={start} leaveOut={buttons} />
        </Menu.Dropdown>
      </Menu>
      {dialog}
    </Group>
  );
}
