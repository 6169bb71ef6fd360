import { Anchor, Text } from '@mantine/core';
import type { ClusterRoleRef } from '../../../contracts/resources/user.ts';
import { platformRoleName } from '../../text/users.ts';

/** A name that opens what it names over the list. */
export function NameCell({
  name,
  displayName,
  onOpen,
}: {
  name: string;
  displayName: string | undefined;
  onOpen: (name: string) => void;
}) {
  return (
    <>
      <Anchor component="button" type="button" inherit fw={500} onClick={() => onOpen(name)} ta="left">
        {name}
      </Anchor>
      {displayName !== undefined && displayName !== '' && displayName !== name && (
        <Text size="xs" c="dimmed">
          {displayName}
        </Text>
      )}
    </>
  );
}

/** Roles on the whole platform, in words. */
export function rolesText(roles: readonly ClusterRoleRef[] = []): string {
  return roles.flatMap(({ name }) => (name ? [platformRoleName(name)] : [])).join(', ');
}
