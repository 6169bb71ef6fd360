import { Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { ManagedKind } from '../../../contracts/kinds.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { deleteCommand } from '../../components/kubectl-commands.ts';
import { deleteObject } from '../../server/management.ts';
import { templatesText as text } from '../../text/templates.ts';
import { pluralOf } from './template-kind.ts';
import { useCountQuery } from './use-count.ts';

/** Asks for the name before a template is deleted, and says what is made of it. */
export function DeleteTemplate({
  opened,
  onClose,
  kind,
  name,
  uid,
}: {
  opened: boolean;
  onClose: () => void;
  kind: ManagedKind;
  name: string;
  uid: string | undefined;
}) {
  const navigate = useNavigate();
  const { data: use } = useQuery({ ...useCountQuery(kind, name), enabled: opened });
  return (
    <ConfirmDialog
      opened={opened}
      onClose={onClose}
      title={text.deleteTitle(name)}
      confirm={text.delete}
      typeName={name}
      danger
      command={`vcp connect management\n${deleteCommand(pluralOf(kind), name)}`}
      act={() => deleteObject(pluralOf(kind), { name }, uid)}
      onDone={() => void navigate({ to: '/templates' })}
    >
      <Stack gap="xs">
        {use !== undefined && <Text>{use.isUsed ? text.deleteUsed(use.count) : text.deleteUnused}</Text>}
        <Text>{text.deleteLost}</Text>
      </Stack>
    </ConfirmDialog>
  );
}
