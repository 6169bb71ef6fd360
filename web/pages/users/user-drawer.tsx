import { Button } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { User } from '../../../contracts/resources/user.ts';
import { Age } from '../../components/age.tsx';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { Facts } from '../../components/facts.tsx';
import { deleteCommand, patchCommand } from '../../components/kubectl-commands.ts';
import { ButtonLink } from '../../components/links.tsx';
import { deleteObject, patchObject } from '../../server/management.ts';
import { objectQuery } from '../../server/objects.ts';
import { mayQuery, selfQuery } from '../../server/permissions.ts';
import { commonText } from '../../text/common.ts';
import { usersText as text } from '../../text/users.ts';
import { AccountDrawer } from './account-drawer.tsx';
import { rolesText } from './cells.tsx';
import { PasswordDialog } from './password-dialog.tsx';
import { readAgain, readListsAgain } from './read-again.ts';
import { UserDialog } from './user-dialog.tsx';
import { loginText, UserState } from './users-table.tsx';

/** A user over the list. */
export function UserDrawer({ name, onClose }: { name: string; onClose: () => void }) {
  const user = useQuery(objectQuery('users', { name }));
  return (
    <AccountDrawer
      plural="users"
      name={name}
      query={user}
      onClose={onClose}
      actions={(found) => <UserActions user={found} onGone={onClose} />}
    >
      {(found) => <UserFacts user={found} />}
    </AccountDrawer>
  );
}

function UserFacts({ user }: { user: User }) {
  const { metadata, spec, status } = user;
  return (
    <Facts
      facts={[
        [text.columns.state, <UserState key="state" user={user} />],
        [text.displayName, spec?.displayName],
        [text.description, spec?.description],
        [text.email, spec?.email],
        [text.columns.login, loginText(user)],
        [text.columns.roles, rolesText(spec?.clusterRoles)],
        [text.columns.teams, status?.teams?.join(', ')],
        [text.groups, [...(spec?.groups ?? []), ...(spec?.ssoGroups ?? [])].join(', ')],
        [text.subject, spec?.subject],
        [text.columns.keys, status?.accessKeys && text.keysOf(status.accessKeys)],
        [commonText.age, <Age key="age" at={metadata.creationTimestamp} />],
      ]}
    />
  );
}

type DialogName = 'edit' | 'password' | 'disable' | 'delete';

/** What the caller may do with a user. Nobody locks themselves out; one's own password is changed with the present one, on one's own page. */
function useMay(name: string) {
  const self = useQuery(selfQuery).data?.user?.name;
  const update = useQuery(mayQuery({ verb: 'update', resource: 'users', name })).data === true;
  const remove = useQuery(mayQuery({ verb: 'delete', resource: 'users', name })).data === true;
  const isOther = self !== name;
  return { mayEdit: update, mayBlock: update && isOther, mayDelete: remove && isOther };
}

function UserActions({ user, onGone }: { user: User; onGone: () => void }) {
  const { name } = user.metadata;
  const queryClient = useQueryClient();
  const { mayEdit, mayBlock, mayDelete } = useMay(name);
  const [dialog, setDialog] = useState<DialogName>();
  const close = () => setDialog(undefined);
  const again = () => readAgain(queryClient, 'users', name);
  const isDisabled = user.spec?.disabled === true;
  const toggled = { spec: { disabled: isDisabled ? null : true } };
  const toggle = isDisabled ? text.actions.enable : text.actions.disable;
  return (
    <>
      {mayEdit && (
        <Button variant="default" size="xs" onClick={() => setDialog('edit')}>
          {commonText.edit}
        </Button>
      )}
      {mayBlock && (
        <>
          <Button variant="default" size="xs" onClick={() => setDialog('password')}>
            {text.actions.setPassword}
          </Button>
          <Button variant="default" size="xs" onClick={() => setDialog('disable')}>
            {toggle}
          </Button>
        </>
      )}
      {mayDelete && (
        <Button variant="default" c="var(--vcp-failed)" size="xs" onClick={() => setDialog('delete')}>
          {commonText.delete}
        </Button>
      )}
      <ButtonLink variant="subtle" size="xs" to="/audit" search={{ user: user.spec?.subject || name }}>
        {text.actions.audit}
      </ButtonLink>
      {dialog === 'edit' && <UserDialog user={user} onClose={close} onDone={close} />}
      {dialog === 'password' && <PasswordDialog name={name} onClose={close} onDone={again} />}
      <ConfirmDialog
        opened={dialog === 'disable'}
        onClose={close}
        title={isDisabled ? `${toggle} ${name}` : text.disabling.title(name)}
        confirm={toggle}
        act={() => patchObject('users', { name }, toggled)}
        onDone={again}
        command={patchCommand('users', name, toggled)}
        danger={!isDisabled}
      >
        {isDisabled ? '' : text.disabling.why}
      </ConfirmDialog>
      <ConfirmDialog
        opened={dialog === 'delete'}
        onClose={close}
        title={text.deleting.user(name)}
        confirm={commonText.delete}
        act={() => deleteObject('users', { name }, user.metadata.uid)}
        onDone={() => {
          onGone();
          readListsAgain(queryClient);
        }}
        typeName={name}
        command={deleteCommand('users', name)}
        danger
      >
        {text.deleting.userWhy}
      </ConfirmDialog>
    </>
  );
}
