import { after } from 'node:test';
import { packageVclusterChart } from '../../../toolchain/vcluster-chart.ts';
import { removeStateDir, startTestPlatform, type TestPlatform } from '../platform.ts';
import { type RealNodeCluster, startRealNodeCluster } from './real-node-cluster.ts';
import { upstreamVclusterAvailable } from './upstream-vcluster.ts';

let node: Promise<RealNodeCluster> | undefined;
let platform: Promise<TestPlatform> | undefined;

/** The real node that all suites of this test process share, until the last has ended. Ask `realNodeAvailable` before. */
export function sharedRealNode(): Promise<RealNodeCluster> {
  node ??= startRealNodeCluster();
  return node;
}

/** The platform that they share, whose connected cluster is that node; it knows vCluster's own chart where that can run. */
export function sharedNodePlatform(): Promise<TestPlatform> {
  platform ??= startOnNode();
  return platform;
}

async function startOnNode(): Promise<TestPlatform> {
  const { kubeconfigFile } = await sharedRealNode();
  const charts = upstreamVclusterAvailable() === undefined ? ['--chart', await packageVclusterChart()] : [];
  return startTestPlatform({ args: ['--kubeconfig', kubeconfigFile, ...charts] });
}

after(async () => {
  const started = await platform?.catch(() => undefined);
  if (started !== undefined) {
    await started.stop();
    removeStateDir(started.stateDir);
  }
  await (await node?.catch(() => undefined))?.close();
});
