import { Autocomplete, Text } from '@mantine/core';
import { useState } from 'react';
import { kindNames, type ManagedKind } from '../../../../contracts/kinds.ts';
import { bindableSpaceRoles, spaceAdminRole } from '../../../../contracts/names.ts';
import { changeObject } from '../../../server/change-object.ts';
import { accessText as text } from '../../../text/instance-access.ts';
import { FormDialog } from '../../../components/form-dialog.tsx';
import { vcpCommand } from '../commands.ts';
import type { InstanceView } from '../instance-view.ts';
import { withRole } from './access-changes.ts';
import { SubjectFields } from './subject-fields.tsx';

/** As `vcp share` has them. */
const roles: Readonly<Record<ManagedKind, { byDefault: string; all: readonly string[] }>> = {
  tenant: { byDefault: 'cluster-admin', all: ['cluster-admin', 'admin', 'edit', 'view'] },
  space: { byDefault: spaceAdminRole, all: bindableSpaceRoles },
};

/** Lets users and teams use an instance, with a role inside of it. */
export function ShareDialog({
  target,
  onClose,
  onDone,
}: Pick<InstanceView, 'target'> & { onClose: () => void; onDone: () => void }) {
  const { kind, name } = target;
  const [named, setNamed] = useState({ users: [] as string[], teams: [] as string[] });
  const [role, setRole] = useState(roles[kind].byDefault);
  const options = [
    ...named.users.flatMap((user) => ['--user', user]),
    ...named.teams.flatMap((team) => ['--team', team]),
    ...(role === '' || role === roles[kind].byDefault ? [] : ['--role', role]),
  ];
  const isReady = named.users.length + named.teams.length > 0 && role.trim() !== '';
  return (
    <FormDialog
      onClose={onClose}
      onDone={onDone}
      title={text.shareTitle(name)}
      submit={text.share}
      isReady={isReady}
      command={vcpCommand('share', target, ...options)}
      act={() =>
        changeObject(kindNames[kind].plural, target, ({ spec = {} }) => ({
          spec: withRole(spec, named, role.trim()),
        }))
      }
    >
      {() => (
        <>
          <Text size="sm">{text.shareWhy[kind]}</Text>
          <SubjectFields value={named} onChange={setNamed} />
          <Autocomplete
            label={text.role}
            description={text.roleHint}
            data={[...roles[kind].all]}
            value={role}
            onChange={setRole}
          />
        </>
      )}
    </FormDialog>
  );
}
