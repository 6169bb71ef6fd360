import { join } from 'node:path';
import type { ClusterClient } from '../../adapters/kubernetes/client.ts';
import { requestJson } from '../../adapters/kubernetes/request.ts';
import {
  annotations,
  managementApiVersion,
  passwordNamespace,
  platformNamespace,
  projectNamespace,
} from '../../contracts/names.ts';
import { resourceKinds } from '../../contracts/resources/resource-kinds.ts';
import { waitUntil } from '../wait-until.ts';
import { readManifests } from '../../adapters/kubernetes/manifests.ts';
import { applyManifests, applyObject } from './apply-manifests.ts';

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

/**
 * Waits until a new tenant cluster would be stamped with who made it. For a second or so after they are first
 * applied, admission policies are not in force, or refuse everything because they do not know the kind yet.
 * Needs the namespace of project `default`, which the controllers make.
 */
export async function waitForAdmission({ kubeConfig }: ClusterClient): Promise<void> {
  const namespace = projectNamespace('default');
  const probe = {
    apiVersion: managementApiVersion,
    kind: 'VirtualClusterInstance',
    metadata: { name: 'admission-probe', namespace },
    spec: { owner: { user: 'admin' } },
  };
  const path = `/apis/${managementApiVersion}/namespaces/${namespace}/virtualclusterinstances?dryRun=All`;
  const isStamped = async (): Promise<boolean> => {
    const made = (await requestJson(kubeConfig, { method: 'POST', path, body: probe })) as {
      metadata: { annotations?: Record<string, string> };
    };
    return made.metadata.annotations?.[annotations.changedBy] !== undefined;
  };
  await waitUntil('the admission policies', isStamped, { timeoutMs: 60_000, intervalMs: 50 });
  const key = {
    apiVersion: managementApiVersion,
    kind: 'AccessKey',
    metadata: { name: 'admission-probe' },
    spec: { user: 'admission-probe', keyHash: '0'.repeat(64) },
  };
  const keys = `/apis/${managementApiVersion}/accesskeys?dryRun=All`;
  const acceptsKeys = () =>
    requestJson(kubeConfig, { method: 'POST', path: keys, body: key }).then(() => true);
  await waitUntil('the admission of access keys', acceptsKeys, { timeoutMs: 60_000, intervalMs: 50 });
}
