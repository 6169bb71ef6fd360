import { loadCertificateAuthority } from '../../adapters/certificates/certificate-authority.ts';
import { renderKubeconfig, tenantServer } from '../../adapters/certificates/kubeconfig.ts';
import { tenantChartOf } from '../../adapters/helm/template-of-tenant.ts';
import type { TenantHost } from '../../adapters/host-namespaces.ts';
import { callKubernetes, orUndefined, unlessConflict } from '../../adapters/kubernetes/failures.ts';
import type { ManagementResources } from '../../adapters/kubernetes/resources.ts';
import { PlatformError } from '../../contracts/errors.ts';
import type { TenantRef } from '../../contracts/instance-ref.ts';
import { identities, labels, tenantObjects } from '../../contracts/names.ts';
import type { TenantDeps } from '../dependencies.ts';

const roleName = tenantObjects.gatewayRole;

export function createGatewayCredentialActivities({
  hosts,
  resources,
}: Pick<TenantDeps, 'hosts' | 'resources'>) {
  return {
    /**
     * Mints the gateway's own credential for the tenant cluster (Secret `vc-<name>-gateway`: a client certificate
     * signed by the tenant's authority) and lets the gateway's dialer read that one Secret and the control plane's log. Idempotent by tenant:
     * what is there stays. It goes with the host namespace.
     * @throws PlatformError `not_found` before the keys were made, what HostNamespaces.prove throws, `forbidden`
     */
    async applyGatewayCredential({ tenant }: { tenant: TenantRef }): Promise<void> {
      const host = await hosts.prove(tenant);
      await Promise.all([applySecret(host, resources), applyReadRole(host)]);
    },
  };
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
  const metadata = { name: roleName, labels: ownLabels(tenant) };
  const resourceNames = [tenantObjects.gatewaySecret(tenant.name)];
  const apiGroup = 'rbac.authorization.k8s.io';
  const role = {
    metadata,
    rules: [
      { apiGroups: [''], resources: ['secrets'], verbs: ['get'], resourceNames },
      {
        apiGroups: [''],
        resources: ['pods/log'],
        verbs: ['get'],
        resourceNames: [tenantObjects.firstPod(tenant.name)],
      },
    ],
  };
  const binding = {
    metadata,
    roleRef: { apiGroup, kind: 'Role', name: roleName },
    subjects: [{ apiGroup, kind: 'User', name: identities.gatewayDialer }],
  };
  await Promise.all([
    callKubernetes(
      `creating Role ${roleName}`,
      unlessConflict(client.rbac.createNamespacedRole({ namespace, body: role })),
    ),
    callKubernetes(
      `creating RoleBinding ${roleName}`,
      unlessConflict(client.rbac.createNamespacedRoleBinding({ namespace, body: binding })),
    ),
  ]);
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
