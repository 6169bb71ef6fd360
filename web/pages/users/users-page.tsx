import { Button, Tabs } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { usePageSearch } from '../../components/page-search.ts';
import { PageHead } from '../../components/page-states.tsx';
import { mayQuery } from '../../server/permissions.ts';
import { usersText as text } from '../../text/users.ts';
import { TeamDialog } from './team-dialog.tsx';
import { TeamDrawer } from './team-drawer.tsx';
import { TeamsTable } from './teams-table.tsx';
import { UserDialog } from './user-dialog.tsx';
import { UserDrawer } from './user-drawer.tsx';
import { UsersTable } from './users-table.tsx';

/** All users and teams; the one that the address names is open. */
export default function UsersPage() {
  const [{ tab = 'users', user, name }, change] = usePageSearch();
  const [isOpen, setIsOpen] = useState(false);
  const close = () => setIsOpen(false);
  const isTeams = tab === 'teams';
  const mayCreate =
    useQuery(mayQuery({ verb: 'create', resource: isTeams ? 'teams' : 'users' })).data === true;
  return (
    <>
      <PageHead title={text.title}>
        {mayCreate && (
          <Button onClick={() => setIsOpen(true)}>{isTeams ? text.createTeam : text.createUser}</Button>
        )}
      </PageHead>
      <Tabs
        value={tab}
        onChange={(value) => change({ tab: value ?? undefined, user: undefined, name: undefined })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          <Tabs.Tab value="users">{text.users}</Tabs.Tab>
          <Tabs.Tab value="teams">{text.teams}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="users">
          <UsersTable onOpen={(opened) => change({ user: opened })} />
        </Tabs.Panel>
        <Tabs.Panel value="teams">
          <TeamsTable onOpen={(opened) => change({ name: opened })} />
        </Tabs.Panel>
      </Tabs>
      {!isTeams && user !== undefined && (
        <UserDrawer name={user} onClose={() => change({ user: undefined })} />
      )}
      {isTeams && name !== undefined && (
        <TeamDrawer name={name} onClose={() => change({ name: undefined })} />
      )}
      {isOpen && !isTeams && <UserDialog onClose={close} onDone={(made) => change({ user: made })} />}
      {isOpen && isTeams && <TeamDialog onClose={close} onDone={(made) => change({ name: made })} />}
    </>
  );
}
