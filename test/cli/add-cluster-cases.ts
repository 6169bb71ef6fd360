import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parse, stringify } from 'yaml';
import { type ClusterClient, connectCluster } from '../../adapters/kubernetes/client.ts';
import { writers } from '../../contracts/names.ts';
import { findProgram } from '../../toolchain/find-program.ts';
import { keyOf } from '../api/user-calls.ts';
import { startApiServer, type TestApiServer } from '../support/api-server.ts';
import type { CliWorld } from './cli-world.ts';
import type { Ended } from './run-vcp.ts';

const namespace = 'vcluster-platform';

/** `vcp add cluster` with Helm on an API server that nothing runs pods of: the agent is installed and does not come. */
export function addClusterCases(cli: () => CliWorld): void {
  describe('vcp add cluster', () => {
    let server: TestApiServer;
    let client: ClusterClient;
    let dir: string;
    let kubeconfig: string;
    /** What Helm was called with. */
    let callsFile: string;
    const env = (user: string) => ({
      HOME: dir,
      PATH: `${join(dir, 'bin')}:/usr/bin:/bin`,
      KUBECONFIG: kubeconfig,
      VCP_CONFIG: join(dir, `${user}.json`),
    });
    const add = (line: string, more: Record<string, string> = {}, user = 'anna'): Promise<Ended> =>
      cli().vcp(['add', 'cluster', ...line.split(' ')], { ...env(user), ...more });
    const agentConfig = async (where = namespace) => {
      const { data } = await client.core.readNamespacedConfigMap({ namespace: where, name: 'loft-agent' });
      return JSON.parse(data?.['config.json'] ?? '') as Record<string, unknown>;
    };
    const joinKey = async () => {
      const { data } = await client.core.readNamespacedSecret({ namespace, name: 'loft-agent-join-key' });
      return Buffer.from(data?.['token'] ?? '', 'base64').toString();
    };

    before(async () => {
      dir = mkdtempSync(join(tmpdir(), 'vcp-add-'));
      mkdirSync(join(dir, 'bin'));
      server = await startApiServer();
      client = connectCluster(server.adminKubeconfig, { writer: writers.bootstrap });
      kubeconfig = join(dir, 'kubeconfig');
      writeFileSync(kubeconfig, server.adminKubeconfig, { mode: 0o600 });
      callsFile = join(dir, 'calls');
      const helm = `#!/bin/sh\nprintf '%s\\n' "$*" >>'${callsFile}'\nexec '${findProgram('helm')}' "$@"\n`;
      writeFileSync(join(dir, 'bin', 'helm'), helm, { mode: 0o755 });
      symlinkSync(findProgram('kubectl'), join(dir, 'bin', 'kubectl'));
      const { fixture } = cli();
      for (const user of ['anna', 'ben']) {
        const login = ['login', fixture.url, '--access-key', keyOf(user), '--ca-file', fixture.caFile];
        assert.equal((await cli().vcp(login, env(user))).code, 0);
      }
    });
    after(async () => {
      const { clusters } = cli().fixture.resources;
      for (const name of ['east', 'west', 'home']) await clusters.delete({ name });
      await server?.stop();
      rmSync(dir, { recursive: true, force: true });
    });

    const stored = (name: string) => cli().fixture.resources.clusters.get({ name });

    it('tells what is missing before it changes anything', async () => {
      const none = await add('east', { PATH: '/nonexistent' });
      assert.equal(none.code, 2);
      assert.match(none.stderr, /helm is not installed: install Helm .*--helm/);
      const nothing = server.adminKubeconfig.replace(/127\.0\.0\.1:\d+/, '127.0.0.1:1');
      writeFileSync(join(dir, 'nowhere'), nothing, { mode: 0o600 });
      const away = await add(`east --kubeconfig ${join(dir, 'nowhere')}`);
      assert.equal(away.code, 8);
      assert.match(
        away.stderr,
        /^error: Cluster unreachable: the cluster of your kubeconfig cannot be used: .*refused.*; try: kubectl get namespaces --kubeconfig \S+nowhere\n$/,
      );
      const wrong = await add('east --url http://platform.test');
      assert.match(wrong.stderr, /"http:\/\/platform\.test" is not an https URL/);
      assert.equal(await stored('east'), undefined);
    });

    it('is for those who may create clusters', async () => {
      const { code, stderr } = await add('east --no-wait', {}, 'ben');
      assert.equal(code, 3, stderr);
      await assert.rejects(client.core.readNamespace({ name: namespace }), /404/);
    });

    it('records the cluster and installs its agent, and no other process sees the join key', async () => {
      const { code, stdout, stderr } = await add('east --no-wait --display-name East');
      assert.equal(code, 0, stderr);
      assert.equal(
        stdout,
        'the agent of cluster east is installed; see how it is with: vcp describe cluster east\n',
      );
      const cluster = await stored('east');
      assert.deepEqual(cluster?.spec, {
        displayName: 'East',
        networkPeer: true,
        managementNamespace: namespace,
      });
      assert.match(await joinKey(), /^vcpj_/);
      const { url, caFile } = await agentConfig();
      assert.deepEqual([url, caFile], [cli().fixture.url, 'ca.crt']);
      const calls = readFileSync(callsFile, 'utf8');
      assert.match(calls, /^upgrade --install loft .*vcluster-platform --create-namespace --namespace/m);
      assert.doesNotMatch(calls, /vcpj_/);
    });

    it('gives the chart what the caller and the annotation of the Cluster say', async () => {
      const annotations = { 'loft.sh/agent-values': stringify({ priorityClassName: 'high', url: 'other' }) };
      await cli().fixture.resources.clusters.patch({ name: 'east' }, { metadata: { annotations } });
      const values = join(dir, 'values.yaml');
      writeFileSync(values, 'podAnnotations: { team: fleet }\n');
      const first = await joinKey();
      const line = `east --no-wait -o json --helm-values ${values} --helm-set replicaCount=0 --url https://platform.test --ca-file ${cli().fixture.caFile}`;
      const { code, stdout, stderr } = await add(line);
      assert.equal(code, 0, stderr);
      assert.equal((JSON.parse(stdout) as { kind: string }).kind, 'Cluster');
      const { spec } = await client.apps.readNamespacedDeployment({ namespace, name: 'loft' });
      assert.equal(spec?.replicas, 0);
      assert.equal(spec?.template.metadata?.annotations?.['team'], 'fleet');
      assert.equal(spec?.template.spec?.priorityClassName, 'high');
      assert.equal((await agentConfig())['url'], 'https://platform.test');
      assert.notEqual(await joinKey(), first);
    });

    it('waits for the agent, and tells what keeps it', async () => {
      const context = (parse(server.adminKubeconfig) as Record<string, string>)['current-context'];
      const { code, stderr } = await add(`east --timeout 3 --context ${context}`);
      assert.equal(code, 8, stderr);
      assert.match(stderr, /^ {2}installing its agent in namespace vcluster-platform$/m);
      assert.match(stderr, /^ {2}waiting for cluster east: Deployment loft has no pod yet$/m);
      assert.match(
        stderr,
        /^error: Connected cluster offline: cluster east is not connected after 3 s: Deployment loft has no pod yet \(cluster_offline\); try: kubectl logs deployment\/loft --namespace vcluster-platform --context \S+$/m,
      );
    });

    it('refuses another namespace for the same cluster, and a cluster without an agent', async () => {
      const moved = await add('east --namespace other');
      assert.match(
        moved.stderr,
        /the agent of cluster east is in namespace vcluster-platform: leave out --namespace/,
      );
      await cli().fixture.resources.clusters.create({ metadata: { name: 'home' }, spec: { local: true } });
      const local = await add('home');
      assert.equal(local.code, 5);
      assert.match(
        local.stderr,
        /cluster home exists and is connected without an agent .*vcp describe cluster home/,
      );
    });

    it('tells why Helm failed', async () => {
      const { code, stderr } = await add('east --helm-set replicaCount=2');
      assert.equal(code, 6);
      assert.match(stderr, /Failed to install the chart: .*'\/replicaCount': maximum: got 2, want 1/);
      const twice = await add('west --namespace west');
      assert.equal(twice.code, 6);
      assert.match(
        twice.stderr,
        /Failed to install the chart: .*vcluster-platform:\S+.* exists and cannot be imported/,
      );
    });
  });
}
