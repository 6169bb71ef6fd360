import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { readConfigFile } from '../adapters/config-file.ts';
import { createConnectedClusters } from '../adapters/connected-clusters.ts';
import { hostNamespaces } from '../adapters/host-namespaces.ts';
import { briefAnswers, connectCluster } from '../adapters/kubernetes/client.ts';
import { endFailedStart, endInOrder } from '../adapters/end-in-order.ts';
import { managementResources } from '../adapters/kubernetes/resources.ts';
import { createLogger } from '../adapters/logging.ts';
import { startTracing } from '../adapters/tracing/start-tracing.ts';
import { ControllersConfig } from '../contracts/config.ts';
import { writers } from '../contracts/names.ts';
import { createOperationsDependencies } from '../operations/dependencies.ts';
import { createCaches } from './caches.ts';
import { createControllerMetrics, createMetricsServer } from './controller-metrics.ts';
import { createAgentClient } from './clusters/agent-client.ts';
import { createAgentRecords } from './clusters/agent-records.ts';
import { createOwnedRbac } from './rbac/owned-rbac.ts';
import { startControllers } from './start-controllers.ts';

const graceMs = 10_000;
/** Ready is said after so long at the latest: the controllers also run while the management API is away. */
const catchUpMs = 15_000;

async function main(): Promise<void> {
  const config = readConfigFile(ControllersConfig);
  const logger = createLogger('controllers', config.logLevel);
  const tracer = await startTracing('controllers', config.tracing, logger);
  const writer = writers.controllers;
  const client = connectCluster(readFileSync(config.managementKubeconfig, 'utf8'), { writer });
  const operations = createOperationsDependencies(config, logger);
  const ours = { management: client, workDir: tmpdir(), credential: 'controllers', writer } as const;
  const clusters = createConnectedClusters({ ...ours, limits: briefAnswers });
  const hosts = createConnectedClusters({
    management: client,
    workDir: tmpdir(),
    writer,
    limits: briefAnswers,
  });
  const connect = config.connect && wayToAgents(config.connect);
  const gateways = createConnectedClusters({
    ...ours,
    credential: 'gateway',
    proxyUrl: connect?.proxyUrl,
    limits: briefAnswers,
  });
  const metrics = createControllerMetrics();
  const running = startControllers({
    client,
    resources: managementResources(client),
    caches: createCaches(client.kubeConfig, logger),
    rbac: createOwnedRbac(client.kubeConfig, logger),
    clusters,
    watchedClusters: createConnectedClusters(ours),
    followedClusters: createConnectedClusters({ ...ours, credential: 'worker' }),
    metrics,
    otherAccounts: { worker: hosts, gateway: gateways },
    spaces: hostNamespaces(clusters),
    tenants: hostNamespaces(hosts),
    operations,
    agents: createAgentRecords(operations.database, logger),
    connect,
    logger,
    accessKeysPerOwner: config.accessKeysPerOwner,
    deletionWarningSeconds: config.deletionWarningSeconds,
    retryPauses: config.retry && {
      firstMs: config.retry.firstSeconds * 1000,
      longestMs: config.retry.longestSeconds * 1000,
    },
  });
  const metricsServer = config.metrics && createMetricsServer(metrics).listen(config.metrics);
  const stop = async () => {
    metricsServer?.close();
    await running.stop();
    await connect?.client.close();
    await operations.close();
    await tracer?.stop();
  };
  endInOrder(stop, { delayMs: graceMs, logger });
  await Promise.race([running.caughtUp, delay(catchUpMs, undefined, { ref: false })]);
  console.log('controllers ready');
}

function wayToAgents({ url, secretFile }: NonNullable<ControllersConfig['connect']>) {
  const proxy = new URL(url);
  proxy.username = 'worker';
  proxy.password = readFileSync(secretFile, 'utf8').trim();
  return { proxyUrl: proxy.href, client: createAgentClient(proxy.href) };
}

await main().catch(endFailedStart);
