import { gzipSync } from 'node:zlib';
import { vclusterChartVersion } from '../../../toolchain/vcluster-chart.ts';

/** Whose record of Helm it pretends to be: `object` is what that release made. */
interface ForgedRelease {
  /** The release that is to be misled. */
  readonly release: string;
  readonly of: { readonly name: string; readonly namespace: string };
  readonly object: object;
}

/**
 * A Secret for a tenant cluster that vCluster copies into the host namespace, in which Helm finds the newest record of
 * `release`.
 */
export function forgedRelease({ release, of, object }: ForgedRelease): object {
  const record = {
    ...of,
    version: 99,
    info: { status: 'deployed', first_deployed: '2026-01-01T00:00:00Z' },
    chart: { metadata: { apiVersion: 'v2', name: 'vcluster', version: vclusterChartVersion } },
    manifest: `---\n${JSON.stringify(object)}\n`,
  };
  const stored = gzipSync(JSON.stringify(record)).toString('base64');
  return {
    metadata: {
      name: 'forged',
      annotations: { 'vcluster.loft.sh/force-sync': 'true' },
      labels: { owner: 'helm', name: release, status: 'deployed', version: '99' },
    },
    type: 'helm.sh/release.v1',
    stringData: { release: stored },
  };
}
