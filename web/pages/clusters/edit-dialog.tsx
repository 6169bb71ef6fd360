import { NumberInput, Switch, Textarea, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Cluster } from '../../../contracts/resources/cluster.ts';
import { FormDialog } from '../../components/form-dialog.tsx';
import { patchCommand } from '../../components/kubectl-commands.ts';
import { patchObject } from '../../server/management.ts';
import { objectQuery } from '../../server/objects.ts';
import { clustersText } from '../../text/clusters.ts';
import { commonText } from '../../text/common.ts';
import { formsText } from '../../text/forms.ts';

const text = clustersText.edit;

/** Changes what people call a connected cluster, and what is placed there. */
export function EditDialog({
  cluster: { metadata, spec },
  onClose,
}: {
  cluster: Cluster;
  onClose: () => void;
}) {
  const { name } = metadata;
  const queryClient = useQueryClient();
  const [displayName, setDisplayName] = useState(spec.displayName ?? '');
  const [description, setDescription] = useState(spec.description ?? '');
  const [unusable, setUnusable] = useState(spec.unusable === true);
  const [most, setMost] = useState<number | string>(spec.maxInstances ?? '');
  const patch = {
    spec: {
      displayName: displayName.trim() || null,
      description: description.trim() || null,
      unusable: unusable || null,
      maxInstances: most === '' ? null : Number(most),
    },
  };
  return (
    <FormDialog
      title={text.title(name)}
      onClose={onClose}
      submit={commonText.save}
      act={() => patchObject('clusters', { name }, patch)}
      onDone={(cluster) => queryClient.setQueryData(objectQuery('clusters', { name }).queryKey, cluster)}
      command={patchCommand('clusters', name, patch)}
      commandTitle={formsText.withKubectl}
    >
      {(errorOf) => (
        <>
          <TextInput
            label={text.displayName}
            value={displayName}
            onChange={({ currentTarget }) => setDisplayName(currentTarget.value)}
            error={errorOf('spec.displayName')}
            data-autofocus
          />
          <Textarea
            label={text.description}
            value={description}
            onChange={({ currentTarget }) => setDescription(currentTarget.value)}
            error={errorOf('spec.description')}
            autosize
            minRows={2}
          />
          <NumberInput
            label={text.maxInstances}
            description={text.maxInstancesWhy}
            value={most}
            onChange={setMost}
            min={0}
            allowDecimal={false}
            allowNegative={false}
            error={errorOf('spec.maxInstances')}
          />
          <Switch
            label={text.unusable}
            description={text.unusableWhy}
            checked={unusable}
            onChange={({ currentTarget }) => setUnusable(currentTarget.checked)}
          />
        </>
      )}
    </FormDialog>
  );
}
