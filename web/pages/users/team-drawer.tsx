import { Button } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Team } from '../../../contracts/resources/team.ts';
import { Age } from '../../components/age.tsx';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { Facts } from '../../components/facts.tsx';
import { deleteCommand } from '../../components/kubectl-commands.ts';
import { deleteObject } from '../../server/management.ts';
import { objectQuery } from '../../server/objects.ts';
import { mayQuery } from '../../server/permissions.ts';
import { commonText } from '../../text/common.ts';
import { usersText as text } from '../../text/users.ts';
import { AccountDrawer } from './account-drawer.tsx';
import { rolesText } from './cells.tsx';
import { readListsAgain } from './read-again.ts';
import { TeamDialog } from './team-dialog.tsx';

/** A team over the list. */
export function TeamDrawer({ name, onClose }: { name: string; onClose: () => void }) {
  const team = useQuery(objectQuery('teams', { name }));
  return (
    <AccountDrawer
      plural="teams"
      name={name}
      query={team}
      onClose={onClose}
      actions={(found) => <TeamActions team={found} onGone={onClose} />}
    >
      {({ metadata, spec, status }) => (
        <Facts
          facts={[
            [text.displayName, spec?.displayName],
            [text.description, spec?.description],
            [text.members, spec?.users?.join(', ')],
            [text.groups, spec?.groups?.join(', ')],
            [text.columns.roles, rolesText(spec?.clusterRoles)],
            [text.columns.keys, status?.accessKeys && text.keysOf(status.accessKeys)],
            [commonText.age, <Age key="age" at={metadata.creationTimestamp} />],
          ]}
        />
      )}
    </AccountDrawer>
  );
}

function TeamActions({ team, onGone }: { team: Team; onGone: () => void }) {
  const { name } = team.metadata;
  const queryClient = useQueryClient();
  const mayUpdate = useQuery(mayQuery({ verb: 'update', resource: 'teams', name })).data === true;
  const mayDelete = useQuery(mayQuery({ verb: 'delete', resource: 'teams', name })).data === true;
  const [dialog, setDialog] = useState<'edit' | 'delete'>();
  const close = () => setDialog(undefined);
  return (
    <>
      {mayUpdate && (
        <Button variant="default" size="xs" onClick={() => setDialog('edit')}>
          {commonText.edit}
        </Button>
      )}
      {mayDelete && (
        <Button variant="default" c="var(--vcp-failed)" size="xs" onClick={() => setDialog('delete')}>
          {commonText.delete}
        </Button>
      )}
      {dialog === 'edit' && <TeamDialog team={team} onClose={close} onDone={close} />}
      <ConfirmDialog
        opened={dialog === 'delete'}
        onClose={close}
        title={text.deleting.team(name)}
        confirm={commonText.delete}
        act={() => deleteObject('teams', { name }, team.metadata.uid)}
        onDone={() => {
          onGone();
          readListsAgain(queryClient);
        }}
        typeName={name}
        command={deleteCommand('teams', name)}
        danger
      >
        {text.deleting.teamWhy}
      </ConfirmDialog>
    </>
  );
}
