import { gunzipSync } from 'node:zlib';
import { PlatformError } from '../../contracts/errors.ts';
import type { ClusterClient } from '../kubernetes/client.ts';
import { callKubernetes } from '../kubernetes/failures.ts';
import { isRecord, type ReleaseName } from './releases.ts';

export interface DeployedRelease {
  readonly chart: { readonly name: string; readonly version: string };
  /** YAML of the objects it made; may hold secrets. */
  readonly manifest: string;
}

/**
 * Chart and objects of the deployed revision of a release, from Helm's own Secret (base64 of gzipped JSON).
 * @throws PlatformError `tenant_cluster_not_found` if nothing is deployed, `cluster_unreachable`
 */
export async function readReleaseSecret(client: ClusterClient, name: ReleaseName): Promise<DeployedRelease> {
  const selector = {
    namespace: name.namespace,
    labelSelector: `owner=helm,name=${name.release},status=deployed`,
  };
  const list = await callKubernetes(
    `reading release ${name.release}`,
    client.core.listNamespacedSecret(selector),
  );
  const stored = list.items.filter((secret) => isRecord(secret, name)).at(-1)?.data?.['release'];
  if (stored === undefined)
    throw new PlatformError('tenant_cluster_not_found', `Nothing is deployed for ${name.release}`);
  const packed = Buffer.from(Buffer.from(stored, 'base64').toString('latin1'), 'base64');
  const release = JSON.parse(gunzipSync(packed).toString('utf8')) as {
    chart: { metadata: { name: string; version: string } };
    manifest: string;
  };
  const { name: chart, version } = release.chart.metadata;
  return { chart: { name: chart, version }, manifest: release.manifest };
}
