import { tmpdir } from 'node:os';
import { createConnectedClusters } from '../../adapters/connected-clusters.ts';
import { hostNamespaces } from '../../adapters/host-namespaces.ts';
import { type ClusterClient, connectCluster } from '../../adapters/kubernetes/client.ts';
import { managementResources } from '../../adapters/kubernetes/resources.ts';
import { createLogger } from '../../adapters/logging.ts';
import { createCaches } from '../../controllers/caches.ts';
import { createAgentRecords } from '../../controllers/clusters/agent-records.ts';
import { createOwnedRbac } from '../../controllers/rbac/owned-rbac.ts';
import { startControllers } from '../../controllers/start-controllers.ts';
import { storeCredentials } from '../../local/bootstrap/connected-cluster.ts';
import { readManifests } from '../../adapters/kubernetes/manifests.ts';
import { applyManifests } from '../../local/bootstrap/apply-manifests.ts';
import { createOperationsDependencies } from '../../operations/dependencies.ts';
import { startTogether } from '../support/start-together.ts';
import { startApiServer, type TestApiServer } from '../support/api-server.ts';
import { eventually } from '../support/eventually.ts';
import { hashOf } from './test-gateway.ts';
import { type ManagementFixture, startManagementFixture } from './management-fixture.ts';
import { keyOf } from './user-calls.ts';

/** A gateway and the real controllers before a real management API, with connected cluster `local` of its own. */
export interface AccessFixture extends ManagementFixture {
  readonly cluster: TestApiServer;
  readonly clusterAdmin: ClusterClient;
  /** Makes a user with a key (`keyOf(name)`) and waits until the gateway may act as him. */
  addUser(name: string, spec?: object): Promise<void>;
}

/**
 * Anna is made administrator of the platform; tenant clusters do not exist, only their resources do.
 * @param tenant what the controllers find where they look for a tenant cluster of this name
 */
export async function startAccessFixture(
  tenant?: (name: string) => ClusterClient,
  options: { databaseUrl?: string; tenantRepairMs?: number } = {},
): Promise<AccessFixture> {
  await using undo = new AsyncDisposableStack();
  const stopped = <T extends { stop(): Promise<void> }>(started: T): T => {
    undo.defer(() => started.stop());
    return started;
  };
  const [cluster, management] = await startTogether([
    startApiServer().then(stopped),
    startManagementFixture(options).then(stopped),
  ]);
  const clusterAdmin = connectCluster(cluster.adminKubeconfig);
  await applyManifests(clusterAdmin, [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'vcluster-platform' } },
    ...readManifests(`${import.meta.dirname}/../../deploy/charts/vcluster-platform/connected-cluster`),
  ]);
  const { resources, admin } = management;
  await storeCredentials(admin, 'local', {
    gateway: await cluster.kubeconfig('vcluster-platform:gateway'),
    worker: await cluster.kubeconfig('vcluster-platform:worker'),
    controllers: await cluster.kubeconfig('vcluster-platform:controllers'),
  });
  await resources.clusters.create({ metadata: { name: 'local' }, spec: { local: true } });
  await resources.users.patch(
    { name: 'anna' },
    { spec: { clusterRoles: [{ name: 'loft-management-admin' }] } },
  );
  stopped(await startTestControllers(management, tenant, options.tenantRepairMs));
  const started = undo.move();
  return {
    ...management,
    cluster,
    clusterAdmin,
    async addUser(name, spec = {}) {
      await resources.users.create({ metadata: { name }, spec: { subject: `${name}@example.com`, ...spec } });
      await resources.accesskeys.create({
        metadata: { name: `key-${name}` },
        spec: { user: name, keyHash: hashOf(keyOf(name)) },
      });
      await eventually(
        `${name} is let in`,
        async () => (await management.call(name, 'GET', '/kubernetes/management/version')).status === 200,
      );
    },
    stop: () => started.disposeAsync(),
  };
}

async function startTestControllers(
  { apiServer }: ManagementFixture,
  tenant: ((name: string) => ClusterClient) | undefined,
  tenantRepairMs: number | undefined,
) {
  const logger = createLogger('controllers', process.env['GATEWAY_LOG'] === undefined ? 'error' : 'debug');
  const client = connectCluster(await apiServer.kubeconfig('vcluster-platform:controllers'));
  // Nothing answers there: operations are not part of these tests.
  const operations = createOperationsDependencies(
    {
      databaseUrl: 'postgres://nobody@127.0.0.1:1/none',
      temporal: { address: '127.0.0.1:1', namespace: 'none' },
    },
    logger,
  );
  const clusters = createConnectedClusters({
    management: client,
    workDir: tmpdir(),
    credential: 'controllers',
  });
  const running = startControllers({
    client,
    resources: managementResources(client),
    caches: createCaches(client.kubeConfig, logger),
    rbac: createOwnedRbac(client.kubeConfig, logger),
    clusters,
    watchedClusters: clusters,
    followedClusters: createConnectedClusters({ management: client, workDir: tmpdir() }),
    // Cases change the same bindings one after the other.
    putBackPauses: { firstMs: 100, longestMs: 100 },
    spaces: hostNamespaces(clusters),
    tenants: hostNamespaces({
      ...createConnectedClusters({ management: client, workDir: tmpdir() }),
      ...(tenant === undefined ? {} : { tenantClient: async ({ name }) => tenant(name) }),
    }),
    operations,
    agents: createAgentRecords(operations.database, logger),
    logger,
    tenantRepairMs,
  });
  return {
    async stop() {
      await running.stop();
      await operations.close();
    },
  };
}
