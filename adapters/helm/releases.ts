import { gunzipSync } from 'node:zlib';
import type { V1Secret } from '@kubernetes/client-node';
import { PlatformError } from '../../contracts/errors.ts';
import { helmRecordType, labels } from '../../contracts/names.ts';
import type { ClusterClient } from '../kubernetes/client.ts';
import { callKubernetes, orUndefined } from '../kubernetes/failures.ts';

/** One revision of a release, from its Secret's labels (Helm 3 and 4: `sh.helm.release.v1.<name>.v<revision>`). */
export interface ReleaseRevision {
  readonly revision: number;
  readonly status: string;
  /** Id of the operation and of the process that made it, if the platform did. */
  readonly operation: string | undefined;
  readonly runner: string | undefined;
  /** Seconds since 1970. */
  readonly modifiedAt: number;
}

interface ReleaseName {
  readonly release: string;
  readonly namespace: string;
}

/** Labels that the platform puts on the revisions it makes. */
export const releaseLabels = { operation: 'operation', runner: 'runner' } as const;

/**
 * Revisions of a release, oldest first; none if there is no such release. Reads labels only, which is ten times
 * faster than `helm history`. What only looks like a record is none.
 * @throws PlatformError `cluster_unreachable`
 */
export async function listRevisions(client: ClusterClient, name: ReleaseName): Promise<ReleaseRevision[]> {
  const secrets = await listRecords(client, name);
  return secrets
    .filter((secret) => isRecord(secret, name))
    .map(toRevision)
    .toSorted((a, b) => a.revision - b.revision);
}

/**
 * Deletes what Helm would take for a record of the release and is none: Helm asks by labels, and a tenant's
 * administrator has a syncer copy Secrets with any labels into the host namespace. To be called before Helm runs.
 * @returns how many there were
 * @throws PlatformError `cluster_unreachable`
 */
export async function deleteForgedRecords(client: ClusterClient, name: ReleaseName): Promise<number> {
  const forged = (await listRecords(client, name)).filter((secret) => !isRecord(secret, name));
  for (const { metadata } of forged) {
    const deletion = client.core.deleteNamespacedSecret({
      namespace: name.namespace,
      name: metadata?.name ?? '',
    });
    await callKubernetes(`deleting Secret ${metadata?.name}`, orUndefined(deletion));
  }
  return forged.length;
}

/**
 * All Secrets that Helm would take for records of the release.
 * @throws PlatformError `cluster_unreachable`
 */
async function listRecords(client: ClusterClient, { namespace, release }: ReleaseName): Promise<V1Secret[]> {
  const list = client.core.listNamespacedSecret({ namespace, labelSelector: `owner=helm,name=${release}` });
  return (await callKubernetes(`reading release ${release}`, list)).items;
}

/**
 * Whether Helm itself can have made it: by its exact name, which no syncer gives (its names end in `-x-<release>` or a
 * hash), with the revision that the name says, and without a syncer's mark.
 */
function isRecord({ metadata, type }: V1Secret, { release }: ReleaseName): boolean {
  const marks = metadata?.labels ?? {};
  return (
    type === helmRecordType &&
    metadata?.name === `sh.helm.release.v1.${release}.v${marks['version']}` &&
    /^[1-9]\d{0,8}$/.test(marks['version'] ?? '') &&
    !(labels.synced in marks)
  );
}

/** Whether a killed Helm can have left `status` behind: it refuses every later upgrade. */
export function isUnfinished(status: string): boolean {
  return status.startsWith('pending-') || status === 'uninstalling';
}

function toRevision(secret: V1Secret): ReleaseRevision {
  const marks = secret.metadata?.labels ?? {};
  return {
    revision: Number(marks['version']),
    status: marks['status'] ?? 'unknown',
    operation: marks[releaseLabels.operation],
    runner: marks[releaseLabels.runner],
    modifiedAt: Number(marks['modifiedAt'] ?? marks['createdAt'] ?? 0),
  };
}

interface DeployedRelease {
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
    throw new PlatformError('tenant_cluster_not_found', `nothing is deployed for ${name.release}`);
  const packed = Buffer.from(Buffer.from(stored, 'base64').toString('latin1'), 'base64');
  const release = JSON.parse(gunzipSync(packed).toString('utf8')) as {
    chart: { metadata: { name: string; version: string } };
    manifest: string;
  };
  const { name: chart, version } = release.chart.metadata;
  return { chart: { name: chart, version }, manifest: release.manifest };
}
