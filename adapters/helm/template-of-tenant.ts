import { PlatformError } from '../../contracts/errors.ts';
import { projectNamespace } from '../../contracts/names.ts';
import type { VirtualClusterInstance } from '../../contracts/resources/virtual-cluster-instance.ts';
import type { TenantRef } from '../../contracts/instance-ref.ts';
import { type ResolvedTemplate, resolveTemplate } from '../../domain/instance-templates/template-version.ts';
import { callManagement } from '../kubernetes/failures.ts';
import type { ManagementResources } from '../kubernetes/resources.ts';
import { defaultChart, tenantChart } from '../tenant-charts/known-charts.ts';
import type { TenantChart } from '../tenant-charts/tenant-chart.ts';
import { deployedChart } from '../../templates/instance-chart.ts';

/** @throws PlatformError `tenant_cluster_not_found` if it is gone or another has its name, `management_unavailable` */
export async function readInstance(
  resources: ManagementResources,
  tenant: TenantRef,
): Promise<VirtualClusterInstance> {
  const name = { namespace: projectNamespace(tenant.project), name: tenant.name };
  const instance = await callManagement(
    `reading tenant cluster ${tenant.name}`,
    resources.virtualclusterinstances.get(name),
  );
  if (instance === undefined || instance.metadata.uid !== tenant.uid) {
    throw new PlatformError(
      'tenant_cluster_not_found',
      `tenant cluster ${tenant.name} of project ${tenant.project} was deleted`,
    );
  }
  return instance;
}

/**
 * The instance's inline template, or the version of its template that it selects.
 * @throws PlatformError `template_not_found`, `management_unavailable`
 */
export async function selectTemplate(
  resources: ManagementResources,
  instance: VirtualClusterInstance,
): Promise<ResolvedTemplate> {
  const { templateRef, template: inline } = instance.spec ?? {};
  const name = templateRef?.name;
  if (name === undefined || name === '')
    return { definition: inline ?? {}, parameters: [], version: undefined };
  const template = await callManagement(
    `reading template ${name}`,
    resources.virtualclustertemplates.get({ name }),
  );
  if (template === undefined) throw new PlatformError('template_not_found', `template ${name} not found`);
  const resolved = resolveTemplate(template, templateRef?.version);
  if (resolved === undefined) {
    throw new PlatformError(
      'template_not_found',
      `template ${name} does not have version ${templateRef?.version?.slice(0, 60)}`,
    );
  }
  return resolved;
}

/**
 * Whether the tenant cluster was installed once, as its instance says.
 * @throws PlatformError as `readInstance`
 */
export async function isDeployed(resources: ManagementResources, tenant: TenantRef): Promise<boolean> {
  return deployedChart(await readInstance(resources, tenant)) !== undefined;
}

/**
 * The chart that a tenant cluster is of, or will be.
 * @throws PlatformError as `readInstance` and `selectTemplate`
 */
export async function tenantChartOf(resources: ManagementResources, tenant: TenantRef): Promise<TenantChart> {
  const instance = await readInstance(resources, tenant);
  const name =
    deployedChart(instance) ??
    (await selectTemplate(resources, instance)).definition.helmRelease?.chart?.name;
  return tenantChart(name || defaultChart.name);
}
