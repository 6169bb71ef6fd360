import { Autocomplete, Radio, Group, Text } from '@mantine/core';
import { useState } from 'react';
import { kindNames } from '../../../../contracts/kinds.ts';
import { commonText } from '../../../text/common.ts';
import { patchObject } from '../../../server/management.ts';
import { accessText as text } from '../../../text/instance-access.ts';
import { FormDialog } from '../../../components/form-dialog.tsx';
import { patchCommand } from '../commands.ts';
import type { InstanceView } from '../instance-view.ts';
import { ownerOf } from './grants.ts';
import { useAccountNames } from './subject-fields.tsx';

/** Gives an instance to another user or team. */
export function OwnerDialog({
  target,
  instance,
  onClose,
  onDone,
}: InstanceView & { onClose: () => void; onDone: () => void }) {
  const present = ownerOf(instance.spec?.owner);
  const [kind, setKind] = useState(present?.kind ?? 'user');
  const [name, setName] = useState(present?.name ?? '');
  const names = useAccountNames();
  const owner = kind === 'user' ? { user: name.trim(), team: null } : { user: null, team: name.trim() };
  const patch = { spec: { owner } };
  return (
    <FormDialog
      onClose={onClose}
      onDone={onDone}
      title={text.ownerDialog(target.name)}
      submit={commonText.save}
      isReady={name.trim() !== ''}
      command={patchCommand(target, patch)}
      act={() => patchObject(kindNames[target.kind].plural, target, patch)}
    >
      {(errorOf) => (
        <>
          <Text size="sm">{text.ownerWhy}</Text>
          <Radio.Group
            label={text.ownerIs}
            value={kind}
            onChange={(value) => setKind(value as 'user' | 'team')}
          >
            <Group mt={6}>
              <Radio value="user" label={text.aUser} />
              <Radio value="team" label={text.aTeam} />
            </Group>
          </Radio.Group>
          <Autocomplete
            label={commonText.name}
            data={kind === 'user' ? names.users : names.teams}
            value={name}
            onChange={setName}
            error={errorOf('spec.owner') ?? errorOf(`spec.owner.${kind}`)}
            openOnFocus={false}
          />
        </>
      )}
    </FormDialog>
  );
}
