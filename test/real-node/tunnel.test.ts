import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { V1Pod } from '@kubernetes/client-node';
import { platformNamespace } from '../../contracts/names.ts';
import type { Cluster } from '../../contracts/resources/cluster.ts';
import { findProgram } from '../../toolchain/find-program.ts';
import { eventually } from '../support/eventually.ts';
import { run } from '../support/platform.ts';
import type { NodePlatform } from '../support/real-node/node-platform.ts';
import { realNodeAvailable } from '../support/real-node/real-node-available.ts';
import type { RealNodeCluster } from '../support/real-node/real-node-cluster.ts';
import { sharedNodePlatform, sharedRealNode } from '../support/real-node/shared-real-node.ts';
import {
  createStreamPods,
  streamProtocols,
  type StreamWay,
  testStreams,
} from '../support/real-node/stream-tests.ts';

const far = '/kubernetes/management/apis/management.loft.sh/v1/clusters/far';
const path = '/kubernetes/cluster/far/api/v1/namespaces/default';
const of = { namespace: platformNamespace };
/** Not that of the other suites on this node. */
const namespace = 'through-the-tunnel';

/** A cluster that was connected by one command, whose agent runs in a container, and kubectl through its tunnel. */
describe('a cluster whose agent is a pod', { skip: realNodeAvailable(), timeout: 600_000 }, () => {
  let node: RealNodeCluster;
  let platform: NodePlatform;
  let dir: string;
  let way: StreamWay;
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'tunnel-'));
    node = await sharedRealNode();
    platform = await sharedNodePlatform();
    const kubeconfig = join(dir, 'kubeconfig');
    const connected = await platform.vcp('connect', 'cluster', 'far', '--kubeconfig', kubeconfig);
    assert.equal(connected.code, 0, connected.stderr);
    await node.client.core.createNamespace({ body: { metadata: { name: namespace } } });
    way = { flags: ['--kubeconfig', kubeconfig, '--namespace', namespace], dir };
    await createStreamPods(way);
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  const online = async () => (await platform.call('GET', far)).json<Cluster>().status?.online;
  const isReady = ({ status }: V1Pod) =>
    status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') === true;
  /** The one pod of the agent, and that it never had to be started again. */
  const agentPod = async () => {
    const { items } = await node.client.core.listNamespacedPod({ ...of, labelSelector: 'app=loft' });
    assert.equal(items.length, 1);
    const pod = items[0] as V1Pod;
    assert.equal(pod.status?.containerStatuses?.[0]?.restartCount ?? 0, 0);
    return pod;
  };
  /** Through the tunnel, as the platform's administrator. */
  const kubectl = async (...args: string[]) => {
    const { code, stdout, stderr } = await run(findProgram('kubectl'), [...way.flags, ...args]);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const inAgent = (...command: string[]) =>
    kubectl('exec', '--namespace', of.namespace, 'deployment/loft', '--', ...command);

  test('it runs at Pod Security level restricted, from its own image, and is Ready', async () => {
    const pod = await agentPod();
    assert.ok(isReady(pod));
    const [container] = pod.status?.containerStatuses ?? [];
    assert.match(container?.image ?? '', /\/vcluster-platform\/agent:/);
    assert.match(container?.containerID ?? '', /^containerd:\/\//);
    assert.equal(await inAgent('id', '-u'), '10001\n');
    assert.match(await inAgent('sh', '-c', 'touch /opt/agent/new 2>&1 || true'), /Read-only file system/);
  });

  for (const protocol of Object.keys(streamProtocols) as (keyof typeof streamProtocols)[])
    testStreams(protocol, () => way);

  test('its memory stays far below its limit', async () => {
    const peak = /VmHWM:\s+(\d+) kB/.exec(await inAgent('cat', '/proc/1/status'))?.[1];
    console.log(`memory of the agent, at most: ${Math.round(Number(peak) / 1024)} MiB`);
    assert.ok(Number(peak) < 256 * 1024, peak);
  });

  test('a deleted pod is followed by one that signs in with the stored credential', async () => {
    const credential = async () => {
      const { data = {} } = await node.client.core.readNamespacedSecret({
        ...of,
        name: 'loft-agent-credential',
      });
      return data;
    };
    const [before, kept] = [await agentPod(), await credential()];
    await kubectl('delete', 'pod', '--namespace', of.namespace, before.metadata?.name ?? '', '--wait=false');
    await eventually('another pod is Ready', async () => {
      const pod = await agentPod();
      return pod.metadata?.uid !== before.metadata?.uid && isReady(pod);
    });
    await eventually('it is online', online);
    const generation = Buffer.from('2').toString('base64');
    assert.deepEqual(await credential(), { ...kept, generation });
    assert.equal(await inAgent('echo', 'back'), 'back\n');
  });

  test('without a tunnel it is not Ready, requests are refused, and it is not started again', async () => {
    platform.relay.close();
    await eventually('it is not Ready', async () => !isReady(await agentPod()));
    const refused = await platform.call('GET', path);
    assert.equal(refused.status, 503, refused.text);
    assert.match(refused.text, /cluster far is offline/);
    platform.relay.open();
    await eventually('it is Ready again', async () => isReady(await agentPod()));
    await eventually('it is online', online);
    assert.equal(await inAgent('echo', 'back'), 'back\n');
  });

  test('an upgrade moves the tunnel to the new pod, and no request fails meanwhile', async () => {
    const before = await agentPod();
    const failures: string[] = [];
    let isOver = false;
    const asking = (async () => {
      while (!isOver) {
        const { status, text } = await platform.call('GET', path);
        if (status !== 200) failures.push(`${status} ${text}`);
      }
    })();
    await platform.addCluster('--helm-set', 'podAnnotations.trial=again');
    await eventually('only the new pod is left', async () => {
      const pod = await agentPod();
      return pod.metadata?.uid !== before.metadata?.uid && isReady(pod);
    });
    isOver = true;
    await asking;
    assert.deepEqual(failures, []);
  });
});
