import { join } from 'node:path';
import { ApiextensionsV1Api } from '@kubernetes/client-node';
import type { ClusterClient } from '../../../adapters/kubernetes/client.ts';
import { managementGroup, passwordNamespace, platformNamespace } from '../../../contracts/names.ts';
import { resourceKinds } from '../../../contracts/resources/resource-kinds.ts';
import { waitUntil } from '../wait-until.ts';
import { applyManifests, applyObject, readManifests } from './apply-manifests.ts';

const deployDir = join(import.meta.dirname, '..', '..');

/** Custom resource definitions, roles and admission policies of the management API, and the platform's namespace. */
export async function applyManagementResources(client: ClusterClient): Promise<void> {
  for (const name of [platformNamespace, passwordNamespace])
    await applyObject(client, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  await applyManifests(client, readManifests(join(deployDir, 'crds'), join(deployDir, 'management')));
  await waitUntil('the custom resources', () => areEstablished(client), {
    timeoutMs: 30_000,
    intervalMs: 20,
  });
}

async function areEstablished({ kubeConfig }: ClusterClient): Promise<boolean> {
  const api = kubeConfig.makeApiClient(ApiextensionsV1Api);
  const { items } = await api.listCustomResourceDefinition();
  const established = items
    .filter(({ status }) =>
      status?.conditions?.some(({ type, status: value }) => type === 'Established' && value === 'True'),
    )
    .map(({ metadata }) => metadata?.name);
  return Object.keys(resourceKinds).every((plural) => established.includes(`${plural}.${managementGroup}`));
}
