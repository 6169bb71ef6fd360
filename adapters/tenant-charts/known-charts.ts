import { tenantControlPlaneChart } from './tenant-control-plane.ts';
import type { TenantChart } from './tenant-chart.ts';
import { vclusterChart } from './vcluster.ts';

const charts: readonly TenantChart[] = [tenantControlPlaneChart, vclusterChart];

/** The contract of a chart; one that an administrator brought is taken for one like ours, and may make nothing by itself. */
export function tenantChart(name: string): TenantChart {
  return (
    charts.find((chart) => chart.name === name) ?? { ...tenantControlPlaneChart, name, ordinaryKinds: [] }
  );
}
