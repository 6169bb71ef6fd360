import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createClusterObjectActivities } from '../../activities/clusters/cluster-objects.ts';
import { anchorPath } from '../../activities/clusters/own-objects.ts';
import { renderKubeconfig } from '../../adapters/certificates/kubeconfig.ts';
import { applyCluster } from '../../adapters/cluster-setup.ts';
import { type ClusterClient, connectCluster } from '../../adapters/kubernetes/client.ts';
import { shardName } from '../../adapters/kubernetes/impersonation-roles.ts';
import { applyRbac, deleteRbac, rbacManifest, rbacPath } from '../../adapters/kubernetes/rbac-objects.ts';
import { requestJson } from '../../adapters/kubernetes/request.ts';
import type { ManagementResources } from '../../adapters/kubernetes/resources.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { annotations, labels, platformNamespace, writers } from '../../contracts/names.ts';
import type { ClusterSpec } from '../../contracts/resources/cluster.ts';
import { shardDigits } from '../../domain/access/shards.ts';
import { findProgram } from '../../toolchain/find-program.ts';
import { startApiServer, type TestApiServer } from '../support/api-server.ts';
import {
  clusterInventory,
  type InventoryObject,
  isAsBefore,
  settledInventory,
} from '../support/cluster-inventory.ts';
import { eventually } from '../support/eventually.ts';
import { run } from '../support/platform.ts';

const chart = join(import.meta.dirname, '..', '..', 'deploy', 'charts', 'vcluster-platform');
const values = { agentOnly: true, url: 'https://platform.test:8443', token: 'vcpj_0123' };
const cluster = { name: 'east', uid: 'u-1' };
const dialled: ClusterSpec = { config: { secretName: 'east' } };
/** On a real API server with a real controller manager, as the account that the worker has there. */
describe('what a connected cluster holds of ours', { timeout: 300_000 }, () => {
  let server: TestApiServer;
  let admin: ClusterClient;
  let dir: string;
  let untouched: string[];
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'vcp-cluster-objects-'));
    // As OpenShift has it: owners are changed only by one who may delete.
    const admission = '--enable-admission-plugins=OwnerReferencesPermissionEnforcement';
    server = await startApiServer({ controllerManager: true, extraArgs: [admission] });
    admin = connectCluster(server.adminKubeconfig, { writer: writers.bootstrap });
    writeFileSync(join(dir, 'kubeconfig'), server.adminKubeconfig, { mode: 0o600 });
    untouched = await settledInventory(admin);
  });
  after(async () => {
    await server?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  /** Of what was not there before anything was connected, by path. */
  async function added(): Promise<Map<string, InventoryObject>> {
    const all = await clusterInventory(admin);
    for (const path of untouched) all.delete(path);
    return all;
  }

  const isUntouched = (...but: RegExp[]) => isAsBefore(admin, untouched, ...but);

  function activitiesOf(spec: ClusterSpec, client: ClusterClient) {
    const get = async () => ({ metadata: { ...cluster, resourceVersion: '1' }, spec });
    const resources = { clusters: { get } } as unknown as ManagementResources;
    return createClusterObjectActivities({ resources, clusters: { client: async () => client } });
  }

  async function workerOf(namespace: string): Promise<ClusterClient> {
    const { status } = await admin.core.createNamespacedServiceAccountToken({
      namespace,
      name: 'worker',
      body: { spec: { audiences: [] } },
    });
    const { url, certificateAuthority } = server;
    const kubeconfig = renderKubeconfig({ server: url, certificateAuthority, token: status?.token ?? '' });
    return connectCluster(kubeconfig, { writer: writers.worker });
  }

  async function helm(...args: string[]): Promise<void> {
    const env = { PATH: process.env['PATH'], HOME: dir, KUBECONFIG: join(dir, 'kubeconfig') };
    const { code, stderr } = await run(findProgram('helm'), args, { input: JSON.stringify(values), env });
    assert.equal(code, 0, stderr);
  }

  /** As many as there can be: the controllers make them where names are many. */
  async function makeShards(): Promise<void> {
    const metadata = { labels: {}, annotations: {} };
    for (const digit of shardDigits) {
      const name = shardName('vcluster-platform:gateway-users', digit);
      const role = { kind: 'ClusterRole', name } as const;
      for (const object of [
        { ...role, rules: [] },
        { kind: 'ClusterRoleBinding', name, role, subjects: [] } as const,
      ])
        await applyRbac(admin.kubeConfig, rbacManifest(object, metadata), writers.controllers);
    }
  }

  /** Installs the agent, twice as an upgrade does. */
  async function connectByAgent(namespace: string): Promise<ClusterClient> {
    for (let revision = 1; revision <= 2; revision++)
      await helm(
        ...['upgrade', '--install', 'loft', chart, '--create-namespace'],
        ...['--namespace', namespace, '--values', '-'],
      );
    await makeShards();
    return workerOf(namespace);
  }

  const isInForce = (activities: ReturnType<typeof activitiesOf>) =>
    eventually("the worker's rights are in force", () => activities.findClusterRemains({ cluster }));

  /** Paths of what does not belong to the object that all is to go with. */
  async function ownerless(): Promise<string[]> {
    const ours = await added();
    const { metadata } = (await requestJson(admin.kubeConfig, { path: anchorPath })) as InventoryObject;
    const uids = new Set([...ours.values()].map((object) => object.metadata.uid));
    return [...ours.keys()].filter((path) => {
      const { uid, ownerReferences = [] } = ours.get(path)?.metadata ?? { uid: '' };
      return uid !== metadata.uid && !ownerReferences.some((owner) => uids.has(owner.uid));
    });
  }

  /** By the right to write our roles and bindings for their owners. */
  async function getsNoRights(worker: ClusterClient): Promise<void> {
    const everything = { apiGroups: ['*'], resources: ['*'], verbs: ['*'] };
    const subject = { kind: 'ServiceAccount', name: 'worker', namespace: platformNamespace };
    for (const [kind, name, body] of [
      ['ClusterRole', 'vcluster-platform:worker', { rules: [everything] }],
      ['ClusterRole', 'vcluster-platform:disconnect', { rules: [everything] }],
      ['ClusterRoleBinding', 'vcluster-platform:administrators', { subjects: [subject] }],
      ['ClusterRoleBinding', 'vcluster-platform:controllers', { subjects: [subject] }],
    ] as const)
      await assert.rejects(
        requestJson(worker.kubeConfig, {
          method: 'PATCH',
          path: `${rbacPath(kind)}/${name}`,
          contentType: 'application/merge-patch+json',
          body,
        }),
        /attempting to grant RBAC permissions not currently held/,
        name,
      );
  }

  it('is all made to belong to one object, and goes with it, the namespace too', async () => {
    const worker = await connectByAgent('fleet');
    const activities = activitiesOf({ networkPeer: true, managementNamespace: 'fleet' }, worker);
    const remains = await isInForce(activities);
    assert.deepEqual(remains.kept, []);
    const { Deployment, Namespace, ServiceAccount, ClusterRole = 0, Secret = 0 } = remains.objects;
    assert.deepEqual([Deployment, Namespace, ServiceAccount], [1, 1, 4]);
    assert.ok(ClusterRole > 16 && Secret === 4, JSON.stringify(remains));
    assert.deepEqual(await activities.claimClusterObjects({ cluster }), { kept: [] });
    assert.deepEqual(
      (await ownerless()).filter((path) => !/ fleet\/(default|kube-root-ca\.crt)$/.test(path)),
      [],
    );
    await requestJson(worker.kubeConfig, { method: 'DELETE', path: anchorPath });
    await isUntouched();
  });

  it('of a cluster that is dialled, too; twice is once, and so is half of it and all', async () => {
    await applyCluster(admin, cluster.name, writers.controllers, 'direct');
    const worker = await workerOf(platformNamespace);
    const activities = activitiesOf(dialled, worker);
    await isInForce(activities);
    await getsNoRights(worker);
    assert.deepEqual(await activities.claimClusterObjects({ cluster }), { kept: [] });
    const claimed = await added();
    assert.deepEqual(await activities.claimClusterObjects({ cluster }), { kept: [] });
    assert.deepEqual(await added(), claimed);
    for (const path of [
      '/api/v1/namespaces/vcluster-platform',
      '/api/v1/namespaces/vcluster-platform/serviceaccounts/worker',
    ])
      await requestJson(admin.kubeConfig, {
        method: 'PATCH',
        path,
        contentType: 'application/merge-patch+json',
        body: { metadata: { ownerReferences: null } },
      });
    await activities.claimClusterObjects({ cluster });
    assert.deepEqual(await activities.removeClusterObjects({ cluster }), { kept: [] });
    assert.deepEqual(await activities.removeClusterObjects({ cluster }), { kept: [] });
    await isUntouched();
  });

  it("keeps its namespace while that holds what is another's, and says what", async () => {
    const worker = await connectByAgent('shared');
    const activities = activitiesOf({ networkPeer: true, managementNamespace: 'shared' }, worker);
    await isInForce(activities);
    await activities.claimClusterObjects({ cluster });
    await admin.core.createNamespacedSecret({ namespace: 'shared', body: { metadata: { name: 'mine' } } });
    const spec = {
      selector: { matchLabels: { app: 'mine' } },
      template: {
        metadata: { labels: { app: 'mine' } },
        spec: { containers: [{ name: 'c', image: 'i' }] },
      },
    };
    await admin.apps.createNamespacedDeployment({
      namespace: 'shared',
      body: { metadata: { name: 'app' }, spec },
    });
    await admin.core.createNamespace({
      body: { metadata: { name: 'lost', labels: { [labels.managed]: 'true' } } },
    });
    const stays = /^namespace shared, which holds (Secret mine, Deployment app|Deployment app, Secret mine)$/;
    const [kept = ''] = (await activities.findClusterRemains({ cluster })).kept;
    assert.match(kept, stays);
    const claimed = await activities.claimClusterObjects({ cluster });
    assert.deepEqual(claimed.kept, [kept, 'namespace lost, which no instance claims']);
    await requestJson(worker.kubeConfig, { method: 'DELETE', path: anchorPath });
    await isUntouched(/ shared\/(default|kube-root-ca\.crt|mine|app.*)$/, /lost/, / \/shared$/);
    await admin.core.readNamespacedSecret({ namespace: 'shared', name: 'mine' });
    await admin.apps.readNamespacedDeployment({ namespace: 'shared', name: 'app' });
    for (const name of ['shared', 'lost']) await admin.core.deleteNamespace({ name });
    await isUntouched();
  });

  it('lets go of a namespace of Kubernetes', async () => {
    const worker = await connectByAgent('default');
    const activities = activitiesOf({ networkPeer: true, managementNamespace: 'default' }, worker);
    const { objects, kept } = await isInForce(activities);
    assert.deepEqual([objects['Namespace'], kept], [undefined, []]);
    await activities.claimClusterObjects({ cluster });
    await requestJson(worker.kubeConfig, { method: 'DELETE', path: anchorPath });
    await isUntouched();
    const { metadata } = await admin.core.readNamespace({ name: 'default' });
    assert.deepEqual([metadata?.ownerReferences, metadata?.deletionTimestamp], [undefined, undefined]);
  });

  it('of an earlier version is not touched, and the message says what to do', async () => {
    await applyCluster(admin, cluster.name, writers.controllers, 'direct');
    const worker = await workerOf(platformNamespace);
    const activities = activitiesOf(dialled, worker);
    await isInForce(activities);
    await deleteRbac(admin.kubeConfig, 'ClusterRole', 'vcluster-platform:disconnect');
    const refusal = {
      code: 'forbidden',
      message: /Run "vcp add cluster east" again, or disconnect with --force/,
    };
    await eventually('the right is gone', async () => {
      await assert.rejects(activities.claimClusterObjects({ cluster }), refusal);
      return true;
    });
    await assert.rejects(activities.findClusterRemains({ cluster }), refusal);
    // Connected again by this version; its namespace stays, and does not say any more whose it is.
    await applyCluster(admin, cluster.name, writers.controllers, 'direct');
    await isInForce(activities);
    await admin.core.createNamespacedConfigMap({
      namespace: platformNamespace,
      body: { metadata: { name: 'mine' } },
    });
    await activities.claimClusterObjects({ cluster });
    await activities.removeClusterObjects({ cluster });
    const { metadata } = await admin.core.readNamespace({ name: platformNamespace });
    assert.equal(metadata?.annotations?.[annotations.connectedAs], undefined);
    await admin.core.deleteNamespace({ name: platformNamespace });
    await isUntouched();
  });

  it('is not the platform’s own cluster', async () => {
    const activities = activitiesOf({ local: true }, admin);
    for (const activity of Object.values(activities))
      await assert.rejects(activity({ cluster }), { code: 'conflict', message: /is the platform's own/ });
  });

  it('is not asked for while the agent is away, and counts as gone if it goes away when asked', async () => {
    const offline = new PlatformError('cluster_offline', 'cluster east is offline');
    const answers: (Error | undefined)[] = [offline];
    const kubeConfig = Object.create(admin.kubeConfig, {
      applySecurityAuthentication: {
        value: async () => {
          throw answers.shift() ?? offline;
        },
      },
    }) as ClusterClient['kubeConfig'];
    const activities = activitiesOf({ networkPeer: true }, { ...admin, kubeConfig });
    await assert.rejects(activities.removeClusterObjects({ cluster }), { code: 'cluster_offline' });
    answers.push(new TypeError('fetch failed', { cause: new Error('other side closed') }));
    const { kept } = await activities.removeClusterObjects({ cluster });
    assert.match(kept.join(), /its agent went away before it had confirmed the removal/);
  });
});
