import { Menu } from '@mantine/core';
import { IconMoon, IconRefresh, IconSun, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { kindNames } from '../../../contracts/kinds.ts';
import type { InstanceName } from '../../server/instances.ts';
import { mayQuery } from '../../server/permissions.ts';
import { actionText as text } from '../../text/instances.ts';
import { type InstanceAction, instanceActions, type InstanceFacts, isOffered } from './instance-action.ts';
import type { StartAction } from './use-instance-actions.tsx';

const size = 16;
export const actionIcons: Readonly<Record<InstanceAction, ReactNode>> = {
  wake: <IconSun size={size} aria-hidden />,
  sleep: <IconMoon size={size} aria-hidden />,
  retry: <IconRefresh size={size} aria-hidden />,
  delete: <IconTrash size={size} aria-hidden />,
};

/** Items of an open menu: what makes sense for the instance now, and what one may do. */
export function ActionItems({
  target,
  facts,
  start,
  leaveOut = [],
}: {
  target: InstanceName;
  facts: InstanceFacts;
  start: StartAction;
  leaveOut?: readonly InstanceAction[];
}) {
  const { kind, project, name } = target;
  const mayDelete =
    useQuery(mayQuery({ verb: 'delete', resource: kindNames[kind].plural, project, name })).data === true;
  return instanceActions
    .filter((action) => isOffered(action, facts) && !leaveOut.includes(action))
    .filter((action) => action !== 'delete' || mayDelete)
    .map((action) => (
      <Menu.Item
        key={action}
        leftSection={actionIcons[action]}
        onClick={() => start(action, target)}
        {...(action === 'delete' ? { c: 'var(--vcp-failed)' } : {})}
      >
        {text[action]}
      </Menu.Item>
    ));
}
