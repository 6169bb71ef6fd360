import { Checkbox, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { OperationRequest } from '../../../contracts/operations.ts';
import type { Cluster } from '../../../contracts/resources/cluster.ts';
import { FormDialog } from '../../components/form-dialog.tsx';
import { OperationPreview } from '../../components/operation-preview.tsx';
import { clusterPreviewQuery, submitClusterOperation } from '../../server/clusters.ts';
import { clustersText } from '../../text/clusters.ts';
import { commonText } from '../../text/common.ts';

const text = clustersText.disconnect;

/** Disconnects a cluster once its name is typed, and leads to the operation. */
export function DisconnectDialog({ cluster, onClose }: { cluster: Cluster; onClose: () => void }) {
  const { name } = cluster.metadata;
  const navigate = useNavigate();
  const [deleteTenants, setDeleteTenants] = useState(false);
  const [force, setForce] = useState(false);
  const [typed, setTyped] = useState('');
  const request: OperationRequest = {
    type: 'disconnect',
    parameters: { ...(deleteTenants && { deleteTenants }), ...(force && { force }) },
  };
  const preview = useQuery({ ...clusterPreviewQuery(name, request), retry: false });
  return (
    <FormDialog
      title={text.title(name)}
      onClose={onClose}
      submit={text.confirm}
      act={() => submitClusterOperation(name, request)}
      onDone={({ id }) => void navigate({ to: '/operations/$id', params: { id } })}
      isReady={typed === name}
      command={`vcp disconnect cluster ${name}${deleteTenants ? ' --delete-tenants' : ''}${force ? ' --force' : ''}`}
      danger
      size="lg"
    >
      {() => (
        <>
          <Text size="sm">{text.why}</Text>
          <Checkbox
            label={text.deleteTenants}
            description={text.deleteTenantsWhy(cluster.status?.tenants ?? 0)}
            checked={deleteTenants}
            onChange={({ currentTarget }) => setDeleteTenants(currentTarget.checked)}
          />
          <Checkbox
            label={text.force}
            description={text.forceWhy}
            checked={force}
            onChange={({ currentTarget }) => setForce(currentTarget.checked)}
          />
          <OperationPreview query={preview} showsSteps />
          <TextInput
            label={commonText.typeName(name)}
            value={typed}
            onChange={({ currentTarget }) => setTyped(currentTarget.value)}
            autoComplete="off"
            spellCheck={false}
          />
        </>
      )}
    </FormDialog>
  );
}
