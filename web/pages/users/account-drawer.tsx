import { Drawer, Group, Stack } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Loaded } from '../../components/page-states.tsx';
import type { AccountPlural } from '../../server/accounts.ts';
import { AccountKeys } from './account-keys.tsx';
import { AccountPermissions } from '../../components/account-permissions.tsx';
import { useReturnFocus } from '../../components/use-return-focus.ts';

/** A user or team over the list: what it is, what it may, and its keys. */
export function AccountDrawer<T>({
  plural,
  name,
  query,
  onClose,
  actions,
  children,
}: {
  plural: AccountPlural;
  name: string;
  query: UseQueryResult<T>;
  onClose: () => void;
  actions: (account: T) => ReactNode;
  children: (account: T) => ReactNode;
}) {
  useReturnFocus();
  return (
    <Drawer opened onClose={onClose} position="right" size="lg" title={name}>
      <Loaded query={query}>
        {(account) => (
          <Stack gap="xl">
            <Group gap="xs">{actions(account)}</Group>
            {children(account)}
            <AccountPermissions plural={plural} name={name} />
            <AccountKeys plural={plural} name={name} />
          </Stack>
        )}
      </Loaded>
    </Drawer>
  );
}
