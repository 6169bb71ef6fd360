import { join } from 'node:path';
import type { ClusterClient } from '../../adapters/kubernetes/client.ts';
import { requestJson } from '../../adapters/kubernetes/request.ts';
import { managementApiVersion, passwordNamespace, platformNamespace } from '../../contracts/names.ts';
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
  await applyKinds(client);
  await applyManifests(client, readManifests(join(deployDir, 'management')));
}

/** Custom resource definitions; they are served when this resolves. */
export async function applyKinds(client: ClusterClient): Promise<void> {
  await applyManifests(client, readManifests(join(deployDir, 'crds')));
  await waitUntil('the custom resources', () => areDiscovered(client), { intervalMs: 20 });
}

/** In the document that clients and the API server's own admission find kinds by; only established ones are. */
async function areDiscovered({ kubeConfig }: ClusterClient): Promise<boolean> {
  const document = (await requestJson(kubeConfig, {
    method: 'GET',
    path: `/apis/${managementApiVersion}`,
  })) as { resources?: { name: string }[] };
  const names = document.resources?.map(({ name }) => name) ?? [];
  return Object.keys(resourceKinds).every((plural) => names.includes(plural));
}
