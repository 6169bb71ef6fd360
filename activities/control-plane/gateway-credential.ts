import { loadCertificateAuthority } from '../../adapters/certificates/certificate-authority.ts';
import { renderKubeconfig, tenantServer } from '../../adapters/certificates/kubeconfig.ts';
import { tenantChartOf } from '../../adapters/helm/template-of-tenant.ts';
import type { TenantHost } from '../../adapters/host-namespaces.ts';
import { listFollowed, noteApplied, readApplied } from '../../adapters/applied-objects.ts';
import type { ClusterClient } from '../../adapters/kubernetes/client.ts';
import { callKubernetes, orUndefined, statusOf, unlessConflict } from '../../adapters/kubernetes/failures.ts';
import { appliedState } from '../../adapters/kubernetes/field-owners.ts';
import { rbacManifest, type RbacObject, rbacPath } from '../../adapters/kubernetes/rbac-objects.ts';
import { requestJson } from '../../adapters/kubernetes/request.ts';
import { replaceRbac } from '../../adapters/kubernetes/sync-rbac.ts';
import type { ManagementResources } from '../../adapters/kubernetes/resources.ts';
import { PlatformError } from '../../contracts/errors.ts';
import type { TenantRef } from '../../contracts/instance-ref.ts';
import { annotations, fieldManagers, identities, labels, tenantObjects } from '../../contracts/names.ts';
import type { TenantDeps } from '../dependencies.ts';

const roleName = tenantObjects.gatewayRole;

export function createGatewayCredentialActivities({
  hosts,
  resources,
}: Pick<TenantDeps, 'hosts' | 'resources'>) {
  return {
    /**
     * Mints the gateway's own credential for the tenant cluster (Secret `vc-<name>-gateway`: a client certificate
     * signed by the tenant's authority) and lets the gateway's dialer read that one Secret and the control plane's log: see
     * {@link applyGatewayAccess}. It goes with the host namespace.
     * @throws PlatformError `not_found` before the keys were made, what HostNamespaces.prove throws, `forbidden`
     */
    async applyGatewayCredential({ tenant }: { tenant: TenantRef }): Promise<void> {
      await applyGatewayAccess(await hosts.prove(tenant), resources);
    },
  };
}

/**
 * Makes Secret, Role and RoleBinding of the gateway, and again what somebody has changed of them; then notes on the host namespace how
 * they are. Idempotent by tenant: a Secret that nobody changed stays.
 * @throws PlatformError `not_found` before the keys were made, `cluster_unreachable`, `forbidden`
 */
async function applyGatewayAccess(host: TenantHost, resources: ManagementResources): Promise<void> {
  const { owner: tenant } = host;
  const secret = { kind: 'Secret', metadata: { name: tenantObjects.gatewaySecret(tenant.name) } };
  await deleteChanged(host, secret.metadata.name);
  await Promise.all([applySecret(host, resources), applyReadRole(host)]);
  const metadata = { name: roleName };
  await noteApplied(host, annotations.appliedAccess, [
    secret,
    { kind: 'Role', metadata },
    { kind: 'RoleBinding', metadata },
  ]);
}

/** The same for a tenant cluster that was there before; without keys, there is nothing to give access to. @throws as {@link applyGatewayAccess} */
export async function putBackGatewayAccess(host: TenantHost, resources: ManagementResources): Promise<void> {
  await applyGatewayAccess(host, resources).catch((error: unknown) => {
    if (!(error instanceof PlatformError) || error.code !== 'not_found') throw error;
  });
}

/** A Secret that is not as it was made: what was in it is known nowhere else, so that a new one is made. */
async function deleteChanged(host: TenantHost, name: string): Promise<void> {
  const { client, owner, name: namespace } = host;
  const noted = readApplied(host.namespace.metadata?.annotations).find(
    (one) => one.kind === 'Secret' && one.name === name,
  );
  if (noted === undefined) return;
  await callKubernetes(`deleting Secret ${name}`, async () => {
    const present = await listFollowed(client.kubeConfig, 'Secret', namespace, owner.uid);
    if (appliedState(present.get(name)?.metadata.managedFields) === noted.state) return;
    await orUndefined(client.core.deleteNamespacedSecret({ namespace, name }));
  });
}

async function applySecret(host: TenantHost, resources: ManagementResources): Promise<void> {
  const { client, owner: tenant, name: namespace } = host;
  const name = tenantObjects.gatewaySecret(tenant.name);
  const present = await callKubernetes(
    `reading Secret ${name}`,
    orUndefined(client.core.readNamespacedSecret({ namespace, name })),
  );
  if (present) return;
  const chart = await tenantChartOf(resources, tenant);
  const config = await mintKubeconfig(host, chart.keysSecret(tenant.name));
  const body = { metadata: { name, labels: ownLabels(tenant) }, type: 'Opaque', stringData: { config } };
  const creation = client.core.createNamespacedSecret({ namespace, body });
  await callKubernetes(`creating Secret ${name}`, unlessConflict(creation));
}

async function mintKubeconfig(
  { client, owner: tenant, name: namespace }: TenantHost,
  name: string,
): Promise<string> {
  const pki = await callKubernetes(
    `reading Secret ${name}`,
    orUndefined(client.core.readNamespacedSecret({ namespace, name })),
  );
  const certificate = decode(pki?.data?.['ca.crt']);
  const key = decode(pki?.data?.['ca.key']);
  if (certificate === undefined || key === undefined)
    throw new PlatformError('not_found', `Secret ${name} does not have a certificate authority`);
  const authority = await loadCertificateAuthority({ certificate, key });
  return renderKubeconfig({
    ...tenantServer(tenant),
    certificateAuthority: certificate,
    client: await authority.issue({ commonName: identities.gateway, usages: ['client'] }),
  });
}

async function applyReadRole({ client, owner: tenant, name: namespace }: TenantHost): Promise<void> {
  const of = { namespace, name: roleName };
  const role: RbacObject = {
    ...of,
    kind: 'Role',
    rules: [
      {
        apiGroups: [''],
        resources: ['secrets'],
        verbs: ['get'],
        resourceNames: [tenantObjects.gatewaySecret(tenant.name)],
      },
      {
        apiGroups: [''],
        resources: ['pods/log'],
        verbs: ['get'],
        resourceNames: [tenantObjects.firstPod(tenant.name)],
      },
    ],
  };
  const binding: RbacObject = {
    ...of,
    kind: 'RoleBinding',
    role: { kind: 'Role', name: roleName },
    subjects: [{ kind: 'User', name: identities.gatewayDialer }],
  };
  await Promise.all([role, binding].map((object) => applyGrant(client, tenant, object)));
}

/** Where the agent's chart is of an earlier version, the worker may only create them. */
async function applyGrant(
  { kubeConfig }: ClusterClient,
  tenant: TenantRef,
  object: RbacObject,
): Promise<void> {
  const manifest = rbacManifest(object, { labels: ownLabels(tenant), annotations: {} });
  const creation = requestJson(kubeConfig, {
    method: 'POST',
    path: rbacPath(object.kind, object.namespace),
    body: manifest,
  });
  await callKubernetes(`creating ${object.kind} ${object.name}`, async () => {
    if (await unlessConflict(creation)) return;
    await replaceRbac(kubeConfig, manifest, fieldManagers.worker).catch((error: unknown) => {
      if (statusOf(error) !== 403) throw error;
    });
  });
}

function ownLabels(tenant: TenantRef): Record<string, string> {
  return {
    [labels.project]: tenant.project,
    [labels.tenantCluster]: tenant.name,
    // By it the gateway sees whose credential it is.
    [labels.instanceUid]: tenant.uid,
  };
}

function decode(base64: string | undefined): string | undefined {
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64').toString('utf8');
}
