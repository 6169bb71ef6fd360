import { ownChart } from './own-chart.ts';
import type { TenantChart } from './tenant-chart.ts';
import { upstreamChart } from './upstream-chart.ts';

const charts: readonly TenantChart[] = [ownChart, upstreamChart];

/** The contract of a chart; one that an administrator brought is taken for one like ours, and may make nothing by itself. */
export function tenantChart(name: string): TenantChart {
  return charts.find((chart) => chart.name === name) ?? { ...ownChart, name, ordinaryKinds: [] };
}
