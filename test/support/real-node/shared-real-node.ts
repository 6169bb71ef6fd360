import { after } from 'node:test';
import { packageVclusterChart } from '../../../toolchain/vcluster-chart.ts';
import { type NodePlatform, startNodePlatform } from './node-platform.ts';
import { type RealNodeCluster, startRealNodeCluster } from './real-node-cluster.ts';
import { upstreamVclusterAvailable } from './upstream-vcluster.ts';

let node: Promise<RealNodeCluster> | undefined;
let platform: Promise<NodePlatform> | undefined;

/** The real node that all suites of this test process share, until the last has ended. Ask `realNodeAvailable` before. */
export function sharedRealNode(): Promise<RealNodeCluster> {
  node ??= startRealNodeCluster();
  return node;
}

/** The platform that they share, with that node connected; it knows vCluster's own chart where that can run. */
export function sharedNodePlatform(): Promise<NodePlatform> {
  platform ??= startOnNode();
  return platform;
}

async function startOnNode(): Promise<NodePlatform> {
  const charts = upstreamVclusterAvailable() === undefined ? ['--chart', await packageVclusterChart()] : [];
  return startNodePlatform(await sharedRealNode(), charts);
}

after(async () => {
  await (await platform?.catch(() => undefined))?.close();
  await (await node?.catch(() => undefined))?.close();
});
