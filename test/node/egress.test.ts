import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { after, before, describe, test } from 'node:test';
import { type Canary, startCanary } from '../support/canary.ts';
import { eventually } from '../support/eventually.ts';
import { createRawCall, type RawCall } from '../support/raw-call.ts';
import { prepareWays, waysToDial } from '../support/ways-to-dial.ts';
import {
  hasEnded,
  isReady,
  namespace,
  type NodeCluster,
  pod,
  runPod,
  shell,
  startNodeCluster,
} from './node-cluster.ts';

const own = Object.values(networkInterfaces())
  .flatMap((entries) => entries ?? [])
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address;

/** The embedded cluster's API server shares its machine with the platform's servers. */
describe("egress of the embedded cluster's API server", { timeout: 300_000 }, () => {
  let cluster: NodeCluster;
  let canary: Canary;
  let call: RawCall;
  before(async () => {
    cluster = await startNodeCluster();
    canary = await startCanary();
    call = createRawCall(cluster.adminKubeconfig);
  });
  after(async () => {
    canary?.close();
    await cluster?.stop();
  });

  test('the API server reaches its node for pod logs, also after the node was killed', async () => {
    const container = shell('c', 'echo heard');
    await runPod(cluster, pod('talks', { restartPolicy: 'Never', containers: [container] }), hasEnded);
    const log = () => call('GET', `/api/v1/namespaces/${namespace}/pods/talks/log`);
    assert.deepEqual(await log(), { status: 200, text: 'heard\n' });
    await cluster.endNode('SIGKILL');
    assert.match((await log()).text, /dial unix .*egress\.sock: connect: connection refused/);
    await cluster.startNode();
    // Its port was any free one: the API server learns of the new one from the Node.
    await eventually('the log is read', async () => (await log()).text === 'heard\n');
  });

  test('an administrator of the cluster reaches no server of this machine through the API server', async () => {
    await prepareWays(call, canary.port);
    const ways = waysToDial.filter((way) => own !== undefined || !way.name.includes('own address'));
    for (const way of ways) await way.prepare(call, canary.port, own ?? '');
    const closed = /closed-by-the-platform|lets the API server reach its own kubelet API only/;
    for (const way of ways) {
      await eventually(`${way.name} is refused`, async () =>
        closed.test((await way.dial(call, canary.port)).text),
      );
    }
    assert.equal(canary.heard(), 0);
    console.log(`embedded cluster: ${ways.length} ways to dial, 0 reached a server of this machine`);
  });

  test('a member with the role admin in one namespace reaches none either', async () => {
    const role = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'admin' };
    const subject = { apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'member' };
    await cluster.client.rbac.createNamespacedRoleBinding({
      namespace,
      body: { metadata: { name: 'member' }, roleRef: role, subjects: [subject] },
    });
    const member: RawCall = (method, path, options) =>
      call(method, path, { ...options, headers: { ...options?.headers, 'Impersonate-User': 'member' } });
    const container = shell('c', 'sleep 60');
    const spec = { restartPolicy: 'Never', containers: [container], terminationGracePeriodSeconds: 0 };
    await runPod(cluster, pod('mine', spec), isReady);
    const { port } = canary;
    const base = `/api/v1/namespaces/${namespace}`;
    const service = { type: 'ExternalName', externalName: 'localhost', ports: [{ port }] };
    const made = await member('POST', `${base}/services`, {
      body: { metadata: { name: 'ext' }, spec: service },
    });
    assert.equal(made.status, 201, made.text);
    const forged = { status: { podIP: own ?? '10.9.9.9' } };
    const endpoints = { metadata: { name: 'ext' }, subsets: [{ addresses: [{ ip: own ?? '10.9.9.9' }] }] };
    const tried: [...Parameters<RawCall>, status: number][] = [
      ['PATCH', `${base}/pods/mine/status`, { body: forged }, 403],
      ['POST', `${base}/endpoints`, { body: endpoints }, 403],
      ['POST', '/api/v1/nodes', { body: { metadata: { name: 'forged' } } }, 403],
      ['GET', `/api/v1/nodes/test/proxy/healthz`, {}, 403],
      ['GET', `${base}/pods/http:mine:${port}/proxy/`, {}, 400], // loopback: Kubernetes itself refuses
      ['GET', `${base}/services/http:ext:${port}/proxy/`, {}, 404],
    ];
    for (const [method, path, options, status] of tried)
      assert.equal((await member(method, path, options)).status, status, `${method} ${path}`);
    assert.equal(canary.heard(), 0);
  });

  test('the canary server hears all ways once egress is open', async () => {
    const socket = connect(canary.port, '127.0.0.1').on('error', () => undefined);
    await eventually('it hears', () => canary.heard() === 1);
    socket.destroy();
  });
});
