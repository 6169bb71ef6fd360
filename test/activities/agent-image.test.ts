import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { V1Pod } from '@kubernetes/client-node';
import packageJson from '../../package.json' with { type: 'json' };
import { createAgentImageActivities } from '../../activities/clusters/agent-image.ts';
import { renderKubeconfig } from '../../adapters/certificates/kubeconfig.ts';
import { type ClusterClient, connectCluster } from '../../adapters/kubernetes/client.ts';
import { requestJson } from '../../adapters/kubernetes/request.ts';
import type { ManagementResources } from '../../adapters/kubernetes/resources.ts';
import { createLogger } from '../../adapters/logging.ts';
import { writers } from '../../contracts/names.ts';
import type { ClusterSpec } from '../../contracts/resources/cluster.ts';
import { createDatabase } from '../../db/client.ts';
import { migrate } from '../../db/migrate.ts';
import { openTunnel } from '../../db/queries/agent-tunnels.ts';
import { agents } from '../../db/schema/agents.ts';
import { createOperationsDependencies } from '../../operations/dependencies.ts';
import { findProgram } from '../../toolchain/find-program.ts';
import { startApiServer, type TestApiServer } from '../support/api-server.ts';
import { eventually } from '../support/eventually.ts';
import { run } from '../support/platform.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { urlOfRole } from '../support/runtime-role.ts';

const chart = join(import.meta.dirname, '..', '..', 'deploy', 'charts', 'vcluster-platform');
const namespace = 'fleet';
const cluster = { name: 'east', uid: randomUUID() };
const viaAgent: ClusterSpec = { networkPeer: true, managementNamespace: namespace };

/** On real servers, as the account that the worker has there; the test is the kubelet. */
describe("an agent's image", { timeout: 300_000 }, () => {
  let server: TestApiServer;
  let postgres: TestPostgres;
  let admin: ClusterClient;
  let dir: string;
  let close: () => Promise<void>;
  let activities: ReturnType<typeof createAgentImageActivities>;
  let of: (spec: ClusterSpec) => typeof activities;
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'vcp-agent-image-'));
    [server, postgres] = await Promise.all([startApiServer({ controllerManager: true }), startPostgres()]);
    admin = connectCluster(server.adminKubeconfig, { writer: writers.bootstrap });
    writeFileSync(join(dir, 'kubeconfig'), server.adminKubeconfig, { mode: 0o600 });
    await helm({});
    await migrate(postgres.url);
    const operations = createOperationsDependencies(
      {
        databaseUrl: await urlOfRole(postgres.url, 'worker'),
        temporal: { address: '127.0.0.1:1', namespace: 'none' },
      },
      createLogger('test', 'fatal'),
    );
    close = operations.close;
    const body = { spec: { audiences: [] } };
    const { status } = await admin.core.createNamespacedServiceAccountToken({
      ...{ namespace, name: 'worker', body },
    });
    const { url, certificateAuthority } = server;
    const kubeconfig = renderKubeconfig({ server: url, certificateAuthority, token: status?.token ?? '' });
    const client = connectCluster(kubeconfig, { writer: writers.worker });
    of = (spec) => {
      const get = async () => ({ metadata: { ...cluster, resourceVersion: '1' }, spec });
      const resources = { clusters: { get } } as unknown as ManagementResources;
      return createAgentImageActivities({ operations, resources, clusters: { client: async () => client } });
    };
    activities = of(viaAgent);
    await eventually("the worker's rights are in force", () => activities.findAgentImages({ cluster }));
  });
  after(async () => {
    await close?.();
    await Promise.all([server?.stop(), postgres?.stop()]);
    rmSync(dir, { recursive: true, force: true });
  });

  async function helm(more: object): Promise<void> {
    const values = { agentOnly: true, url: 'https://platform.test', token: 'vcpj_0', ...more };
    const args = ['upgrade', '--install', 'loft', chart, '--create-namespace', '--namespace', namespace];
    const env = { PATH: process.env['PATH'], HOME: dir, KUBECONFIG: join(dir, 'kubeconfig') };
    const { code, stderr } = await run(findProgram('helm'), [...args, '--values', '-'], {
      input: JSON.stringify(values),
      env,
    });
    assert.equal(code, 0, stderr);
  }

  const deployment = () => admin.apps.readNamespacedDeployment({ namespace, name: 'loft' });
  const imageNow = async () => (await deployment()).spec?.template.spec?.containers[0]?.image;

  /** What the kubelet says of the pods of `image`. */
  async function say(image: string, status: NonNullable<V1Pod['status']>): Promise<void> {
    await eventually(`a pod has image ${image}`, async () => {
      const { items } = await admin.core.listNamespacedPod({ namespace });
      const found = items.filter(({ spec }) => spec?.containers.some((one) => one.image === image));
      for (const { metadata } of found)
        await requestJson(admin.kubeConfig, {
          method: 'PATCH',
          path: `/api/v1/namespaces/${namespace}/pods/${metadata?.name}/status`,
          contentType: 'application/merge-patch+json',
          body: { status },
        });
      return found.length > 0;
    });
  }
  const ready: NonNullable<V1Pod['status']> = {
    phase: 'Running',
    conditions: [{ type: 'Ready', status: 'True' }],
  };

  it('is that of the platform’s version unless another is wanted', async () => {
    const former = `vcluster-platform/agent:${packageJson.version}`;
    assert.deepEqual(await activities.findAgentImages({ cluster }), { former, image: former });
    const image = 'registry.test:5000/agent:9';
    assert.deepEqual(await activities.findAgentImages({ cluster, image }), { former, image });
  });

  it('is changed once, says by which operation, and Helm may change it again', async () => {
    const image = 'registry.test:5000/agent:8@sha256:0123';
    await activities.setAgentImage({ cluster, image });
    const { metadata } = await deployment();
    assert.match(
      metadata?.annotations?.['kubernetes.io/change-cause'] ?? '',
      /^image registry\.test:5000\/agent:8@sha256:0123, by operation \S+ of the platform$/,
    );
    await activities.setAgentImage({ cluster, image });
    const after = (await deployment()).metadata;
    assert.equal(after?.generation, metadata?.generation);
    assert.deepEqual(await activities.findAgentImages({ cluster }), {
      former: image,
      image: `registry.test:5000/agent:${packageJson.version}`,
    });
    await helm({ image: 'registry.test:5000/agent:of-helm' });
    assert.equal(await imageNow(), 'registry.test:5000/agent:of-helm');
  });

  it('that does not start fails the wait soon, and the reason is said', async () => {
    const image = 'registry.test:5000/agent:missing';
    await activities.setAgentImage({ cluster, image });
    const waiting = { reason: 'ErrImagePull', message: 'manifest unknown' };
    const containerStatuses = [
      { name: 'manager', image, imageID: '', ready: false, restartCount: 0, state: { waiting } },
    ];
    await say(image, { phase: 'Pending', containerStatuses });
    await assert.rejects(activities.waitForAgentVersion({ cluster, image }), {
      code: 'conflict',
      message:
        /^the new agent does not start: container manager of pod loft-.*: ErrImagePull manifest unknown$/,
    });
  });

  it('is that of a connected agent once its pod is Ready and its tunnel open', async () => {
    const image = 'registry.test:5000/agent:good';
    await activities.setAgentImage({ cluster, image });
    let isOver = false;
    const waiting = activities.waitForAgentVersion({ cluster, image }).finally(() => {
      isOver = true;
    });
    const db = createDatabase(postgres.url);
    try {
      const { name, uid: clusterUid } = cluster;
      const row = {
        clusterUid,
        cluster: name,
        kubeSystemUid: 'k',
        credentialHash: 'c',
        agentVersion: '9.9.9',
      };
      await db.query((one) => one.insert(agents).values({ ...row, generation: 2 }));
      const tunnel = { clusterUid, cluster: name, gateway: 'one', address: '127.0.0.1:1', slot: 0 };
      await db.query((one) => openTunnel(one, { id: randomUUID(), ...tunnel, generation: 1 }));
      await say(image, ready);
      await eventually('the former pods have ended', async () => {
        const { status } = await deployment();
        return status?.replicas === 1 && status.availableReplicas === 1;
      });
      assert.equal(isOver, false);
      await db.query((one) => openTunnel(one, { id: randomUUID(), ...tunnel, generation: 2 }));
      assert.deepEqual(await waiting, { version: '9.9.9' });
    } finally {
      await db.close();
      await waiting.catch(() => undefined);
    }
  });

  it('that somebody changes meanwhile fails the wait', async () => {
    await assert.rejects(activities.waitForAgentVersion({ cluster, image: 'other:1' }), {
      code: 'conflict',
      message: 'somebody gave the agent of cluster east image registry.test:5000/agent:good meanwhile',
    });
  });

  it('is nothing of a cluster that does without, nor of the platform’s own', async () => {
    await assert.rejects(of({ config: { secretName: 'east' } }).findAgentImages({ cluster }), {
      code: 'conflict',
      message: /does not have an agent that could be upgraded/,
    });
    await assert.rejects(of({ local: true }).findAgentImages({ cluster }), { code: 'conflict' });
  });
});
