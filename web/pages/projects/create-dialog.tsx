import { Textarea, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { FormDialog } from '../../components/form-dialog.tsx';
import { createCommand } from '../../components/kubectl-commands.ts';
import { createObject } from '../../server/management.ts';
import { objectQuery } from '../../server/objects.ts';
import { commonText } from '../../text/common.ts';
import { formsText } from '../../text/forms.ts';
import { projectsText as text } from '../../text/projects.ts';

const isName = /^[a-z0-9]([-a-z0-9]{0,52}[a-z0-9])?$/;

/** Makes a project, and leads to its page, where members are added. */
export function CreateDialog({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const [name, setName] = useState('');
  const [displayName, setDisplayName] = useState('');
  const [description, setDescription] = useState('');
  const isValid = isName.test(name);
  const object = {
    metadata: { name },
    spec: {
      ...(displayName.trim() === '' ? {} : { displayName: displayName.trim() }),
      ...(description.trim() === '' ? {} : { description: description.trim() }),
    },
  };
  return (
    <FormDialog
      title={text.createTitle}
      onClose={onClose}
      submit={commonText.create}
      act={() => createObject('projects', object)}
      onDone={(project) => {
        queryClient.setQueryData(objectQuery('projects', { name }).queryKey, project);
        void queryClient.invalidateQueries({ queryKey: ['objects', 'projects'] });
        void navigate({ to: '/projects/$project', params: { project: name } });
      }}
      isReady={isValid}
      command={isValid ? createCommand('projects', object) : undefined}
      commandTitle={formsText.withKubectl}
    >
      {(errorOf) => (
        <>
          <TextInput
            label={text.name}
            description={text.nameWhy}
            value={name}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
            error={(name !== '' && !isValid && text.nameWrong) || errorOf('metadata.name')}
            autoComplete="off"
            spellCheck={false}
            required
            data-autofocus
          />
          <TextInput
            label={text.displayName}
            value={displayName}
            onChange={({ currentTarget }) => setDisplayName(currentTarget.value)}
            error={errorOf('spec.displayName')}
          />
          <Textarea
            label={text.description}
            value={description}
            onChange={({ currentTarget }) => setDescription(currentTarget.value)}
            error={errorOf('spec.description')}
            autosize
            minRows={2}
          />
        </>
      )}
    </FormDialog>
  );
}
