import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { annotations } from '../../../contracts/names.ts';
import type { User } from '../../../contracts/resources/user.ts';
import { Age } from '../../components/age.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Empty, Loaded } from '../../components/page-states.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { objectsQuery } from '../../server/objects.ts';
import { commonText } from '../../text/common.ts';
import { usersText as text } from '../../text/users.ts';
import { NameCell, rolesText } from './cells.tsx';
import { whileDeleting } from './read-again.ts';

/** All users, by name. */
export function UsersTable({ onOpen }: { onOpen: (name: string) => void }) {
  const users = useQuery({
    ...objectsQuery('users'),
    refetchInterval: ({ state }) => whileDeleting(state.data),
  });
  const columns = useMemo(() => columnsOf(onOpen), [onOpen]);
  return (
    <Loaded query={users}>
      {(all) =>
        all.length === 0 ? (
          <Empty title={text.noUsers}>{text.noUsersWhy}</Empty>
        ) : (
          <DataTable
            label={text.users}
            columns={columns}
            rows={all.toSorted((a, b) => a.metadata.name.localeCompare(b.metadata.name))}
            rowKey={({ metadata }) => metadata.name}
          />
        )
      }
    </Loaded>
  );
}

/** How a user logs in, in words. */
export function loginText({ metadata, spec }: User): string {
  if (metadata.annotations?.[annotations.oidcIdentity] !== undefined) return text.bySso;
  return spec?.passwordRef?.secretName ? text.byPassword : text.noLogin;
}

/** Whether a user may log in. */
export function UserState({ user }: { user: User }) {
  if (user.metadata.deletionTimestamp !== undefined)
    return <StateBadge mark="busy">{text.deletingNow}</StateBadge>;
  return user.spec?.disabled === true ? (
    <StateBadge mark="cancelled">{text.disabled}</StateBadge>
  ) : (
    <StateBadge mark="good">{text.active}</StateBadge>
  );
}

function columnsOf(onOpen: (name: string) => void): readonly Column<User>[] {
  return [
    {
      key: 'name',
      title: text.columns.name,
      cell: ({ metadata, spec }) => (
        <NameCell name={metadata.name} displayName={spec?.displayName} onOpen={onOpen} />
      ),
    },
    { key: 'state', title: text.columns.state, cell: (user) => <UserState user={user} /> },
    { key: 'email', title: text.columns.email, cell: ({ spec }) => spec?.email ?? '' },
    { key: 'teams', title: text.columns.teams, cell: ({ status }) => status?.teams?.join(', ') ?? '' },
    { key: 'roles', title: text.columns.roles, cell: ({ spec }) => rolesText(spec?.clusterRoles) },
    { key: 'login', title: text.columns.login, cell: loginText },
    {
      key: 'age',
      title: commonText.age,
      align: 'right',
      cell: ({ metadata }) => <Age at={metadata.creationTimestamp} />,
    },
  ];
}
