import { readInstance } from '../../adapters/helm/template-of-tenant.ts';
import { callManagement } from '../../adapters/kubernetes/failures.ts';
import type { ManagementResources } from '../../adapters/kubernetes/resources.ts';
import type { TenantRef } from '../../contracts/instance-ref.ts';
import { projectNamespace } from '../../contracts/names.ts';
import { mergePatch } from '../../domain/merge-patch.ts';
import type { SaidSettings } from '../../domain/sleep/sleep-settings.ts';

/**
 * Writes to a tenant cluster's status what its rendered values say of its sleep; undefined: they are not a Go template, and are read as
 * they are. Idempotent.
 * @throws PlatformError `tenant_cluster_not_found`, `management_unavailable`
 */
export async function noteRenderedSleep(
  resources: ManagementResources,
  tenant: TenantRef,
  said: SaidSettings | undefined,
): Promise<void> {
  const { status } = await readInstance(resources, tenant);
  const patch = mergePatch({ renderedSleep: status?.renderedSleep }, { renderedSleep: said });
  if (Object.keys(patch).length === 0) return;
  const name = { namespace: projectNamespace(tenant.project), name: tenant.name };
  await callManagement(
    `recording the sleep policy of ${tenant.name}`,
    resources.virtualclusterinstances.patchStatus(name, patch),
  );
}
