import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import type { ActivityDeps } from '../activities/index.ts';
import { createConnectedClusters } from '../adapters/connected-clusters.ts';
import { hostNamespaces } from '../adapters/host-namespaces.ts';
import { createHelm } from '../adapters/helm/helm.ts';
import { connectCluster } from '../adapters/kubernetes/client.ts';
import { managementResources } from '../adapters/kubernetes/resources.ts';
import type { Logger } from '../adapters/logging.ts';
import type { WorkerConfig } from '../contracts/config.ts';
import { writers } from '../contracts/names.ts';
import { createOperationsDependencies } from '../operations/dependencies.ts';

/** What the worker's activities work with; the scratch folder is emptied. Nothing is dialled yet. */
export function createWorkerDependencies(
  config: WorkerConfig,
  logger: Logger,
): ActivityDeps & { close(): Promise<void> } {
  const { workDir } = config;
  rmSync(workDir, { recursive: true, force: true });
  mkdirSync(workDir, { recursive: true, mode: 0o700 });
  const writer = writers.worker;
  const management = connectCluster(readFileSync(config.managementKubeconfig, 'utf8'), { writer });
  const clusters = createConnectedClusters({ management, workDir, writer });
  const operations = createOperationsDependencies(config, logger);
  return {
    operations,
    management,
    resources: managementResources(management),
    clusters,
    hosts: hostNamespaces(clusters),
    helm: createHelm({ binary: config.helmBinary, workDir, chartsCaFile: config.chartsCaFile }),
    chartsDir: config.chartsDir,
    charts: config.charts,
    snapshotsDir: config.snapshotsDir,
    goneSnapshotDays: config.goneSnapshotDays,
    toolsImage: config.toolsImage,
    seedsDir: config.seedsDir,
    wakesAtOnce: config.wakesAtOnce,
    workDir,
    close: operations.close,
  };
}
