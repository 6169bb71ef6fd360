import { Button, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { AccessKey } from '../../../contracts/resources/access-key.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { DataTable } from '../../components/data-table.tsx';
import { Empty, Loaded, PageHead } from '../../components/page-states.tsx';
import { deleteOwnedKey, ownedKeysQuery } from '../../server/access-keys.ts';
import { accessKeysText as text } from '../../text/access-keys.ts';
import { commonText } from '../../text/common.ts';
import { CreateDialog } from './create-dialog.tsx';
import { actionsColumn, keyColumns } from './key-columns.tsx';
import { MadeDialog } from './made-dialog.tsx';

/** The caller's own access keys. */
export default function AccessKeysPage() {
  const queryClient = useQueryClient();
  const keys = useQuery(ownedKeysQuery);
  const [isOpen, { open, close }] = useDisclosure(false);
  const [made, setMade] = useState<AccessKey>();
  const [deleted, setDeleted] = useState<string>();
  const readAgain = () => void queryClient.invalidateQueries({ queryKey: ownedKeysQuery.queryKey });
  const create = <Button onClick={open}>{text.create}</Button>;
  return (
    <>
      <PageHead title={text.title}>{create}</PageHead>
      <Text c="dimmed" mb="md">
        {text.what}
      </Text>
      <Loaded query={keys}>
        {(all) =>
          all.length === 0 ? (
            <Empty title={text.emptyTitle} action={create}>
              {text.emptyWhy}
            </Empty>
          ) : (
            <DataTable
              label={text.title}
              columns={[...keyColumns, actionsColumn({ onChanged: readAgain, onDelete: setDeleted })]}
              rows={inOrder(all)}
              rowKey={({ metadata }) => metadata.name}
            />
          )
        }
      </Loaded>
      {isOpen && (
        <CreateDialog
          onClose={close}
          onMade={(key) => {
            setMade(key);
            readAgain();
          }}
        />
      )}
      {made !== undefined && <MadeDialog made={made} onClose={() => setMade(undefined)} />}
      <ConfirmDialog
        opened={deleted !== undefined}
        onClose={() => setDeleted(undefined)}
        title={text.delete.title(deleted ?? '')}
        confirm={commonText.delete}
        act={() => deleteOwnedKey(deleted ?? '')}
        onDone={readAgain}
        command={`vcp access-key revoke ${deleted ?? ''}`}
        danger
      >
        <Text size="sm">{text.delete.why}</Text>
      </ConfirmDialog>
    </>
  );
}

/** Keys that people made before those of logins, each by name. */
function inOrder(keys: readonly AccessKey[]): AccessKey[] {
  const rank = ({ spec }: AccessKey) => (spec.type === 'Login' ? 1 : 0);
  return keys.toSorted((a, b) => rank(a) - rank(b) || a.metadata.name.localeCompare(b.metadata.name));
}
