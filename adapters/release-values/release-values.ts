import type { User } from '../../contracts/resources/user.ts';
import type { VirtualClusterInstance } from '../../contracts/resources/virtual-cluster-instance.ts';
import type { TenantRef } from '../../contracts/instance-ref.ts';
import type { Helm } from '../helm/helm.ts';
import type { ManagementResources } from '../kubernetes/resources.ts';
import { checkPolicy } from '../project-policy.ts';
import type { ChartSources, ReleaseChart } from './chart-sources.ts';
import { renderValues } from './render-values.ts';
import type { TemplateContext } from './template-context.ts';
import { freeParameters, resolveParameters } from './template-parameters.ts';
import { checkSameChart, isReferenced, managed, readInstance, selectTemplate } from './template-of-tenant.ts';

/** What is to be installed for a tenant cluster. */
export interface ReleaseValues {
  readonly chart: ReleaseChart;
  /** JSON; may hold secrets. */
  readonly values: string;
  /** From an administrator's template rather than an inline one. */
  readonly trusted: boolean;
}

export interface ReleaseValuesDeps {
  readonly resources: ManagementResources;
  readonly helm: Helm;
  readonly charts: ChartSources;
  readonly workDir: string;
}

/**
 * Chart and values of a tenant cluster: its inline template or the version that `templateRef` selects, rendered
 * with its parameters. Nothing is installed.
 * @throws PlatformError `forbidden` if the project does not allow it, `tenant_cluster_not_found`, `template_not_found`, `invalid_parameters`, `invalid_values`,
 *   `chart_failed`, `conflict` if it would become another chart, `management_unavailable`
 */
export async function resolveReleaseValues(
  deps: ReleaseValuesDeps,
  tenant: TenantRef,
  signal?: AbortSignal,
): Promise<ReleaseValues> {
  const instance = await readInstance(deps.resources, tenant);
  await checkPolicy(deps.resources, 'tenant', { project: tenant.project, instance, asMade: false });
  const template = await selectTemplate(deps.resources, instance);
  const chart = await deps.charts.find(template.definition.helmRelease?.chart, signal);
  checkSameChart(instance, chart.name);
  const trusted = isReferenced(instance);
  const given = instance.spec?.parameters ?? '';
  const parameters = resolveParameters({ ...template, inline: !trusted }, given);
  const loft = await loftContext(deps.resources, tenant, instance);
  const values = await renderValues(deps, {
    values: template.definition.helmRelease?.values ?? '',
    context: { ...parameters, loft },
    // An inline template is as much its user's as they are, and what it makes is checked.
    texts: trusted ? [...freeParameters(template.parameters, parameters), ...othersTexts(loft)] : [],
    signal,
  });
  return { chart, values, trusted };
}

/** What of `.Values.loft` people choose: of their account or team, and annotations of the cluster. Dots descend. */
function othersTexts({ user = {}, team = {} }: TemplateContext['loft']): string[] {
  return [
    ...Object.keys(user).map((name) => `loft.user.${name}`),
    ...Object.keys(team).map((name) => `loft.team.${name}`),
  ];
}

/** `.Values.loft`, with the names that vCluster Platform offers. The owner stands for the user, so that a retry renders the same. */
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
    ...(userName ? { user: userContext(userName, user) } : {}),
    ...(teamName ? { team: { name: teamName, displayName: team?.spec?.displayName ?? '' } } : {}),
  };
}

/** One that is gone is a name still. */
function userContext(name: string, user: User | undefined) {
  const { username = name, email = '', displayName = '', subject = name } = user?.spec ?? {};
  return { name, username, email, displayName, subject };
}
