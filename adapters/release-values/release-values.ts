import { PlatformError } from '../../contracts/errors.ts';
import { projectNamespace } from '../../contracts/names.ts';
import type { VirtualClusterInstance } from '../../contracts/resources/virtual-cluster-instance.ts';
import type { TenantRef } from '../../contracts/tenant-ref.ts';
import { type ResolvedTemplate, resolveTemplate } from '../../domain/template-version.ts';
import type { Helm } from '../helm/helm.ts';
import { kubernetesFailure } from '../kubernetes/failures.ts';
import type { ManagementResources } from '../kubernetes/resources.ts';
import { findChart, type ReleaseChart } from './release-chart.ts';
import { renderValues, type TemplateContext } from './render-values.ts';
import { resolveParameters } from './template-parameters.ts';

/** What is to be installed for a tenant cluster. */
export interface ReleaseValues {
  readonly chart: ReleaseChart;
  /** YAML; may hold secrets. */
  readonly values: string;
  /** From an administrator's template rather than an inline one. */
  readonly trusted: boolean;
}

export interface ReleaseValuesDeps {
  readonly resources: ManagementResources;
  readonly helm: Helm;
  readonly chartsDir: string;
  readonly workDir: string;
}

/**
 * Chart and values of a tenant cluster: its inline template or the version that `templateRef` selects, rendered
 * with its parameters. Nothing is installed.
 * @throws PlatformError `tenant_cluster_not_found`, `template_not_found`, `invalid_parameters`, `invalid_values`,
 *   `chart_failed`, `management_unavailable`
 */
export async function resolveReleaseValues(
  deps: ReleaseValuesDeps,
  tenant: TenantRef,
  signal?: AbortSignal,
): Promise<ReleaseValues> {
  const instance = await readInstance(deps.resources, tenant);
  const template = await selectTemplate(deps.resources, instance);
  const chart = await findChart(deps.chartsDir, template.definition.helmRelease?.chart);
  const parameters = resolveParameters(template.parameters, instance.spec?.parameters ?? '');
  const context: TemplateContext = {
    ...parameters,
    loft: await loftContext(deps.resources, tenant, instance),
  };
  const values = await renderValues(deps, {
    values: template.definition.helmRelease?.values ?? '',
    context,
    signal,
  });
  return { chart, values, trusted: isReferenced(instance) };
}

async function readInstance(
  resources: ManagementResources,
  tenant: TenantRef,
): Promise<VirtualClusterInstance> {
  const name = { namespace: projectNamespace(tenant.project), name: tenant.name };
  const instance = await managed(
    `reading tenant cluster ${tenant.name}`,
    resources.virtualclusterinstances.get(name),
  );
  if (instance === undefined || instance.metadata.uid !== tenant.uid) {
    throw new PlatformError(
      'tenant_cluster_not_found',
      `There is no tenant cluster ${tenant.name} in project ${tenant.project} any more`,
    );
  }
  return instance;
}

async function selectTemplate(
  resources: ManagementResources,
  instance: VirtualClusterInstance,
): Promise<ResolvedTemplate> {
  const { templateRef, template: inline } = instance.spec ?? {};
  const name = templateRef?.name;
  if (name === undefined || name === '')
    return { definition: inline ?? {}, parameters: [], version: undefined };
  const template = await managed(`reading template ${name}`, resources.virtualclustertemplates.get({ name }));
  if (template === undefined) throw new PlatformError('template_not_found', `There is no template ${name}`);
  const resolved = resolveTemplate(template, templateRef?.version);
  if (resolved === undefined) {
    throw new PlatformError(
      'template_not_found',
      `Template ${name} has no version ${templateRef?.version?.slice(0, 60)}`,
    );
  }
  return resolved;
}

function isReferenced(instance: VirtualClusterInstance): boolean {
  const name = instance.spec?.templateRef?.name;
  return name !== undefined && name !== '';
}

/** `.Values.loft`, with the names that the original offers. The owner stands for the user, so that a retry renders the same. */
async function loftContext(
  resources: ManagementResources,
  tenant: TenantRef,
  instance: VirtualClusterInstance,
): Promise<TemplateContext['loft']> {
  const { user: userName, team: teamName } = instance.spec?.owner ?? {};
  const [cluster, user, team] = await managed(
    'reading the owner of the tenant cluster',
    Promise.all([
      resources.clusters.get({ name: tenant.cluster }),
      userName ? resources.users.get({ name: userName }) : undefined,
      teamName ? resources.teams.get({ name: teamName }) : undefined,
    ]),
  );
  return {
    name: tenant.name,
    project: tenant.project,
    cluster: tenant.cluster,
    space: tenant.hostNamespace,
    virtualClusterName: tenant.name,
    virtualClusterNamespace: tenant.hostNamespace,
    clusterAnnotations: cluster?.metadata.annotations ?? {},
    ...(userName
      ? {
          user: {
            name: userName,
            username: user?.spec?.username ?? userName,
            email: user?.spec?.email ?? '',
            displayName: user?.spec?.displayName ?? '',
            subject: user?.spec?.subject ?? userName,
          },
        }
      : {}),
    ...(teamName ? { team: { name: teamName, displayName: team?.spec?.displayName ?? '' } } : {}),
  };
}

async function managed<T>(what: string, promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    throw kubernetesFailure(what, error, 'management_unavailable');
  }
}
