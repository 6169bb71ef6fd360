import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { platformNamespace } from '../../../contracts/names.ts';
import { findProgram } from '../../../toolchain/find-program.ts';
import { freePort, removeStateDir, run, startTestPlatform, type TestPlatform } from '../platform.ts';
import { startTcpRelay, type TcpRelay } from '../tcp-relay.ts';
import { nodeNetwork } from './network.ts';
import { agentImage } from './node-images.ts';
import type { RealNodeCluster } from './real-node-cluster.ts';

/**
 * A platform whose tenant clusters run on a real node: that of connected cluster `far`, whose agent is a pod there. Its own cluster
 * takes none.
 */
export interface NodePlatform extends TestPlatform {
  /** The way of the agent's pod to the gateway. */
  readonly relay: TcpRelay;
  /** The one command that connects the node's cluster; run again, it upgrades the agent. */
  addCluster(...more: string[]): Promise<void>;
  /** Stops the platform and removes its state. */
  close(): Promise<void>;
}

const clusters = '/kubernetes/management/apis/management.loft.sh/v1/clusters';
const mergePatch = { 'content-type': 'application/merge-patch+json' };

/** Starts it, and connects the node's cluster with one command. @param args more flags of `npm start` */
export async function startNodePlatform(node: RealNodeCluster, args: string[] = []): Promise<NodePlatform> {
  const dir = mkdtempSync(join(tmpdir(), 'node-platform-'));
  await using undo = new AsyncDisposableStack();
  undo.defer(() => rmSync(dir, { recursive: true, force: true }));
  const port = await freePort();
  // The gateway listens on loopback, which is another one in each pod.
  const way = { host: nodeNetwork.nodeAddress, port };
  const relay = await startTcpRelay(port, way);
  undo.defer(() => relay.stop());
  const url = `https://${way.host}:${way.port}`;
  const settings = join(dir, 'settings.json');
  writeFileSync(settings, JSON.stringify({ publicUrl: url }));
  const platform = await startTestPlatform({ port, args: ['--config', settings, ...args] });
  undo.defer(async () => {
    await platform.stop();
    removeStateDir(platform.stateDir);
  });
  const full = { spec: { unusable: true } };
  const closed = await platform.call('PATCH', `${clusters}/local`, full, { headers: mergePatch });
  assert.equal(closed.status, 200, closed.text);
  await importAgent(node, dir);
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  await node.client.core.createNamespace({ body: { metadata: { name: platformNamespace, labels } } });
  const addCluster = async (...more: string[]) => {
    const where = ['--kubeconfig', node.kubeconfigFile, '--helm', findProgram('helm')];
    const { code, stderr } = await platform.vcp('add', 'cluster', 'far', '--url', url, ...where, ...more);
    assert.equal(code, 0, stderr);
  };
  await addCluster();
  const started = undo.move();
  return { ...platform, relay, addCluster, close: () => started.disposeAsync() };
}

async function importAgent(node: RealNodeCluster, dir: string): Promise<void> {
  const packed = join(dir, 'agent');
  const { code, stderr } = await run(process.execPath, ['scripts/pack-agent.ts', packed]);
  assert.equal(code, 0, stderr);
  const { name, files, config } = agentImage(packed);
  await node.importImage(name, files, config);
}
