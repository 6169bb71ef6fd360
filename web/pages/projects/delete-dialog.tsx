import { Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { deleteCommand } from '../../components/kubectl-commands.ts';
import { deleteObject } from '../../server/management.ts';
import { commonText } from '../../text/common.ts';
import { projectsText } from '../../text/projects.ts';
import { useInstanceCount } from './project-contents.tsx';

const text = projectsText.delete;

/** Deletes a project once its name is typed. */
export function DeleteDialog({
  name,
  uid,
  opened,
  onClose,
}: {
  name: string;
  uid: string | undefined;
  opened: boolean;
  onClose: () => void;
}) {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const tenants = useInstanceCount('tenant', name);
  const spaces = useInstanceCount('space', name);
  const parts = [
    ...(tenants !== undefined && tenants.count > 0
      ? [projectsText.tenantClusters(tenants.count, tenants.isMore)]
      : []),
    ...(spaces !== undefined && spaces.count > 0 ? [projectsText.spaces(spaces.count, spaces.isMore)] : []),
  ];
  return (
    <ConfirmDialog
      opened={opened}
      onClose={onClose}
      title={text.title(name)}
      confirm={commonText.delete}
      act={() => deleteObject('projects', { name }, uid)}
      onDone={() => {
        void queryClient.invalidateQueries({ queryKey: ['objects', 'projects'] });
        void navigate({ to: '/projects' });
      }}
      typeName={name}
      command={deleteCommand('projects', name)}
      danger
    >
      <Text size="sm">{parts.length === 0 ? text.empty : text.blocked(text.and(parts))}</Text>
    </ConfirmDialog>
  );
}
