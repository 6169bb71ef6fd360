import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { Team } from '../../../contracts/resources/team.ts';
import { Age } from '../../components/age.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Empty, Loaded } from '../../components/page-states.tsx';
import { objectsQuery } from '../../server/objects.ts';
import { commonText } from '../../text/common.ts';
import { usersText as text } from '../../text/users.ts';
import { NameCell, rolesText } from './cells.tsx';
import { whileDeleting } from './read-again.ts';

/** All teams, by name. */
export function TeamsTable({ onOpen }: { onOpen: (name: string) => void }) {
  const teams = useQuery({
    ...objectsQuery('teams'),
    refetchInterval: ({ state }) => whileDeleting(state.data),
  });
  const columns = useMemo(() => columnsOf(onOpen), [onOpen]);
  return (
    <Loaded query={teams}>
      {(all) =>
        all.length === 0 ? (
          <Empty title={text.noTeams}>{text.noTeamsWhy}</Empty>
        ) : (
          <DataTable
            label={text.teams}
            columns={columns}
            rows={all.toSorted((a, b) => a.metadata.name.localeCompare(b.metadata.name))}
            rowKey={({ metadata }) => metadata.name}
          />
        )
      }
    </Loaded>
  );
}

function columnsOf(onOpen: (name: string) => void): readonly Column<Team>[] {
  return [
    {
      key: 'name',
      title: text.columns.name,
      cell: ({ metadata, spec }) => (
        <NameCell
          name={metadata.name}
          displayName={metadata.deletionTimestamp === undefined ? spec?.displayName : text.deletingNow}
          onOpen={onOpen}
        />
      ),
    },
    { key: 'members', title: text.columns.members, cell: ({ spec }) => spec?.users?.join(', ') ?? '' },
    { key: 'groups', title: text.columns.groups, cell: ({ spec }) => spec?.groups?.join(', ') ?? '' },
    { key: 'roles', title: text.columns.roles, cell: ({ spec }) => rolesText(spec?.clusterRoles) },
    {
      key: 'age',
      title: commonText.age,
      align: 'right',
      cell: ({ metadata }) => <Age at={metadata.creationTimestamp} />,
    },
  ];
}
