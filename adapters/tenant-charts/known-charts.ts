import type { TenantChart } from './tenant-chart.ts';
import { tenantControlPlaneChart } from './tenant-control-plane.ts';
import { vclusterChart } from './vcluster.ts';

const charts: readonly TenantChart[] = [tenantControlPlaneChart, vclusterChart];

/** The chart of templates that name none. */
export const defaultChart = tenantControlPlaneChart;

/** The chart whose Helm rights cover those of the others: for what is taken down when its chart is not known any more. */
export const broadestChart = vclusterChart;

/** Whether what a chart is made of and reads is known here, rather than brought by an administrator. */
export function isKnownChart(name: string): boolean {
  return charts.some((chart) => chart.name === name);
}

/** The contract of a chart; one that an administrator brought is taken for one like ours, and may make nothing by itself. */
export function tenantChart(name: string): TenantChart {
  return (
    charts.find((chart) => chart.name === name) ?? {
      ...tenantControlPlaneChart,
      name,
      ordinaryKinds: [],
      seedOf: undefined,
      helmRole: 'vcluster-platform:helm-other',
    }
  );
}
