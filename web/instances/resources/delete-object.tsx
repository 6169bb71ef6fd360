import { Button, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { type AnyObject, type ObjectAt, typeName } from '../../server/kubernetes-objects.ts';
import { deleteTenantObject, type TenantApi } from '../../server/tenant-api.ts';
import { commonText } from '../../text/common.ts';
import { resourcesText as text } from '../../text/resources.ts';
import { namespaces } from './kinds.ts';
import { kubectlCommand } from './kubectl-command.ts';

/** Deletes the object, once its name was typed. */
export function DeleteObject({
  api,
  at,
  object,
  onDeleted,
}: {
  api: TenantApi;
  at: ObjectAt;
  object: AnyObject;
  onDeleted: () => void;
}) {
  const [isOpen, { open, close }] = useDisclosure(false);
  const { type, namespace, name } = at;
  const owner = object.metadata.ownerReferences?.[0];
  const isNamespace = typeName(type) === typeName(namespaces);
  return (
    <>
      <Button variant="subtle" c="var(--vcp-failed)" onClick={open}>
        {commonText.delete}
      </Button>
      <ConfirmDialog
        opened={isOpen}
        onClose={close}
        title={text.deleteTitle(type.kind, name)}
        confirm={commonText.delete}
        typeName={name}
        danger
        act={() => deleteTenantObject(api, at, object.metadata.uid)}
        onDone={onDeleted}
        command={kubectlCommand(
          api.target,
          ...['delete', typeName(type), name],
          ...(namespace === undefined ? [] : ['--namespace', namespace]),
        )}
      >
        <Stack gap="xs">
          <Text>{isNamespace ? text.deleteNamespace : text.deleteWhat(type.kind)}</Text>
          {owner !== undefined && <Text>{text.deleteOwned(`${owner.kind} ${owner.name}`)}</Text>}
        </Stack>
      </ConfirmDialog>
    </>
  );
}
