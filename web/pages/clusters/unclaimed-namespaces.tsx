import { Button, Code, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { kindNames } from '../../../contracts/kinds.ts';
import type { Operation } from '../../../contracts/operations.ts';
import type { ListedUnclaimedNamespace } from '../../../contracts/rest/unclaimed-namespace-routes.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { FormDialog } from '../../components/form-dialog.tsx';
import { Empty, Loaded } from '../../components/page-states.tsx';
import { unclaimedNamespacesQuery } from '../../server/clusters.ts';
import { rest } from '../../server/rest.ts';
import { clustersText as text } from '../../text/clusters.ts';
import { commonText } from '../../text/common.ts';

/** Namespaces of a connected cluster that belong to nothing any more, each to be deleted. */
export function UnclaimedNamespaces({ cluster }: { cluster: string }) {
  const query = useQuery(unclaimedNamespacesQuery(cluster));
  const [chosen, setChosen] = useState<ListedUnclaimedNamespace>();
  return (
    <Loaded query={query} rows={3}>
      {(namespaces) =>
        namespaces.length === 0 ? (
          <Empty title={text.noUnclaimed}>{text.noUnclaimedWhy}</Empty>
        ) : (
          <>
            <Text size="sm" c="dimmed" pb="xs">
              {text.unclaimedWhy}
            </Text>
            <DataTable
              label={text.tabs.unclaimed}
              columns={columnsOf(setChosen)}
              rows={namespaces}
              rowKey={({ name }) => name}
              height="420px"
            />
            {chosen !== undefined && <DeleteDialog namespace={chosen} onClose={() => setChosen(undefined)} />}
          </>
        )
      }
    </Loaded>
  );
}

function columnsOf(
  onDelete: (namespace: ListedUnclaimedNamespace) => void,
): readonly Column<ListedUnclaimedNamespace>[] {
  return [
    { key: 'name', title: text.namespace, cell: ({ name }) => <Code>{name}</Code> },
    { key: 'was', title: text.wasOf, cell: ownerOf },
    {
      key: 'delete',
      title: commonText.actions,
      align: 'right',
      cell: (namespace) => (
        <Button variant="subtle" c="var(--vcp-failed)" size="compact-sm" onClick={() => onDelete(namespace)}>
          {commonText.delete}
        </Button>
      ),
    },
  ];
}

function ownerOf({ kind, project, subject }: ListedUnclaimedNamespace): string {
  if (!subject) return kindNames[kind].noun;
  return `${kindNames[kind].noun} ${project ? `${project}/` : ''}${subject}`;
}

function DeleteDialog({
  namespace: { name, cluster },
  onClose,
}: {
  namespace: ListedUnclaimedNamespace;
  onClose: () => void;
}) {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  return (
    <FormDialog
      title={text.deleteUnclaimedTitle(name)}
      onClose={onClose}
      submit={commonText.delete}
      act={(): Promise<Operation> => rest.deleteUnclaimedNamespace({ params: { cluster, namespace: name } })}
      onDone={({ id }) => {
        void queryClient.invalidateQueries({ queryKey: unclaimedNamespacesQuery(cluster).queryKey });
        void navigate({ to: '/operations/$id', params: { id } });
      }}
      command={`vcp delete unclaimed-namespace ${name} --cluster ${cluster}`}
      danger
    >
      {() => <Text size="sm">{text.deleteUnclaimedWhy(name, cluster)}</Text>}
    </FormDialog>
  );
}
