import type { TenantRef } from '../../contracts/instance-ref.ts';
import type { SaidSettings } from '../../domain/sleep/sleep-settings.ts';
import { isSleepRendered, saidByRendered, withoutSleepValues } from '../../domain/sleep/sleep-values.ts';
import type { Helm } from './helm.ts';
import type { ManagementResources } from '../kubernetes/resources.ts';
import { checkPolicy } from '../project-policy.ts';
import { isKnownChart } from '../tenant-charts/known-charts.ts';
import type { ChartSources, ReleaseChart } from './chart-sources.ts';
import { renderValues } from './render-values.ts';
import { readSurroundings } from './surroundings.ts';
import { unambiguousJson } from '../../templates/helm-yaml.ts';
import { checkSameChart, isReferenced } from '../../templates/instance-chart.ts';
import { loftContext, othersTexts } from '../../templates/template-context.ts';
import { freeParameters, resolveParameters } from '../../templates/template-parameters.ts';
import { readInstance, selectTemplate } from './template-of-tenant.ts';

/** What is to be installed for a tenant cluster. */
export interface ReleaseValues {
  readonly chart: ReleaseChart;
  /** JSON; may hold secrets. */
  readonly values: string;
  /** What they say of its sleep, if only rendering says it. */
  readonly sleep: SaidSettings | undefined;
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
  const loft = loftContext(
    tenant,
    instance,
    await readSurroundings(deps.resources, tenant.cluster, instance),
  );
  const text = template.definition.helmRelease?.values ?? '';
  const values = await renderValues(deps, {
    values: text,
    context: { ...parameters, loft },
    // An inline template is as much its user's as they are, and what it makes is checked.
    texts: trusted ? [...freeParameters(template.parameters, parameters), ...othersTexts(loft)] : [],
    signal,
  });
  const sleep = isSleepRendered(text) ? saidByRendered(values) : undefined;
  const forChart = isKnownChart(chart.name)
    ? unambiguousJson(withoutSleepValues(JSON.parse(values) as object))
    : values;
  return { chart, values: forChart, trusted, sleep };
}
