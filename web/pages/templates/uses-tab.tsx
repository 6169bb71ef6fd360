import { Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { ManagedKind } from '../../../contracts/kinds.ts';
import type { ManagedTemplate } from '../../../contracts/resources/resource-kinds.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { useBusyRows } from '../../instances/actions/open-operation.ts';
import { ButtonLink } from '../../components/links.tsx';
import { Empty, Failure, LoadingRows } from '../../components/page-states.tsx';
import { InstanceStateBadge } from '../../components/state-badge.tsx';
import { TargetLink } from '../../components/target-link.tsx';
import { consoleKinds } from '../../server/console-kinds.ts';
import { type Row, rowsQuery } from '../../server/instances.ts';
import { commonText } from '../../text/common.ts';
import { templatesText as text } from '../../text/templates.ts';

/** What is made of a template, and of which version. */
export function UsesTab({ kind, template }: { kind: ManagedKind; template: ManagedTemplate }) {
  const { name } = template.metadata;
  const query = useInfiniteQuery(rowsQuery(kind, { template: name }));
  const read = useMemo(() => query.data?.pages.flatMap(({ items }): Row[] => items) ?? [], [query.data]);
  const rows = useBusyRows(kind, read);
  if (query.data === undefined)
    return query.error === null ? (
      <LoadingRows />
    ) : (
      <Failure error={query.error} retry={() => void query.refetch()} />
    );
  if (rows.length === 0)
    return (
      <Empty
        title={text.unused}
        action={
          template.status?.canUse === true && (
            <ButtonLink to={consoleKinds[kind].pages.create} search={{ template: name }}>
              {text.createFrom}
            </ButtonLink>
          )
        }
      >
        {text.unusedWhy}
      </Empty>
    );
  return (
    <DataTable
      label={text.tabs.uses}
      columns={columnsOf(kind)}
      rows={rows}
      rowKey={({ project, name: instance }) => `${project}/${instance}`}
      hasMore={query.hasNextPage}
      hasFailed={query.isError}
      onMore={() => void query.fetchNextPage({ cancelRefetch: false })}
      height="calc(100dvh - 420px)"
    />
  );
}

function columnsOf(kind: ManagedKind): readonly Column<Row>[] {
  return [
    {
      key: 'name',
      title: commonText.name,
      cell: ({ project, name }) => <TargetLink target={{ kind, project, name }} />,
    },
    { key: 'project', title: commonText.project, cell: ({ project }) => project },
    {
      key: 'version',
      title: text.deployedVersion,
      cell: ({ templateVersion, latestTemplateVersion }) => (
        <>
          {templateVersion ?? '–'}
          {latestTemplateVersion !== undefined && (
            <Text span size="sm" c="dimmed">
              {' '}
              ({text.newerVersion(latestTemplateVersion)})
            </Text>
          )}
        </>
      ),
    },
    { key: 'state', title: commonText.state, cell: (row) => <InstanceStateBadge {...row} /> },
    {
      key: 'owner',
      title: commonText.owner,
      cell: ({ ownerUser, ownerTeam }) => ownerUser ?? (ownerTeam && text.team(ownerTeam)) ?? '–',
    },
  ];
}
