import type { HostNamespaces, TenantHost } from '../../adapters/host-namespaces.ts';
import { callKubernetes, orUndefined, unlessConflict } from '../../adapters/kubernetes/failures.ts';
import type { ManagementResources } from '../../adapters/kubernetes/resources.ts';
import { tenantChartOf } from '../../adapters/helm/template-of-tenant.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { labels, tenantObjects } from '../../contracts/names.ts';
import type { TenantRef } from '../../contracts/instance-ref.ts';

export function createTenantKeysActivities(deps: { hosts: HostNamespaces; resources: ManagementResources }) {
  return {
    /**
     * Makes the tenant cluster's keys (the Secret that its chart takes them from) and its administrator's kubeconfig (Secret
     * `vc-<name>`), once: whatever is there stays. Idempotent by tenant; calls at the same time agree on one set.
     * They go with the host namespace. Helm's identity there is made beside them, so that it is in force when Helm needs it.
     * @throws PlatformError `cluster_unreachable`, `forbidden`, `not_found` without a host namespace, `conflict` if
     *   it is another's, and what `tenantChartOf` throws
     */
    applyTenantKeys: async ({ tenant }: { tenant: TenantRef }): Promise<void> => {
      const host = await deps.hosts.prove(tenant);
      const chart = await tenantChartOf(deps.resources, tenant);
      // Whatever is wrong with it, the installation finds and says.
      const identity = host.helmKubeconfigFile(chart.helmRole).catch(() => undefined);
      const name = chart.keysSecret(tenant.name);
      let pki = await readSecret(host, name);
      if (pki === undefined) {
        const made = await chart.createKeys(tenant);
        // The first creation wins; the kubeconfig is taken from what was stored, never from what was made.
        pki = (await createSecret(host, name, made.pki)) ? made.pki : await readSecret(host, name);
      }
      const config = pki?.['admin.conf'];
      if (config === undefined)
        throw new PlatformError('internal', `Secret ${name} does not have an administrator's kubeconfig`);
      await createSecret(host, tenantObjects.kubeconfigSecret(tenant.name), { config });
      await identity;
    },
  };
}

async function readSecret(
  { client, name: namespace }: TenantHost,
  name: string,
): Promise<Record<string, string> | undefined> {
  return callKubernetes(`reading Secret ${name}`, async () => {
    const secret = await orUndefined(client.core.readNamespacedSecret({ namespace, name }));
    if (secret === undefined) return undefined;
    return Object.fromEntries(
      Object.entries(secret.data ?? {}).map(([key, value]) => [
        key,
        Buffer.from(value, 'base64').toString('utf8'),
      ]),
    );
  });
}

/** Whether the Secret was created; false if there is one already. */
async function createSecret(
  { client, owner: tenant, name: namespace }: TenantHost,
  name: string,
  stringData: Record<string, string>,
): Promise<boolean> {
  const metadata = {
    name,
    labels: { [labels.project]: tenant.project, [labels.tenantCluster]: tenant.name },
  };
  const body = { metadata, type: 'Opaque', stringData };
  const creation = client.core.createNamespacedSecret({ namespace, body });
  return callKubernetes(`creating Secret ${name}`, unlessConflict(creation));
}
