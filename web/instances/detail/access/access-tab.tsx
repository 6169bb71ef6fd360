import { Button, Group, Stack, Table, Text, Title } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconShare } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { instanceQuery } from '../../../server/instances.ts';
import { objectQuery } from '../../../server/objects.ts';
import { accessText as text } from '../../../text/instance-access.ts';
import type { InstanceView } from '../instance-view.ts';
import { type Grant, grantsOf, ownerOf, subjectText } from './grants.ts';
import { OwnerDialog } from './owner-dialog.tsx';
import { RemoveGrantDialog } from './remove-grant-dialog.tsx';
import { RightsDialog } from './rights-dialog.tsx';
import { ShareDialog } from './share-dialog.tsx';

/** Who may do what with an instance, and how to change that. */
export default function AccessTab({ target, instance }: InstanceView) {
  const project = useQuery(objectQuery('projects', { name: target.project }));
  const [dialog, setDialog] = useState<ReactNode>(null);
  const queryClient = useQueryClient();
  const mayChange = instance.status?.canUpdate === true;
  const closing = {
    onClose: () => setDialog(null),
    onDone: () => {
      setDialog(null);
      notifications.show({ message: text.saved });
      void queryClient.invalidateQueries({ queryKey: instanceQuery(target).queryKey });
    },
  };
  const view = { target, instance };
  return (
    <Stack gap="xl">
      <OwnerSection
        instance={instance}
        change={mayChange ? () => setDialog(<OwnerDialog {...view} {...closing} />) : undefined}
      />
      <section>
        <Group justify="space-between" mb="xs" gap="sm">
          <Title order={2}>{text.title}</Title>
          {mayChange && (
            <Group gap="xs">
              <Button
                leftSection={<IconShare size={16} />}
                onClick={() => setDialog(<ShareDialog target={target} {...closing} />)}
              >
                {text.share}
              </Button>
              <Button variant="default" onClick={() => setDialog(<RightsDialog {...view} {...closing} />)}>
                {text.grant}
              </Button>
            </Group>
          )}
        </Group>
        <Text size="sm" c="dimmed" mb="sm">
          {text.why}
        </Text>
        <Grants
          grants={grantsOf(instance, project.data)}
          remove={(grant) => {
            const { rule, who, may } = grant;
            if (rule === undefined || !mayChange) return null;
            return (
              <Button
                size="compact-sm"
                variant="subtle"
                c="var(--vcp-failed)"
                aria-label={text.removeOf(subjectText(who), may)}
                onClick={() =>
                  setDialog(<RemoveGrantDialog {...view} {...closing} grant={grant} rule={rule} />)
                }
              >
                {text.remove}
              </Button>
            );
          }}
        />
        {project.error !== null && (
          <Text size="sm" c="dimmed" mt="sm">
            {text.projectUnseen}
          </Text>
        )}
      </section>
      {dialog}
    </Stack>
  );
}

function OwnerSection({
  instance,
  change,
}: Pick<InstanceView, 'instance'> & { change: (() => void) | undefined }) {
  const owner = ownerOf(instance.spec?.owner);
  return (
    <section>
      <Title order={2} mb="xs">
        {text.ownerTitle}
      </Title>
      <Group gap="md">
        <Text {...(owner === undefined ? { c: 'dimmed' } : {})}>
          {owner === undefined ? text.noOwner : subjectText(owner)}
        </Text>
        {change !== undefined && (
          <Button variant="default" size="compact-sm" onClick={change}>
            {text.changeOwner}
          </Button>
        )}
      </Group>
    </section>
  );
}

function Grants({ grants, remove }: { grants: readonly Grant[]; remove: (grant: Grant) => ReactNode }) {
  return (
    <Table.ScrollContainer minWidth={560}>
      <Table aria-label={text.title}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{text.who}</Table.Th>
            <Table.Th>{text.may}</Table.Th>
            <Table.Th>{text.because}</Table.Th>
            <Table.Td w={100} />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {grants.map((grant, index) => (
            <Table.Tr key={index}>
              <Table.Td style={{ overflowWrap: 'anywhere' }}>{subjectText(grant.who)}</Table.Td>
              <Table.Td style={{ overflowWrap: 'anywhere' }}>{grant.may}</Table.Td>
              <Table.Td>{grant.because}</Table.Td>
              <Table.Td ta="right">{remove(grant)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
