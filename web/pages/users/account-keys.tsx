import { Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Age } from '../../components/age.tsx';
import { KeyExpiry, scopeWords } from '../../components/access-key-words.tsx';
import { Loaded } from '../../components/page-states.tsx';
import { accountKeysQuery } from '../../server/access-keys.ts';
import type { AccountPlural } from '../../server/accounts.ts';
import { accessKeysText } from '../../text/access-keys.ts';
import { usersText as text } from '../../text/users.ts';

/** The access keys of a user or team, without the keys themselves. */
export function AccountKeys({ plural, name }: { plural: AccountPlural; name: string }) {
  const keys = useQuery(accountKeysQuery(plural, name));
  const { columns } = accessKeysText;
  return (
    <Stack gap="xs" component="section">
      <Title order={3}>{text.accessKeys}</Title>
      <Loaded query={keys} rows={2}>
        {(all) =>
          all.length === 0 ? (
            <Text size="sm" c="dimmed">
              {text.noKeys}
            </Text>
          ) : (
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{columns.name}</Table.Th>
                  <Table.Th>{columns.scope}</Table.Th>
                  <Table.Th>{columns.expires}</Table.Th>
                  <Table.Th>{columns.lastUsed}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {all.map((accessKey) => (
                  <Table.Tr key={accessKey.metadata.name}>
                    <Table.Td style={{ overflowWrap: 'anywhere' }}>
                      {accessKey.spec.displayName || accessKey.metadata.name}
                    </Table.Td>
                    <Table.Td>{scopeWords(accessKey.spec.scope)}</Table.Td>
                    <Table.Td>
                      <KeyExpiry of={accessKey} />
                    </Table.Td>
                    <Table.Td>
                      {accessKey.status?.lastActivity === undefined ? (
                        accessKeysText.neverUsed
                      ) : (
                        <Age at={accessKey.status.lastActivity} />
                      )}
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          )
        }
      </Loaded>
    </Stack>
  );
}
