import { fromObjectKey, objectKey } from '../../adapters/kubernetes/informer.ts';
import type { Stored } from '../../adapters/kubernetes/resources.ts';
import { syncTenantRbac } from '../../adapters/kubernetes/tenant-rbac.ts';
import { projectOfNamespace } from '../../contracts/names.ts';
import type { VirtualClusterInstance } from '../../contracts/resources/virtual-cluster-instance.ts';
import type { TenantRef } from '../../contracts/instance-ref.ts';
import { contentHash } from '../../domain/content-hash.ts';
import { deployedPlace } from '../../domain/deployed-place.ts';
import { templateAccessOf } from '../../domain/template-access.ts';
import { tenantGrants } from '../../domain/tenant-grants.ts';
import { tenantIdentities } from '../../domain/tenant-identities.ts';
import type { Controller, ControllerContext } from '../controller.ts';

/** So soon is repaired what a tenant's administrator deletes or changes of ours. */
const repairMs = 15_000;

/**
 * Rights inside every tenant cluster that is awake, reconciled with owners, members, access rules, users and teams:
 * whom the gateway may act as there, and what these may do.
 */
export function tenantAccess({ caches, tenants }: ControllerContext): Controller {
  const synced = new Map<string, { hash: string; at: number }>();

  return {
    name: 'tenant-access',
    concurrency: 16,
    groupOf: (key) => key,
    async reconcile(key) {
      const instance = caches.virtualclusterinstances.get(key);
      const tenant = instance === undefined ? undefined : placedTenant(instance);
      if (instance === undefined || tenant === undefined || instance.status?.phase !== 'Ready') {
        synced.delete(key);
        return undefined;
      }
      const input = {
        instance,
        templateAccess: templateAccessOf(
          instance,
          caches.virtualclustertemplates.get(instance.spec?.templateRef?.name ?? ''),
        ),
        project: caches.projects.get(tenant.project),
        users: caches.users.list(),
        teams: caches.teams.list(),
      };
      const rbac = { impersonated: tenantIdentities(input), grants: tenantGrants(input) };
      const hash = contentHash([tenant.uid, rbac.impersonated, [...rbac.grants]]);
      const last = synced.get(key);
      const remainingMs =
        last === undefined || last.hash !== hash ? 0 : last.at + repairMs - performance.now();
      if (remainingMs > 0) return { requeueAfterMs: remainingMs };
      synced.delete(key);
      const host = await tenants.prove(tenant);
      await syncTenantRbac(await host.tenantClient(), rbac);
      synced.set(key, { hash, at: performance.now() });
      return { requeueAfterMs: repairMs };
    },
    watch(add) {
      caches.virtualclusterinstances.onChange(add);
      const addAll = (concerned: (instance: Stored<VirtualClusterInstance>) => boolean = () => true) => {
        for (const instance of caches.virtualclusterinstances.list())
          if (concerned(instance)) add(objectKey(instance.metadata));
      };
      caches.users.onChange(() => addAll());
      caches.teams.onChange(() => addAll());
      caches.projects.onChange((name) =>
        addAll(({ metadata }) => projectOfNamespace(metadata.namespace ?? '') === name),
      );
      caches.virtualclustertemplates.onChange((name) =>
        addAll(({ spec }) => spec?.templateRef?.name === name),
      );
    },
  };
}

function placedTenant(instance: Stored<VirtualClusterInstance>): TenantRef | undefined {
  const { namespace = '', name } = fromObjectKey(objectKey(instance.metadata));
  const project = projectOfNamespace(namespace);
  const place = deployedPlace(instance);
  if (project === undefined || place === undefined) return undefined;
  const { cluster, namespace: hostNamespace } = place;
  return { project, name, uid: instance.metadata.uid, cluster, hostNamespace };
}
