import { Checkbox, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { kindNames } from '../../../../contracts/kinds.ts';
import type { ManagedInstance } from '../../../../contracts/resources/resource-kinds.ts';
import { changeObject } from '../../../server/change-object.ts';
import { accessText as text } from '../../../text/instance-access.ts';
import { FormDialog } from '../../../components/form-dialog.tsx';
import { patchCommand } from '../commands.ts';
import type { InstanceView } from '../instance-view.ts';
import { withRights } from './access-changes.ts';
import { SubjectFields } from './subject-fields.tsx';

/** Gives users and teams rights to the resource itself. */
export function RightsDialog({
  target,
  instance,
  onClose,
  onDone,
}: InstanceView & { onClose: () => void; onDone: () => void }) {
  const [named, setNamed] = useState({ users: [] as string[], teams: [] as string[] });
  const [verbs, setVerbs] = useState(['get', 'use']);
  const patchOf = ({ spec = {} }: ManagedInstance) => ({ spec: withRights(spec, named, verbs) });
  return (
    <FormDialog
      onClose={onClose}
      onDone={onDone}
      title={text.grantTitle(target.name)}
      submit={text.grant}
      isReady={named.users.length + named.teams.length > 0 && verbs.length > 0}
      command={patchCommand(target, patchOf(instance))}
      act={() => changeObject(kindNames[target.kind].plural, target, patchOf)}
    >
      {() => (
        <>
          <Text size="sm">{text.grantWhy}</Text>
          <SubjectFields value={named} onChange={setNamed} />
          <Checkbox.Group label={text.verbs} value={verbs} onChange={setVerbs}>
            <Stack gap={6} mt={6}>
              {Object.entries(text.verbNames).map(([verb, words]) => (
                <Checkbox key={verb} value={verb} label={words} />
              ))}
            </Stack>
          </Checkbox.Group>
        </>
      )}
    </FormDialog>
  );
}
