import { join } from 'node:path';
import { ApiextensionsV1Api } from '@kubernetes/client-node';
import type { ClusterClient } from '../../adapters/kubernetes/client.ts';
import { requestJson } from '../../adapters/kubernetes/request.ts';
import {
  managementApiVersion,
  managementGroup,
  passwordNamespace,
  platformNamespace,
} from '../../contracts/names.ts';
import { resourceKinds } from '../../contracts/resources/resource-kinds.ts';
import { waitUntil } from '../wait-until.ts';
import { applyManifests, applyObject, readManifests } from './apply-manifests.ts';

const deployDir = join(import.meta.dirname, '..', '..', 'deploy');

/** Custom resource definitions, roles and admission policies of the management API, and the platform's namespace. */
export async function applyManagementResources(client: ClusterClient): Promise<void> {
  for (const name of [platformNamespace, passwordNamespace])
    await applyObject(client, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  await applyKindsThenPolicies(client);
}

/**
 * Custom resource definitions, and once they are served what refers to them: an API server that compiles an admission
 * policy before it has found the policy's kind looks for it again half a minute later, and refuses everything till then.
 */
export async function applyKindsThenPolicies(client: ClusterClient): Promise<void> {
  await applyManifests(client, readManifests(join(deployDir, 'crds')));
  const areServed = async () => (await areEstablished(client)) && (await areDiscovered(client));
  await waitUntil('the custom resources', areServed, { timeoutMs: 30_000, intervalMs: 20 });
  await applyManifests(client, readManifests(join(deployDir, 'management')));
}

/** In the document that clients and the API server's own admission find kinds by. */
async function areDiscovered({ kubeConfig }: ClusterClient): Promise<boolean> {
  const document = (await requestJson(kubeConfig, {
    method: 'GET',
    path: `/apis/${managementApiVersion}`,
  })) as { resources?: { name: string }[] };
  const names = document.resources?.map(({ name }) => name) ?? [];
  return Object.keys(resourceKinds).every((plural) => names.includes(plural));
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
