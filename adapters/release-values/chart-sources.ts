import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { PlatformError } from '../../contracts/errors.ts';
import type { VirtualClusterHelmChart } from '../../contracts/resources/virtual-cluster-template.ts';

/** A chart on this machine. */
export interface ReleaseChart {
  readonly name: string;
  readonly version: string;
  /** Folder. */
  readonly path: string;
}

/** The chart of templates that name none. */
export const defaultChart = 'tenant-control-plane';

/**
 * The chart that a template names, from the folder of charts that ship with the platform (an administrator may put
 * others there; the platform downloads none).
 * @throws PlatformError `chart_failed` if it is not there, or not in that version
 */
export async function findChart(
  chartsDir: string,
  wanted: VirtualClusterHelmChart | undefined,
): Promise<ReleaseChart> {
  const name = wanted?.name || defaultChart;
  const path = join(chartsDir, name);
  const version = /^[a-z0-9][a-z0-9.-]*$/.test(name) ? await versionOf(path) : undefined;
  if (version === undefined) {
    throw new PlatformError(
      'chart_failed',
      `The platform has no chart "${name.slice(0, 60)}"; put its unpacked folder into the folder of charts`,
    );
  }
  const asked = wanted?.version?.replace(/^v/, '') || version;
  if (asked !== version) {
    throw new PlatformError(
      'chart_failed',
      `The platform has chart "${name}" in version ${version}, not ${asked.slice(0, 60)}`,
    );
  }
  return { name, version, path };
}

async function versionOf(path: string): Promise<string | undefined> {
  try {
    const chart = parse(await readFile(join(path, 'Chart.yaml'), 'utf8')) as { version?: unknown } | null;
    return typeof chart?.version === 'string' ? chart.version : undefined;
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return undefined;
    throw error;
  }
}
