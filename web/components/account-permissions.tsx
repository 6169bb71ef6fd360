import { Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Loaded } from './page-states.tsx';
import { type AccountPlural, type Permissions, permissionsQuery } from '../server/accounts.ts';
import { roleName } from '../text/projects.ts';
import { platformRoleName, usersText as text } from '../text/users.ts';

/** What a user or team may, and by which grant. */
export function AccountPermissions({
  plural,
  name,
  isOwn = false,
}: {
  plural: AccountPlural;
  name: string;
  /** Whether it is the caller's own, on a page of theirs. */
  isOwn?: boolean;
}) {
  const order = isOwn ? 2 : 3;
  const permissions = useQuery(permissionsQuery(plural, name));
  return (
    <Stack gap="xs" component="section">
      <Title order={order}>{isOwn ? text.youMay : text.may}</Title>
      <Loaded query={permissions} rows={2}>
        {(found) => <Grants grants={grantsOf(found)} />}
      </Loaded>
    </Stack>
  );
}

interface Grant {
  readonly may: string;
  readonly by: string;
}

function Grants({ grants }: { grants: readonly Grant[] }) {
  if (grants.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {text.mayNothing}
      </Text>
    );
  return (
    <Table>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{text.mayWhat}</Table.Th>
          <Table.Th>{text.byWhat}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {grants.map(({ may, by }, index) => (
          <Table.Tr key={`${index} ${may}`}>
            <Table.Td>{may}</Table.Td>
            <Table.Td>{by}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function grantsOf({ managementRoles, projectMemberships }: Permissions): Grant[] {
  return [
    ...managementRoles.map(({ name, assignedVia }) => ({
      may: text.roleOnPlatform(platformRoleName(name)),
      by: viaText(assignedVia),
    })),
    ...projectMemberships.map(({ name, role, assignedVia }) => ({
      may: text.inProject(roleName(role.name), name),
      by: viaText(assignedVia),
    })),
  ];
}

function viaText({ kind, name, owner }: Permissions['managementRoles'][number]['assignedVia']): string {
  if (kind === 'Team') return owner === true ? text.viaTeamOwner(name) : text.viaTeam(name);
  return owner === true ? text.viaOwner : text.viaSelf;
}
