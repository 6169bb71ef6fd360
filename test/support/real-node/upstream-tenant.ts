import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { V1Pod } from '@kubernetes/client-node';
import { defaultHostNamespace } from '../../../contracts/names.ts';
import type { OperationRequest } from '../../../contracts/operations.ts';
import { findProgram } from '../../../toolchain/find-program.ts';
import { eventually } from '../eventually.ts';
import { type CommandResult, instancesPath, run, type TestPlatform } from '../platform.ts';
import { busyboxImage } from './node-images.ts';
import type { RealNodeCluster } from './real-node-cluster.ts';
import { sharedNodePlatform, sharedRealNode } from './shared-real-node.ts';
import type { StreamWay } from './stream-tests.ts';
import { importUpstreamImages } from './upstream-vcluster.ts';

/** The platform with a real node as its cluster, and what a test asks of tenant cluster `up` of project `default`. */
export interface UpstreamTenant {
  readonly cluster: RealNodeCluster;
  readonly platform: TestPlatform;
  /** Its host namespace. */
  readonly namespace: string;
  /** Path of its API on the gateway. */
  readonly path: string;
  phase(): Promise<string | undefined>;
  /** Runs an operation, which must succeed, and prints how long it took. */
  succeed(request: OperationRequest): Promise<void>;
  /** kubectl in the tenant cluster, through the gateway. */
  kubectl(...args: string[]): Promise<CommandResult>;
  /** The same to stream, in namespace `streams` of it. */
  readonly streams: StreamWay;
  /** Its namespace, version and status as vCluster's own command line tells them. */
  toldByVcluster(): Promise<unknown>;
  /** Makes Deployment `web` with a volume. */
  createWeb(): Promise<void>;
  /** Name of the running pod of `web`. */
  webPod(): Promise<string>;
  /** Waits until the volume of `web` tells of so many starts. */
  startsOfWeb(count: number): Promise<void>;
  /** Pods of the host namespace. */
  hostPods(labelSelector?: string): Promise<V1Pod[]>;
  close(): void;
}

/** On the shared node and platform, with vCluster's images on the node. Ask `upstreamVclusterAvailable` before. */
export async function openUpstreamTenant(): Promise<UpstreamTenant> {
  const dir = mkdtempSync(join(tmpdir(), 'upstream-'));
  const [cluster, platform] = [await sharedRealNode(), await sharedNodePlatform()];
  await importUpstreamImages(cluster);
  const path = '/kubernetes/project/default/virtualcluster/up';
  const kubeconfig = join(dir, 'kubeconfig');
  writeFileSync(kubeconfig, JSON.stringify(kubeconfigOf(platform, path)), { mode: 0o600 });
  const namespace = defaultHostNamespace('default', 'up');

  const kubectl = (...args: string[]) => run(findProgram('kubectl'), ['--kubeconfig', kubeconfig, ...args]);
  const webPod = () =>
    eventually(
      'the pod of web runs',
      async () => {
        const answer = await platform.call(
          'GET',
          `${path}/api/v1/namespaces/default/pods?labelSelector=app%3Dweb`,
        );
        const { items = [] } = answer.json<{ items?: V1Pod[] }>();
        return items.find(({ status }) => status?.phase === 'Running')?.metadata?.name;
      },
      { timeoutMs: 120_000 },
    );
  return {
    cluster,
    platform,
    namespace,
    path,
    kubectl,
    streams: { flags: ['--kubeconfig', kubeconfig, '--namespace', 'streams'], dir },
    webPod,
    phase: async () =>
      (await platform.call('GET', `${instancesPath}/up`)).json<{ status?: { phase?: string } }>().status
        ?.phase,
    succeed: (request) =>
      timed(request.type, async () => {
        const ended = await platform.ended((await platform.submit('up', request)).id, 300_000);
        assert.equal(ended.state, 'succeeded', `${ended.message}; ${JSON.stringify(ended.steps)}`);
      }),
    async toldByVcluster() {
      // With a version it would send telemetry.
      mkdirSync(join(dir, '.vcluster'), { recursive: true });
      writeFileSync(join(dir, '.vcluster', 'config.json'), '{"telemetryDisabled":true}');
      const args = ['list', '--driver', 'helm', '--output', 'json'];
      const env = { PATH: process.env['PATH'], HOME: dir, KUBECONFIG: cluster.kubeconfigFile };
      const { stdout, stderr } = await run(findProgram('vclusterctl'), args, { env });
      const [listed] = JSON.parse(stdout) as { Namespace: string; Version: string; Status: string }[];
      assert.ok(listed !== undefined, stderr);
      return [listed.Namespace, listed.Version, listed.Status];
    },
    async createWeb() {
      const core = await platform.call(
        'POST',
        `${path}/api/v1/namespaces/default/persistentvolumeclaims`,
        claim,
      );
      assert.equal(core.status, 201, core.text);
      const apps = await platform.call(
        'POST',
        `${path}/apis/apps/v1/namespaces/default/deployments`,
        deployment,
      );
      assert.equal(apps.status, 201, apps.text);
    },
    async startsOfWeb(count) {
      // The pod of before may be listed a while.
      const told = async () => (await kubectl('exec', await webPod(), '--', 'cat', '/data/starts')).stdout;
      const expected = 'start\n'.repeat(count);
      await eventually(`${count} starts of web`, async () => (await told()) === expected, {
        timeoutMs: 120_000,
        intervalMs: 500,
      });
    },
    hostPods: async (labelSelector) => {
      const query = { namespace, ...(labelSelector === undefined ? {} : { labelSelector }) };
      return (await cluster.client.core.listNamespacedPod(query)).items;
    },
    close: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** Prints how long `work` took. */
export async function timed(what: string, work: () => Promise<unknown>): Promise<void> {
  const startedAt = performance.now();
  await work();
  console.log(`${what}: ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
}

const claim = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data', namespace: 'default' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
};
/** Each start adds a line to a file on the volume. */
const script = 'echo start >>/data/starts; echo started; exec httpd -f -p 8080 -h /data';
const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [
          {
            name: 'web',
            image: busyboxImage,
            command: ['sh', '-c', script],
            volumeMounts: [{ name: 'data', mountPath: '/data' }],
          },
        ],
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
      },
    },
  },
};

function kubeconfigOf(platform: TestPlatform, path: string): object {
  const { url, caFile, accessKey } = platform.admin();
  const cluster = {
    server: `${url}${path}`,
    'certificate-authority-data': readFileSync(caFile).toString('base64'),
  };
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'c',
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user: { token: accessKey } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
  };
}
