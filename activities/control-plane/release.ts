import { createChartSources } from '../../adapters/helm/chart-sources.ts';
import { createCheckedReleases } from '../../adapters/helm/checked-releases.ts';
import type { Helm, ReleaseTarget } from '../../adapters/helm/helm.ts';
import {
  deleteForgedRecords,
  listRevisions,
  releaseLabels,
  type ReleaseRevision,
} from '../../adapters/helm/releases.ts';
import { noteRelease } from '../../adapters/helm/note-release.ts';
import { repairRelease, thisRunner } from '../../adapters/helm/repair-release.ts';
import { isDeployed, readInstance, tenantChartOf } from '../../adapters/helm/template-of-tenant.ts';
import type { HostNamespaces, TenantHost } from '../../adapters/host-namespaces.ts';
import type { ManagementResources } from '../../adapters/kubernetes/resources.ts';
import { broadestChart } from '../../adapters/tenant-charts/known-charts.ts';
import type { TenantChart } from '../../adapters/tenant-charts/tenant-chart.ts';
import { type ErrorCode, PlatformError } from '../../contracts/errors.ts';
import type { TenantRef } from '../../contracts/instance-ref.ts';
import { fallbackOf } from '../../domain/status/after-operation.ts';
import { withHeartbeat } from '../with-heartbeat.ts';
import { putBackGatewayAccess } from './gateway-credential.ts';
import { type ImageTrial, tryImages } from './image-trial.ts';
import { noteRenderedSleep } from './rendered-sleep.ts';
import { createReleaseMutex } from './release-mutex.ts';
import { replaceStuckPodsSoon } from './stuck-pods.ts';
import { applySeed } from './tenant-seed.ts';
import {
  controlPlaneMissing,
  isAsleep,
  isVolumeLeft,
  listWorkloads,
  resetReplicas,
  scaleControlPlane,
} from './workloads.ts';

export interface ReleaseDeps {
  readonly hosts: HostNamespaces;
  readonly resources: ManagementResources;
  readonly helm: Helm;
  readonly chartsDir: string;
  /** Archives of more charts (contracts/config.ts); none if left out. */
  readonly charts?: readonly string[] | undefined;
  /** Folder of seeds for new stores; every store starts empty if left out. */
  readonly seedsDir?: string | undefined;
  /** Private scratch folder. */
  readonly workDir: string;
}

/** What a wake may go back to, and from where. */
export interface Fallback {
  readonly hash: string;
  readonly deployedBy: string;
  readonly chart?: { readonly chart: string; readonly version: string };
  readonly from: { readonly hash: string; readonly deployedBy: string };
}

/** Revisions that the release of a sleeper keeps: what was up last must be among them, however often it is updated. */
const keptAsleep = 30;

const goneCodes = new Set<ErrorCode>(['tenant_cluster_not_found', 'template_not_found']);

/** The tenant cluster's Helm release. Values stay inside: no input or result holds any. All heartbeat. */
export function createReleaseActivities(deps: ReleaseDeps) {
  const inTurn = createReleaseMutex();
  const charts = createChartSources({
    helm: deps.helm,
    chartsDir: deps.chartsDir,
    archives: deps.charts ?? [],
  });
  const checkedRelease = createCheckedReleases({ ...deps, charts });

  /** Helm acts as an identity of the host namespace, with what the chart may make there. */
  async function targetOf(host: TenantHost, signal: AbortSignal | undefined): Promise<ReleaseTarget> {
    const kubeconfig = await host.helmKubeconfigFile((await chartOf(host)).helmRole);
    const { name: release, cluster } = host.owner;
    return { release, namespace: host.name, cluster, kubeconfig, signal };
  }

  /** Works on the release in its turn, once records that are not Helm's are gone; nothing happens in another's namespace. */
  function onOwnRelease(
    tenant: TenantRef,
    work: (host: TenantHost, target: ReleaseTarget) => Promise<void>,
  ): Promise<void> {
    return withHeartbeat(async (signal) => {
      const host = await deps.hosts.find(tenant);
      if (host === undefined) return;
      const target = await targetOf(host, signal);
      await inTurn(target, async () => {
        await deleteForgedRecords(host.client, target);
        await work(host, target);
      });
    });
  }

  /** While an instance is deleted its template may have gone before it. */
  async function chartOf({ owner }: TenantHost): Promise<TenantChart> {
    try {
      return await tenantChartOf(deps.resources, owner);
    } catch (error) {
      if (error instanceof PlatformError && goneCodes.has(error.code)) return broadestChart;
      throw error;
    }
  }

  async function goBackTo(host: TenantHost, target: ReleaseTarget, revision: number): Promise<void> {
    const asleep = await isAsleep(host);
    await deps.helm.rollback(target, revision);
    await noteRelease(host);
    // That revision may have been made while it slept, or while it did not, and have rendered its replicas so.
    await scaleControlPlane(host, !asleep);
    if (!asleep) await replaceStuckPodsSoon(host, target.signal);
  }

  return {
    /**
     * Renders what would be installed, in a jail, and checks it against the chart contract. Of the connected cluster
     * only its version and kinds are asked. No effects.
     * @throws PlatformError `tenant_cluster_not_found`, `template_not_found`, `invalid_parameters`,
     *   `invalid_values`, `chart_failed`, `management_unavailable`, `cluster_unreachable`, `cluster_not_found`
     */
    checkRelease: ({ tenant }: { tenant: TenantRef }): Promise<{ chart: string; version: string }> =>
      withHeartbeat(async (signal) => {
        const [capabilities, isUpgrade] = await Promise.all([
          deps.hosts.capabilities(tenant.cluster),
          isDeployed(deps.resources, tenant),
        ]);
        const { chart } = await checkedRelease({ tenant, capabilities, isUpgrade, asleep: false }, signal);
        return { chart: chart.name, version: chart.version };
      }),

    /**
     * Whether nodes can start the images that a sleeping tenant cluster would be woken with: see {@link tryImages}. Idempotent by
     * `operationId`: its Job is gone at the end.
     * @throws PlatformError as `checkRelease`; `control_plane_not_ready` if one cannot be started
     */
    checkImages: ({ tenant, operationId }: { tenant: TenantRef; operationId: string }): Promise<ImageTrial> =>
      withHeartbeat(async (signal) => {
        const host = await deps.hosts.prove(tenant);
        const capabilities = await deps.hosts.capabilities(tenant.cluster);
        const { objects } = await checkedRelease(
          { tenant, capabilities, isUpgrade: true, asleep: true },
          signal,
        );
        return tryImages(host, operationId, objects, signal);
      }),

    /**
     * Installs or upgrades the release to the bytes that were checked, and waits for nothing. Idempotent by `operationId`: the second call finds
     * the first one's revision. What a killed Helm left is cleared away first. What rendered values say of sleep is written to the
     * instance's status. What somebody changed or deleted of the release or of the gateway's access is put back, and how all of it is
     * now is noted on the host namespace (adapters/applied-objects.ts). `unseeded`: why a new store starts without a seed.
     * @throws PlatformError as `checkRelease`, and what HostNamespaces.prove throws
     */
    installRelease: ({
      tenant,
      operationId,
    }: {
      tenant: TenantRef;
      operationId: string;
    }): Promise<{ revision: number; unseeded?: string }> =>
      withHeartbeat(async (signal) => {
        const [host, capabilities] = await Promise.all([
          deps.hosts.prove(tenant),
          deps.hosts.capabilities(tenant.cluster),
        ]);
        const { client } = host;
        const target = await targetOf(host, signal);
        return inTurn(target, async () => {
          const last = (await listRevisions(client, target)).at(-1);
          if (last?.operation === operationId && last.status === 'deployed') {
            await noteRelease(host);
            return { revision: last.revision };
          }
          const isUpgrade = last !== undefined;
          const asleep = isUpgrade && (await isAsleep(host));
          const manifest = await checkedRelease({ tenant, capabilities, isUpgrade, asleep }, signal);
          const [unseeded] = await Promise.all([
            isUpgrade ? undefined : applySeed(host, manifest, deps.seedsDir),
            noteRenderedSleep(deps.resources, tenant, manifest.sleep),
            deleteForgedRecords(client, target),
          ]);
          if (isUpgrade) await repairRelease(deps.helm, client, target);
          const labels = { [releaseLabels.operation]: operationId, [releaseLabels.runner]: thisRunner() };
          const revision = await deps.helm.upgrade(target, {
            manifest,
            labels,
            ...(asleep ? { keep: keptAsleep } : {}),
          });
          if (isUpgrade && !asleep) await resetReplicas(host, manifest.objects);
          await noteRelease(host);
          // A new one has a step of its own for it.
          if (isUpgrade) await putBackGatewayAccess(host, deps.resources);
          return { revision, ...(unseeded === undefined ? {} : { unseeded }) };
        });
      }),

    /**
     * Undoes `installRelease` of the same operation: back to the revision that was deployed before. Nothing
     * happens if that operation made no revision, if there is none to go back to, or if the namespace is not ours.
     * @throws PlatformError `chart_failed`, `cluster_unreachable`, `cluster_not_found`
     */
    rollbackRelease: ({ tenant, operationId }: { tenant: TenantRef; operationId: string }): Promise<void> =>
      onOwnRelease(tenant, async (host, target) => {
        await repairRelease(deps.helm, host.client, target);
        const revisions = await listRevisions(host.client, target);
        if (revisions.at(-1)?.operation !== operationId) return;
        const before = revisions.findLast(
          (revision) => revision.operation !== operationId && wasDeployed(revision),
        );
        if (before !== undefined) await goBackTo(host, target, before.revision);
      }),

    /**
     * What was deployed when the control plane was up last, and by which operation, unless that is what is deployed or
     * the release does not hold it any more; and the same of what is deployed. Changes nothing.
     * @throws PlatformError `tenant_cluster_not_found`, `management_unavailable`, what HostNamespaces.prove throws
     */
    findFallback: ({ tenant }: { tenant: TenantRef }): Promise<{ fallback?: Fallback }> =>
      withHeartbeat(async () => {
        const host = await deps.hosts.prove(tenant);
        const { status } = await readInstance(deps.resources, tenant);
        const { observedHash, deployedBy } = status ?? {};
        const lastUp = fallbackOf(status);
        if (lastUp === undefined || observedHash === undefined || deployedBy === undefined) return {};
        const revisions = await listRevisions(host.client, { release: tenant.name, namespace: host.name });
        const by = revisionBefore(revisions, deployedBy, lastUp.deployedBy)?.operation;
        if (by === undefined) return {};
        const { name, version } = lastUp.chart ?? {};
        return {
          fallback: {
            ...{ hash: lastUp.hash, deployedBy: by },
            ...(name && version ? { chart: { chart: name, version } } : {}),
            from: { hash: observedHash, deployedBy },
          },
        };
      }),

    /**
     * Brings the release back to what operation `deployedBy` deployed; it stays asleep or awake. Idempotent. Nothing
     * happens if the namespace is not ours.
     * @throws PlatformError `conflict` if the release does not hold it any more, `chart_failed`, `cluster_unreachable`
     */
    redeployRelease: ({ tenant, deployedBy }: { tenant: TenantRef; deployedBy: string }): Promise<void> =>
      onOwnRelease(tenant, async (host, target) => {
        await repairRelease(deps.helm, host.client, target);
        const revisions = await listRevisions(host.client, target);
        const last = revisions.at(-1);
        if (last?.operation === deployedBy && last.status === 'deployed') return;
        const wanted = revisions.findLast((one) => one.operation === deployedBy && wasDeployed(one));
        if (wanted === undefined)
          throw new PlatformError('conflict', `release ${target.release} does not hold its earlier revision`);
        await goBackTo(host, target, wanted.revision);
      }),

    /**
     * Makes again what somebody deleted of the release, as it was deployed last, and starts it, if its volume is left.
     * Idempotent. Nothing happens if the namespace is not ours.
     * @throws PlatformError `control_plane_missing` if its data are gone, `chart_failed`, `cluster_unreachable`
     */
    repairControlPlane: ({ tenant }: { tenant: TenantRef }): Promise<void> =>
      onOwnRelease(tenant, async (host, target) => {
        await repairRelease(deps.helm, host.client, target);
        const last = (await listRevisions(host.client, target)).findLast(wasDeployed);
        const [workloads, isLeft] = await Promise.all([listWorkloads(host), isVolumeLeft(host)]);
        if (last === undefined || !isLeft)
          throw controlPlaneMissing(host, workloads.length > 0 ? 'its volume' : 'a control plane');
        await goBackTo(host, target, last.revision);
      }),

    /**
     * Removes the release and its objects. Idempotent: none is none to remove, and nothing is ours in another's namespace.
     * @throws PlatformError `chart_failed`, `cluster_unreachable`, `cluster_not_found`
     */
    uninstallRelease: ({ tenant }: { tenant: TenantRef }): Promise<void> =>
      onOwnRelease(tenant, async ({ client }, target) => {
        if ((await listRevisions(client, target)).length > 0) await deps.helm.uninstall(target);
      }),
  };
}

function wasDeployed({ status }: ReleaseRevision): boolean {
  return status === 'deployed' || status === 'superseded';
}

/** The last revision that `wanted` made or, if that is not known, the last one that `deployedBy` did not make. */
function revisionBefore(
  revisions: readonly ReleaseRevision[],
  deployedBy: string,
  wanted: string | undefined,
): ReleaseRevision | undefined {
  return revisions.findLast(
    (one) =>
      wasDeployed(one) && (wanted === undefined ? one.operation !== deployedBy : one.operation === wanted),
  );
}
