import { ActionIcon, Autocomplete, Button, Group, NativeSelect, Stack, Text } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { projectRoles } from '../../../contracts/names.ts';
import type { Project, ProjectMember } from '../../../contracts/resources/project.ts';
import { FormDialog } from '../../components/form-dialog.tsx';
import { patchCommand } from '../../components/kubectl-commands.ts';
import { patchObject } from '../../server/management.ts';
import { objectQuery, objectsQuery } from '../../server/objects.ts';
import { mayQuery } from '../../server/permissions.ts';
import { projectMembersQuery } from '../../server/project-subresources.ts';
import { commonText } from '../../text/common.ts';
import { formsText } from '../../text/forms.ts';
import { projectsText, roleName } from '../../text/projects.ts';

const text = projectsText.editingMembers;
type Draft = ProjectMember & { readonly id: number };

/** Changes who is in a project, and as what. */
export function MembersDialog({ project, onClose }: { project: Project; onClose: () => void }) {
  const { name, resourceVersion } = project.metadata;
  const queryClient = useQueryClient();
  const [drafts, setDrafts] = useState<readonly Draft[]>(() =>
    (project.spec?.members ?? []).map((member, id) => ({ ...member, id })),
  );
  const names = useNames();
  const members = drafts.map(({ id: _id, ...member }) => member);
  const patch = { spec: { members } };
  const change = (id: number, changes: Partial<ProjectMember>) =>
    setDrafts(drafts.map((draft) => (draft.id === id ? { ...draft, ...changes } : draft)));
  const add = () => {
    const id = Math.max(-1, ...drafts.map((draft) => draft.id)) + 1;
    setDrafts([...drafts, { id, kind: 'User', name: '', clusterRole: 'loft-management-project-user' }]);
  };
  return (
    <FormDialog
      title={text.title(name)}
      onClose={onClose}
      submit={commonText.save}
      // With the version that is shown: what somebody else changed meanwhile is not overwritten.
      act={() => patchObject('projects', { name }, { metadata: { resourceVersion }, ...patch })}
      onDone={(changed) => {
        queryClient.setQueryData(objectQuery('projects', { name }).queryKey, changed);
        void queryClient.invalidateQueries({ queryKey: projectMembersQuery(name).queryKey });
      }}
      isReady={members.every((member) => member.name && member.clusterRole)}
      command={patchCommand('projects', name, patch)}
      commandTitle={formsText.withKubectl}
      size="xl"
    >
      {() => (
        <Stack gap="xs">
          {drafts.map((draft) => (
            <MemberRow
              key={draft.id}
              member={draft}
              names={draft.kind === 'Team' ? names.teams : ['*', ...names.users]}
              onChange={(changes) => change(draft.id, changes)}
              onRemove={() => setDrafts(drafts.filter(({ id }) => id !== draft.id))}
            />
          ))}
          <Group>
            <Button variant="default" size="xs" leftSection={<IconPlus size={14} />} onClick={add}>
              {text.add}
            </Button>
          </Group>
          <Text size="xs" c="dimmed">
            {text.everyone}
          </Text>
        </Stack>
      )}
    </FormDialog>
  );
}

function MemberRow({
  member,
  names,
  onChange,
  onRemove,
}: {
  member: ProjectMember;
  names: readonly string[];
  onChange: (changes: Partial<ProjectMember>) => void;
  onRemove: () => void;
}) {
  const { kind = 'User', name = '', clusterRole = '' } = member;
  const roles = [
    ...new Set([...Object.keys(projectsText.roles), ...(clusterRole === '' ? [] : [clusterRole])]),
  ];
  return (
    <Group gap="xs" align="flex-end">
      <NativeSelect
        aria-label={projectsText.kind}
        value={kind === 'Team' ? 'Team' : 'User'}
        onChange={({ currentTarget }) => onChange({ kind: currentTarget.value })}
        data={[
          { value: 'User', label: projectsText.user },
          { value: 'Team', label: projectsText.team },
        ]}
        w={90}
      />
      <Autocomplete
        aria-label={text.name}
        placeholder={text.name}
        value={name}
        onChange={(value) => onChange({ name: value })}
        data={names}
        limit={50}
        flex={1}
        miw={140}
      />
      <NativeSelect
        aria-label={projectsText.role}
        value={clusterRole}
        onChange={({ currentTarget }) => onChange({ clusterRole: currentTarget.value })}
        data={roles.map((role) => ({ value: role, label: roleName(role) }))}
        title={projectsText.roles[clusterRole || projectRoles.viewer]?.does}
        w={160}
      />
      <ActionIcon variant="subtle" color="gray" size="lg" onClick={onRemove} aria-label={text.remove(name)}>
        <IconTrash size={16} />
      </ActionIcon>
    </Group>
  );
}

/** Users and teams to choose from, for callers who may list them. */
function useNames(): { users: readonly string[]; teams: readonly string[] } {
  const mayUsers = useQuery(mayQuery({ verb: 'list', resource: 'users' })).data === true;
  const mayTeams = useQuery(mayQuery({ verb: 'list', resource: 'teams' })).data === true;
  const users = useQuery({ ...objectsQuery('users'), enabled: mayUsers });
  const teams = useQuery({ ...objectsQuery('teams'), enabled: mayTeams });
  const namesOf = (all: readonly { readonly metadata: { readonly name: string } }[] = []) =>
    all.map(({ metadata }) => metadata.name).toSorted();
  return { users: namesOf(users.data), teams: namesOf(teams.data) };
}
