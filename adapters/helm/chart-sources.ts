import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lastingFailure, PlatformError } from '../../contracts/errors.ts';
import type { VirtualClusterHelmChart } from '../../contracts/resources/virtual-cluster-template.ts';
import { readHelmYaml } from '../../templates/helm-yaml.ts';
import { defaultChart } from '../tenant-charts/known-charts.ts';
import type { Helm } from './helm.ts';

/** Stands beside the charts for tenant clusters, and is not one. */
const agentChart = 'vcluster-platform';

/** A chart on this machine. */
export interface ReleaseChart {
  readonly name: string;
  readonly version: string;
  /** Folder or archive. */
  readonly path: string;
}

/** Where the charts that templates name come from. */
export interface ChartSources {
  /**
   * The chart that a template names.
   * @throws PlatformError `chart_failed` if the platform does not have it, or not in that version;
   *   `chart_unavailable` if it cannot be fetched now
   */
  find(wanted: VirtualClusterHelmChart | undefined, signal?: AbortSignal): Promise<ReleaseChart>;
}

/**
 * Charts of the folder that ships with the platform (an administrator may put unpacked ones there) and of the archives
 * that the configuration names. A template only chooses among them: it is other people's input, and an address in
 * it would have the platform dial for them.
 * @param deps.archives paths of `.tgz` files, or `https://` or `oci://` URLs, each fetched once, when it is first needed
 */
export function createChartSources(deps: {
  helm: Helm;
  chartsDir: string;
  archives: readonly string[];
}): ChartSources {
  const opened = new Map<string, ReleaseChart>();

  async function open(archive: string, signal: AbortSignal | undefined): Promise<ReleaseChart> {
    const known = opened.get(archive);
    if (known !== undefined) return known;
    const chart = await deps.helm.openArchive(archive, signal);
    opened.set(archive, chart);
    return chart;
  }

  return {
    async find(wanted, signal) {
      const name = wanted?.name || defaultChart.name;
      if (name === agentChart)
        throw new PlatformError(
          'chart_failed',
          `chart "${name}" connects a cluster to the platform, not a tenant cluster`,
          { details: lastingFailure },
        );
      const version = wanted?.version?.replace(/^v/, '') || undefined;
      const present = [await inFolder(deps.chartsDir, name)];
      for (const archive of deps.archives) present.push(await open(archive, signal));
      const named = present.filter((chart): chart is ReleaseChart => chart?.name === name);
      // Of several versions the one named last is the default.
      const found = named.findLast((chart) => version === undefined || chart.version === version);
      if (found === undefined) throw missing(name, version, named);
      return found;
    },
  };
}

function missing(name: string, version: string | undefined, present: readonly ReleaseChart[]): PlatformError {
  const versions = present.map((chart) => chart.version).join(', ');
  return new PlatformError(
    'chart_failed',
    versions === ''
      ? `chart "${name.slice(0, 60)}" not found; an administrator can add one with --chart, or to the worker's "charts"`
      : `the platform has chart "${name.slice(0, 60)}" in version ${versions}, not ${version?.slice(0, 60)}`,
    { details: lastingFailure },
  );
}

async function inFolder(chartsDir: string, name: string): Promise<ReleaseChart | undefined> {
  if (!/^[a-z0-9][a-z0-9.-]*$/.test(name)) return undefined;
  const path = join(chartsDir, name);
  const version = await versionOf(path);
  return version === undefined ? undefined : { name, version, path };
}

async function versionOf(path: string): Promise<string | undefined> {
  try {
    const chart = readHelmYaml(await readFile(join(path, 'Chart.yaml'), 'utf8')) as {
      version?: unknown;
    } | null;
    return typeof chart?.version === 'string' ? chart.version : undefined;
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return undefined;
    throw error;
  }
}
