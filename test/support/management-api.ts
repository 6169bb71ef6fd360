import { type ClusterClient, connectCluster } from '../../adapters/kubernetes/client.ts';
import { requestJson } from '../../adapters/kubernetes/request.ts';
import { type ManagementResources, managementResources } from '../../adapters/kubernetes/resources.ts';
import { managementApiVersion } from '../../contracts/names.ts';
import type { ProjectSpec } from '../../contracts/resources/project.ts';
import { applyObject } from '../../local/bootstrap/apply-manifests.ts';
import { applyKindsThenPolicies } from '../../local/bootstrap/management-resources.ts';
import { projectNamespaceObject } from '../../domain/projects/project-namespace.ts';
import { startApiServer, type TestApiServer, type TestApiServerOptions } from './api-server.ts';
import { eventually } from './eventually.ts';

export interface TestManagementApi {
  readonly server: TestApiServer;
  /** A member of `system:masters`. */
  readonly admin: ClusterClient;
  readonly resources: ManagementResources;
  /** Clients of somebody else, by a client certificate. */
  as(user: string, groups?: string[]): Promise<ClusterClient>;
  stop(): Promise<void>;
}

/** A new API server with our custom resources, roles and admission policies, and the policies in force. */
export async function startManagementApi(options: TestApiServerOptions = {}): Promise<TestManagementApi> {
  const server = await startApiServer(options);
  try {
    const admin = connectCluster(server.adminKubeconfig);
    const resources = managementResources(admin);
    await applyKindsThenPolicies(admin);
    await policiesInForce(admin, resources);
    return {
      server,
      admin,
      resources,
      as: async (user, groups) => connectCluster(await server.kubeconfig(user, groups)),
      stop: server.stop,
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** What allows everything and needs no template. */
const openProject: ProjectSpec = { requireTemplate: { disabled: true } };

/** Namespace `p-<project>` as the controllers of a running platform keep it. */
export function applyProjectNamespace(
  admin: ClusterClient,
  project: string,
  spec: ProjectSpec = openProject,
): Promise<void> {
  return applyObject(admin, projectNamespaceObject({ metadata: { name: project }, spec }));
}

/** Writes what a policy of `deploy/management` refuses, as if it had been stored before the policy. */
export async function writeDespitePolicy(
  admin: ClusterClient,
  policy: string,
  write: () => Promise<unknown>,
): Promise<void> {
  const act = (validationActions: string[]) =>
    requestJson(admin.kubeConfig, {
      method: 'PATCH',
      path: `/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/${policy}`,
      contentType: 'application/merge-patch+json',
      body: { spec: { validationActions } },
    });
  await act(['Warn']);
  await eventually('the policy only warns', () => write().then(() => true));
  await act(['Deny']);
}

/** Admission policies are compiled in the background: each answers once it is. */
async function policiesInForce(admin: ClusterClient, resources: ManagementResources): Promise<void> {
  await applyProjectNamespace(admin, 'policy-probe');
  const probe = { metadata: { name: 'probe', namespace: 'p-policy-probe' }, spec: {} };
  await eventually('changed-by is stamped', async () => {
    const made = await resources.virtualclusterinstances.create(probe);
    await resources.virtualclusterinstances.delete(probe.metadata);
    return made.metadata.annotations?.['vcluster-platform.io/changed-by'] !== undefined;
  });
  await eventually('instances are validated', () => {
    const wrong = { ...probe, metadata: { name: 'probe', namespace: 'default' } };
    return resources.virtualclusterinstances.create(wrong).then(
      () => resources.virtualclusterinstances.delete(wrong.metadata).then(() => false),
      () => true,
    );
  });
  // Policies that change a kind refuse all until the server has learnt it.
  const user = { apiVersion: managementApiVersion, kind: 'User', metadata: { name: 'probe' }, spec: {} };
  const path = `/apis/${managementApiVersion}/users?dryRun=All`;
  await eventually('users are changed', () =>
    requestJson(admin.kubeConfig, { method: 'POST', path, body: user }),
  );
  const key = { metadata: { name: 'probe' }, spec: { user: 'probe', keyHash: '0'.repeat(64) } };
  await eventually('access keys are counted', () => resources.accesskeys.create(key));
  await resources.accesskeys.delete(key.metadata);
}
