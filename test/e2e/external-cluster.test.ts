import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { renderKubeconfig } from '../../adapters/certificates/kubeconfig.ts';
import { connectCluster } from '../../adapters/kubernetes/client.ts';
import { processesNaming } from '../../local/demo/remains.ts';
import { findProgram } from '../../toolchain/find-program.ts';
import { type ExternalCluster, startExternalCluster } from '../support/external-cluster.ts';
import { eventually } from '../support/eventually.ts';
import { leftovers, nothingLeft } from '../support/leftovers.ts';
import {
  instancesPath,
  newStateDir,
  removeStateDir,
  run,
  startTestPlatform,
  type TestPlatform,
} from '../support/platform.ts';
import { snapshotFolder } from '../support/snapshot-folder.ts';

/** What a platform could leave behind anywhere in a cluster. */
const kinds = [
  ...['namespaces', 'persistentvolumes', 'storageclasses', 'clusterroles', 'clusterrolebindings'],
  ...['customresourcedefinitions', 'validatingadmissionpolicies', 'mutatingwebhookconfigurations'],
  ...['secrets', 'serviceaccounts', 'services', 'persistentvolumeclaims', 'pods', 'statefulsets', 'jobs'],
  ...['roles', 'rolebindings'],
].join(',');

/** `--kubeconfig`: the tenant clusters are on a cluster that somebody else runs, and will go on running. */
describe("a platform on the user's own cluster", { timeout: 1_200_000 }, () => {
  const stateDir = newStateDir();
  const kubectl = findProgram('kubectl');
  const tenantConfig = join(stateDir, 'alpha.kubeconfig');
  let cluster: ExternalCluster;
  let platform: TestPlatform;
  let untouched: string[];
  let strayConnections = 0;
  const stray = createServer((socket) => {
    strayConnections++;
    socket.destroy();
  });

  /** Path of a kubeconfig as users have them. */
  const userFile = (name: string, text: string) => {
    const path = join(stateDir, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const objects = async (): Promise<string[]> => {
    const line = '{range .items[*]}{.kind} {.metadata.namespace}/{.metadata.name}{"\\n"}{end}';
    const args = ['--kubeconfig', cluster.kubeconfig, 'get', kinds, '-A', '-o', `jsonpath=${line}`];
    const listed = await run(kubectl, args);
    assert.equal(listed.code, 0, listed.stderr);
    // Accounts that the cluster's own controllers make come when those start.
    const isItsOwn = (each: string) => /^ServiceAccount (kube-[a-z-]+\/|default\/default$)/.test(each);
    return listed.stdout.split('\n').filter((each) => each !== '' && !isItsOwn(each));
  };
  /** A token of a service account that is bound to cluster-admin. */
  const administratorToken = async () => {
    const { core, rbac } = connectCluster(cluster.adminKubeconfig);
    const [name, namespace] = ['owner', 'kube-system'];
    await core.createNamespacedServiceAccount({ namespace, body: { metadata: { name } } });
    await rbac.createClusterRoleBinding({
      body: {
        metadata: { name },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
        subjects: [{ kind: 'ServiceAccount', name, namespace }],
      },
    });
    const created = await run(kubectl, [
      ...['--kubeconfig', cluster.kubeconfig, 'create', 'token', name, '-n', namespace],
    ]);
    assert.equal(created.code, 0, created.stderr);
    return created.stdout.trim();
  };
  const inTenant = async (...args: string[]) => {
    const result = await run(kubectl, ['--kubeconfig', tenantConfig, ...args]);
    assert.equal(result.code, 0, result.stderr);
    return result.stdout;
  };
  const succeeds = async (id: string) => {
    const ended = await platform.ended(id, 240_000);
    assert.equal(ended.state, 'succeeded', ended.message);
  };

  before(async () => {
    // An address that nothing else on this machine was ever told.
    const host = `127.98.${randomInt(256)}.${randomInt(1, 255)}`;
    stray.listen(0, host);
    await once(stray, 'listening');
    const { port } = stray.address() as { port: number };
    const server = `https://${host}:${port}`;
    const elsewhere = renderKubeconfig({ server, certificateAuthority: undefined, token: 'stray' });
    process.env['KUBECONFIG'] = userFile('elsewhere.yaml', elsewhere);
    cluster = await startExternalCluster({ hostPath: join(stateDir, 'snapshots') });
    const token = await administratorToken();
    untouched = await objects();
    const config = renderKubeconfig({
      server: cluster.url.replace('127.0.0.1', 'localhost'),
      certificateAuthority: cluster.certificateAuthority,
      token,
    });
    platform = await startTestPlatform({
      stateDir,
      args: ['--kubeconfig', userFile('token.yaml', config)],
    });
  });
  after(async () => {
    await platform?.stop();
    await cluster?.stop();
    stray.close();
    removeStateDir(stateDir);
  });

  test('a tenant cluster is created there, and used with kubectl through the gateway', async () => {
    // One whose image nobody has, beside it: it takes its time to fail.
    await platform.apply('unpullable', {
      template: {
        helmRelease: {
          chart: { name: 'tenant-control-plane' },
          values: 'images:\n  apiServer:\n    repository: nowhere/kube-apiserver\n',
        },
      },
    });
    await platform.apply('alpha');
    await succeeds((await platform.first('alpha', 'create')).id);
    const connected = await platform.vcp('connect', 'vcluster', 'alpha', '--kubeconfig', tenantConfig);
    assert.equal(connected.code, 0, connected.stderr);
    await inTenant('create', 'configmap', 'kept', '--from-literal=greeting=hello');
    assert.match(await inTenant('get', 'configmaps', '-o', 'name'), /configmap\/kept/);
    const pods = await connectCluster(cluster.adminKubeconfig).core.listNamespacedPod({
      namespace: 'loft-default-v-alpha',
    });
    assert.deepEqual(
      pods.items.map(({ metadata }) => metadata?.name),
      ['alpha-0'],
    );
  });

  test('a tenant cluster sleeps and wakes with its objects', async () => {
    await succeeds((await platform.submit('alpha', { type: 'sleep' })).id);
    await succeeds((await platform.submit('alpha', { type: 'wake' })).id);
    assert.match(await inTenant('get', 'configmap', 'kept', '-o', 'yaml'), /greeting: hello/);
  });

  test('a snapshot brings its objects back', async () => {
    const parameters = { snapshot: 'before' };
    await succeeds((await platform.submit('alpha', { type: 'snapshot', parameters })).id);
    assert.deepEqual(readdirSync(snapshotFolder(join(stateDir, 'snapshots'), 'default', 'alpha')), [
      'before.vcps',
    ]);
    await inTenant('delete', 'configmap', 'kept');
    await succeeds((await platform.submit('alpha', { type: 'restore', parameters })).id);
    assert.match(await inTenant('get', 'configmap', 'kept', '-o', 'yaml'), /greeting: hello/);
  });

  test('an image that cannot be pulled fails the create with that reason and leaves nothing', async () => {
    const failed = await platform.ended((await platform.first('unpullable', 'create')).id, 240_000);
    assert.equal(failed.state, 'failed');
    assert.equal(failed.reason, 'control_plane_not_ready');
    assert.match(
      failed.message ?? '',
      /container kube-apiserver of pod unpullable-0: ErrImageNeverPull .*nowhere\/kube-apiserver/,
    );
    const left = await leftovers(platform, 'default', 'unpullable', cluster);
    assert.deepEqual({ ...left, processes: [], instances: [] }, nothingLeft);
    await succeeds((await platform.submit('unpullable', { type: 'delete' })).id);
  });

  test('stopping the platform ends its own processes and leaves the cluster and its tenants running', async () => {
    const [pids, pods] = [cluster.pids(), processesNaming(`${cluster.nodeDir}/pods/`)];
    assert.ok(pids.length === 5 && pods.length >= 4);
    assert.equal(await platform.stop(), 0);
    assert.deepEqual(processesNaming(stateDir), []);
    assert.deepEqual(cluster.pids(), pids);
    assert.deepEqual(processesNaming(`${cluster.nodeDir}/pods/`), pods);
  });

  test('a state folder is bound to its cluster: a start without it or with another kubeconfig is refused', async () => {
    const refused = async (args: string[], code: number, line: RegExp) => {
      const result = await run(process.execPath, [
        ...['local/main.ts', '--state-dir', stateDir, '--port', '0'],
        ...args,
      ]);
      assert.equal(result.code, code, result.stderr);
      assert.match(result.stderr, line);
      assert.deepEqual(processesNaming(stateDir), []);
    };
    await refused([], 5, /^error: the tenant clusters of .* give the kubeconfig of that cluster.*\n$/);
    const absent = join(stateDir, 'absent.yaml');
    await refused(['--kubeconfig', absent], 2, /^error: the kubeconfig .*absent\.yaml .*does not exist.*\n$/);
  });

  test("a second start, by client certificate, finds the tenant, whose delete keeps the set-up's objects", async () => {
    const own = userFile('certificate.yaml', cluster.adminKubeconfig);
    platform = await startTestPlatform({ stateDir, args: ['--kubeconfig', own], port: platform.port });
    assert.match(await inTenant('get', 'configmap', 'kept', '-o', 'yaml'), /greeting: hello/);
    await succeeds((await platform.submit('alpha', { type: 'delete' })).id);
    assert.deepEqual(await leftovers(platform, 'default', 'alpha', cluster), nothingLeft);
    assert.equal((await platform.call('GET', `${instancesPath}/alpha`)).status, 404);
    const isOfAlpha = (object: string) => object.includes('loft-default-v-alpha');
    await eventually('the empty namespace is gone', async () => !(await objects()).some(isOfAlpha));
    const added = (await objects()).filter((object) => !untouched.includes(object));
    assert.deepEqual(added.toSorted(), [
      'ClusterRole /loft-cluster-space-admin',
      'ClusterRole /vcluster-platform:agent',
      'ClusterRole /vcluster-platform:controllers',
      'ClusterRole /vcluster-platform:disconnect',
      'ClusterRole /vcluster-platform:gateway',
      'ClusterRole /vcluster-platform:gateway-dialer',
      'ClusterRole /vcluster-platform:gateway-users',
      'ClusterRole /vcluster-platform:helm-other',
      'ClusterRole /vcluster-platform:helm-tenant-control-plane',
      'ClusterRole /vcluster-platform:helm-vcluster',
      'ClusterRole /vcluster-platform:space-sleep',
      'ClusterRole /vcluster-platform:spaces',
      'ClusterRole /vcluster-platform:worker',
      'ClusterRole /vcluster-platform:worker-helm',
      'ClusterRole /vcluster-platform:worker-vcluster',
      'ClusterRoleBinding /vcluster-platform:administrators',
      'ClusterRoleBinding /vcluster-platform:agent',
      'ClusterRoleBinding /vcluster-platform:controllers',
      'ClusterRoleBinding /vcluster-platform:disconnect',
      'ClusterRoleBinding /vcluster-platform:gateway',
      'ClusterRoleBinding /vcluster-platform:gateway-dialer',
      'ClusterRoleBinding /vcluster-platform:gateway-users',
      'ClusterRoleBinding /vcluster-platform:space-sleep',
      'ClusterRoleBinding /vcluster-platform:spaces',
      'ClusterRoleBinding /vcluster-platform:worker',
      'ClusterRoleBinding /vcluster-platform:worker-helm',
      'Namespace /vcluster-platform',
      'Role vcluster-platform/vcluster-platform:agent',
      'Role vcluster-platform/vcluster-platform:disconnect',
      'RoleBinding vcluster-platform/vcluster-platform:agent',
      'RoleBinding vcluster-platform/vcluster-platform:disconnect',
      'Secret vcluster-platform/agent-token',
      'Secret vcluster-platform/controllers-token',
      'Secret vcluster-platform/gateway-token',
      'Secret vcluster-platform/worker-token',
      'ServiceAccount vcluster-platform/agent',
      'ServiceAccount vcluster-platform/controllers',
      'ServiceAccount vcluster-platform/default',
      'ServiceAccount vcluster-platform/gateway',
      'ServiceAccount vcluster-platform/worker',
    ]);
  });

  test("the cluster of the shell's KUBECONFIG is never used", () => {
    assert.equal(strayConnections, 0);
  });
});
