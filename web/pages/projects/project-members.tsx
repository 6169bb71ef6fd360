import { Button, Group, Stack, Table, Text, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import type { Project, ProjectMember } from '../../../contracts/resources/project.ts';
import { Loaded } from '../../components/page-states.tsx';
import { type MemberInfo, projectMembersQuery } from '../../server/project-subresources.ts';
import { projectsText as text, roleName } from '../../text/projects.ts';
import { MembersDialog } from './members-dialog.tsx';

interface Row {
  readonly key: string;
  readonly isTeam: boolean;
  readonly name: string;
  readonly displayName: string | undefined;
  readonly role: string;
}

/** Who is in a project, and as what. */
export function ProjectMembers({ project }: { project: Project }) {
  const { name } = project.metadata;
  const known = useQuery(projectMembersQuery(name));
  const [isOpen, { open, close }] = useDisclosure(false);
  return (
    <Stack gap="xs" component="section" aria-labelledby="project-members">
      <Group justify="space-between">
        <Title order={2} id="project-members">
          {text.members}
        </Title>
        {project.status?.canUpdate === true && (
          <Button variant="default" size="xs" onClick={open}>
            {text.editMembers}
          </Button>
        )}
      </Group>
      <Loaded query={known} rows={3}>
        {(infos) => <MembersTable rows={rowsOf(project, infos)} />}
      </Loaded>
      {isOpen && <MembersDialog project={project} onClose={close} />}
    </Stack>
  );
}

function MembersTable({ rows }: { rows: readonly Row[] }) {
  if (rows.length === 0)
    return (
      <Text c="dimmed" size="sm">
        {text.noMembers}. {text.noMembersWhy}
      </Text>
    );
  return (
    <Table>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{text.member}</Table.Th>
          <Table.Th>{text.kind}</Table.Th>
          <Table.Th>{text.role}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map(({ key, isTeam, name, displayName, role }) => (
          <Table.Tr key={key}>
            <Table.Td style={{ overflowWrap: 'anywhere' }}>
              {displayName ?? name}
              {displayName !== undefined && displayName !== name && (
                <Text size="xs" c="dimmed">
                  {name}
                </Text>
              )}
            </Table.Td>
            <Table.Td>{isTeam ? text.team : text.user}</Table.Td>
            <Table.Td>{role}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

type Infos = { readonly users: readonly MemberInfo[]; readonly teams: readonly MemberInfo[] };

/** Owner and members with their roles; those that only the list of members names, without one. */
function rowsOf({ spec: { owner, members = [] } = {} }: Project, infos: Infos): Row[] {
  const displayNameOf = (isTeam: boolean, name: string) =>
    !isTeam && name === '*'
      ? text.everyone
      : (isTeam ? infos.teams : infos.users).find((info) => info.name === name)?.displayName;
  const row = (key: string, isTeam: boolean, name: string, role: string): Row => {
    return { key, isTeam, name, displayName: displayNameOf(isTeam, name), role };
  };
  const owners = [
    ...(owner?.user ? [row('owner', false, owner.user, text.ownerRole)] : []),
    ...(owner?.team ? [row('owner', true, owner.team, text.ownerRole)] : []),
  ];
  const named = members.map((member, index) =>
    row(`${index}`, member.kind === 'Team', member.name ?? '', roleName(member.clusterRole)),
  );
  return [
    ...owners,
    ...named,
    ...unnamed(members, infos, row).filter(({ name }) => name !== (owner?.user ?? owner?.team)),
  ];
}

function unnamed(
  members: readonly ProjectMember[],
  infos: Infos,
  row: (key: string, isTeam: boolean, name: string, role: string) => Row,
): Row[] {
  if (members.length > 0) return [];
  return [
    ...infos.users.map(({ name }) => row(`user/${name}`, false, name, '')),
    ...infos.teams.map(({ name }) => row(`team/${name}`, true, name, '')),
  ];
}
