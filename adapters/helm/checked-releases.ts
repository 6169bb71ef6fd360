import { createHash } from 'node:crypto';
import type { KubernetesObject } from '@kubernetes/client-node';
import { labels } from '../../contracts/names.ts';
import type { TenantRef } from '../../contracts/instance-ref.ts';
import type { SaidSettings } from '../../domain/sleep/sleep-settings.ts';
import type { CheckedManifest } from './checked-chart.ts';
import type { ClusterCapabilities, Helm } from './helm.ts';
import { tenantChart } from '../tenant-charts/known-charts.ts';
import { checkManifest } from '../../templates/manifest-contract.ts';
import { type ReleaseValues, type ReleaseValuesDeps, resolveReleaseValues } from './release-values.ts';

export interface Rendering {
  readonly tenant: TenantRef;
  readonly capabilities: ClusterCapabilities;
  /** Whether there is a release already. */
  readonly isUpgrade: boolean;
  /** Whether it sleeps, and shall go on doing so. */
  readonly asleep: boolean;
}

/** A checked manifest, and what the values that it was rendered with say of sleep, if only rendering says it. */
export interface CheckedRelease extends CheckedManifest {
  readonly sleep: SaidSettings | undefined;
}

/** How many checked manifests are kept, so that an install right after its check does not render again. */
const keptManifests = 50;

/** Renders releases, once: what was checked is what there is to install. Kept in memory only; they may hold secrets. */
export function createCheckedReleases(deps: ReleaseValuesDeps & { helm: Helm }) {
  const kept = new Map<string, CheckedRelease>();

  /**
   * The manifest of a tenant cluster, rendered in the jail and checked against its chart's contract.
   * @throws PlatformError as `resolveReleaseValues`; `chart_failed` if it leaves the contract
   */
  return async (rendering: Rendering, signal?: AbortSignal): Promise<CheckedRelease> => {
    const { tenant, asleep, isUpgrade, capabilities } = rendering;
    const release = await resolveReleaseValues(deps, tenant, signal);
    const chart = tenantChart(release.chart.name);
    const asleepValues = asleep ? chart.asleepValues : undefined;
    const overlay = asleepValues === undefined ? undefined : JSON.stringify(asleepValues);
    const key = fingerprint(release, rendering, overlay);
    const before = kept.get(key);
    if (before !== undefined) return before;
    const names = { release: tenant.name, namespace: tenant.hostNamespace };
    const text = await deps.helm.template({
      chart: release.chart.path,
      values: release.values,
      overlay,
      capabilities,
      isUpgrade,
      ...names,
      signal,
    });
    const checkedObjects = checkManifest(text, { chart, trusted: release.trusted, ...names });
    const objects = checkedObjects.map((object) => markedAs(tenant, object));
    const { sleep } = release;
    const checked = { chart: { name: chart.name, version: release.chart.version }, objects, sleep };
    const [oldest] = kept.keys();
    if (kept.size >= keptManifests && oldest !== undefined) kept.delete(oldest);
    kept.set(key, checked);
    return checked;
  };
}

/** By its label the controllers follow what becomes of it (adapters/applied-objects.ts). */
function markedAs({ uid }: TenantRef, object: KubernetesObject): KubernetesObject {
  const metadata: object = object.metadata ?? {};
  const own = { ...object.metadata?.labels, [labels.instanceUid]: uid };
  return { ...object, metadata: { ...metadata, labels: own } };
}

/** Tells renderings apart without keeping values. */
function fingerprint(
  { chart, values, trusted }: ReleaseValues,
  { tenant, capabilities, isUpgrade }: Rendering,
  overlay: string | undefined,
): string {
  const what = [
    chart,
    values,
    trusted,
    overlay,
    tenant.uid,
    tenant.name,
    tenant.hostNamespace,
    isUpgrade,
    capabilities,
  ];
  return createHash('sha256').update(JSON.stringify(what)).digest('hex');
}
