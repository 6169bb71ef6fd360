import { join } from 'node:path';
import { readManifests } from '../../adapters/kubernetes/manifests.ts';
import { identities, platformNamespace } from '../../contracts/names.ts';
import { applyManifests, applyObject } from '../../local/bootstrap/apply-manifests.ts';
import type { TestManagementApi } from '../support/management-api.ts';

/** Makes the API server of a test that of connected cluster `west` too, behind an agent: its roles, and what gateways sign in with. */
export async function connectWest({
  admin,
  server,
}: Pick<TestManagementApi, 'admin' | 'server'>): Promise<void> {
  const roles = join(import.meta.dirname, '../../deploy/charts/vcluster-platform/agent');
  await applyManifests(admin, readManifests(roles));
  const kubeconfig = (await server.kubeconfig(identities.gateway)).replace(
    /server: .*/,
    'server: https://kubernetes.west.connected\n      tls-server-name: kubernetes',
  );
  await applyObject(admin, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'cluster-west-gateway', namespace: platformNamespace },
    data: { config: Buffer.from(kubeconfig).toString('base64') },
  } as never);
  // Made by the controllers on a running platform.
  await applyObject(admin, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: 'vcluster-platform:cluster-credentials-gateway', namespace: platformNamespace },
    rules: [
      { apiGroups: [''], resources: ['secrets'], verbs: ['get'], resourceNames: ['cluster-west-gateway'] },
    ],
  } as never);
}
