import { callKubernetes, orUndefined, unlessConflict } from '../../adapters/kubernetes/failures.ts';
import type { CheckedManifest } from '../../adapters/helm/checked-chart.ts';
import type { TenantHost } from '../../adapters/host-namespaces.ts';
import { tenantChart } from '../../adapters/tenant-charts/known-charts.ts';
import { ownSeed, readSeed } from '../../adapters/tenant-seeds.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { labels, tenantObjects } from '../../contracts/names.ts';

/**
 * Makes the Secret with the seed that a new tenant cluster's store starts from. Once: what is there stays.
 * @param seedsDir undefined: there are none
 * @returns why the store starts without one, if it was to have one
 */
export async function applySeed(
  host: TenantHost,
  { chart, objects }: CheckedManifest,
  seedsDir: string | undefined,
): Promise<string | undefined> {
  if (seedsDir === undefined) return undefined;
  const wanted = tenantChart(chart.name).seedOf?.(objects);
  if (wanted === undefined) return undefined;
  if ('missing' in wanted) return wanted.missing;
  const seed = await readSeed(seedsDir, wanted.name);
  if ('missing' in seed) return seed.missing;
  const { owner, client, name: namespace } = host;
  const metadata = {
    name: tenantObjects.seedSecret(owner.name),
    labels: { [labels.project]: owner.project, [labels.tenantCluster]: owner.name },
  };
  const data = { [wanted.name]: ownSeed(seed.snapshot).toString('base64') };
  try {
    const creation = client.core.createNamespacedSecret({ namespace, body: { metadata, data } });
    await callKubernetes(`creating Secret ${metadata.name}`, unlessConflict(creation));
    return undefined;
  } catch (error) {
    if (error instanceof PlatformError) return error.message;
    throw error;
  }
}

/** Deletes the seed of a tenant cluster that has started. */
export async function deleteSeed({ owner, client, name: namespace }: TenantHost): Promise<void> {
  const name = tenantObjects.seedSecret(owner.name);
  const deletion = client.core.deleteNamespacedSecret({ namespace, name });
  await callKubernetes(`deleting Secret ${name}`, orUndefined(deletion));
}
