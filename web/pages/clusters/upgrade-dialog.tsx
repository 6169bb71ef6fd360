import { Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { OperationRequest } from '../../../contracts/operations.ts';
import { FormDialog } from '../../components/form-dialog.tsx';
import { shellWord } from '../../components/shell-word.ts';
import { OperationPreview } from '../../components/operation-preview.tsx';
import { clusterPreviewQuery, submitClusterOperation } from '../../server/clusters.ts';
import { clustersText } from '../../text/clusters.ts';

const text = clustersText.upgrade;

/** Upgrades the agent of a connected cluster, and leads to the operation. */
export function UpgradeDialog({ name, onClose }: { name: string; onClose: () => void }) {
  const navigate = useNavigate();
  const [image, setImage] = useState('');
  const request = requestOf(image);
  const [settled] = useDebouncedValue(image, 300);
  const preview = useQuery(clusterPreviewQuery(name, requestOf(settled)));
  return (
    <FormDialog
      title={text.title(name)}
      onClose={onClose}
      submit={text.confirm}
      act={() => submitClusterOperation(name, request)}
      onDone={({ id }) => void navigate({ to: '/operations/$id', params: { id } })}
      command={`vcp upgrade cluster ${name}${image.trim() === '' ? '' : ` --image ${shellWord(image.trim())}`}`}
      size="lg"
    >
      {() => (
        <>
          <Text size="sm">{text.why}</Text>
          <TextInput
            label={text.image}
            description={text.imageWhy}
            value={image}
            onChange={({ currentTarget }) => setImage(currentTarget.value)}
            autoComplete="off"
            spellCheck={false}
            data-autofocus
          />
          <OperationPreview query={preview} showsSteps />
        </>
      )}
    </FormDialog>
  );
}

function requestOf(image: string): OperationRequest {
  return { type: 'upgrade', parameters: image.trim() === '' ? {} : { image: image.trim() } };
}
