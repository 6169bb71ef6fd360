import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createHelm } from '../../../adapters/helm/helm.ts';
import { listRevisions } from '../../../adapters/helm/releases.ts';
import { repairRelease } from '../../../adapters/helm/repair-release.ts';
import { runHelm } from '../../../adapters/helm/run-helm.ts';
import { type ClusterClient, connectCluster } from '../../../adapters/kubernetes/client.ts';
import { findProgram } from '../../../deploy/toolchain/find-program.ts';
import { startApiServer, type TestApiServer } from '../../support/api-server.ts';
import { eventually } from '../../support/eventually.ts';

let server: TestApiServer;
let client: ClusterClient;
let dir: string;
let kubeconfig: string;
before(async () => {
  server = await startApiServer();
  client = connectCluster(server.adminKubeconfig);
  dir = mkdtempSync(join(tmpdir(), 'vcp-helm-'));
  kubeconfig = join(dir, 'kubeconfig');
  writeFileSync(kubeconfig, server.adminKubeconfig, { mode: 0o600 });
});
after(async () => {
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** A chart whose hook Job never ends: Helm waits for it, with its release pending, until it is killed. */
function endlessChart(): string {
  const chart = join(dir, 'endless');
  mkdirSync(join(chart, 'templates'), { recursive: true });
  writeFileSync(join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: endless\nversion: 0.1.0\n');
  writeFileSync(
    join(chart, 'templates', 'map.yaml'),
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: map}\ndata: {text: "{{ .Values.text }}"}\n',
  );
  writeFileSync(
    join(chart, 'templates', 'hook.yaml'),
    `{{ if .Values.wait }}
apiVersion: batch/v1
kind: Job
metadata: {name: hook, annotations: {helm.sh/hook: "pre-install,pre-upgrade", helm.sh/hook-delete-policy: before-hook-creation}}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: a}]}}}
{{ end }}
`,
  );
  return chart;
}

/** A process of its own that runs Helm as the worker does, so that it can be killed like one. */
function runnerProcess(namespace: string, chart: string): ChildProcess {
  const root = join(import.meta.dirname, '..', '..', '..');
  const code = `
    import { createHelm } from '${root}/adapters/helm/helm.ts';
    import { thisRunner } from '${root}/adapters/helm/helm-runner.ts';
    const helm = createHelm({ binary: ${JSON.stringify(findProgram('helm'))}, workDir: ${JSON.stringify(join(dir, 'runner'))} });
    await helm.upgrade({ release: 'r', namespace: '${namespace}', cluster: 'c', kubeconfig: ${JSON.stringify(kubeconfig)} },
      { chart: ${JSON.stringify(chart)}, values: 'wait: true\\ntext: second', labels: { operation: 'op', runner: thisRunner() } });
  `;
  return spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'inherit' });
}

function helmProcesses(namespace: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return argv[0]?.endsWith('/helm') === true && argv.includes(namespace);
      } catch {
        return false; // ended meanwhile
      }
    });
}

for (const before of ['nothing', 'a deployed revision'] as const) {
  test(`Helm dies with a killed worker, and what it left on ${before} is repaired`, async () => {
    const namespace = before === 'nothing' ? 'killed-first' : 'killed-later';
    await client.core.createNamespace({ body: { metadata: { name: namespace } } });
    const chart = endlessChart();
    const helm = createHelm({ binary: findProgram('helm'), workDir: join(dir, 'work') });
    const target = { release: 'r', namespace, cluster: 'c', kubeconfig };
    if (before !== 'nothing') {
      assert.equal(
        await helm.upgrade(target, { chart, values: 'text: first', labels: { operation: 'op-0' } }),
        1,
      );
    }
    const runner = runnerProcess(namespace, chart);
    const pending = await eventually('a pending revision', async () =>
      (await listRevisions(client, target)).find(({ status }) => status.startsWith('pending-')),
    );
    assert.equal(pending.operation, 'op');
    await assert.rejects(repairRelease(helm, client, target), /Another process works on release r/);

    assert.equal(helmProcesses(namespace).length, 1);
    const ended = once(runner, 'exit'); // until then its process is there, and dead
    runner.kill('SIGKILL');
    await ended;
    await eventually('Helm is gone', () => helmProcesses(namespace).length === 0, { timeoutMs: 5_000 });

    await repairRelease(helm, client, target);
    // What lies before the last revision is history, whatever its status.
    assert.notEqual((await listRevisions(client, target)).at(-1)?.status, 'pending-upgrade');
    if (before !== 'nothing') {
      const map = await client.core.readNamespacedConfigMap({ namespace, name: 'map' });
      assert.equal(map.data?.['text'], 'first');
    }
    assert.equal(
      await helm.upgrade(target, { chart, values: 'text: third', labels: { operation: 'op' } }),
      before === 'nothing' ? 1 : 4,
    );
    assert.equal(
      (await client.core.readNamespacedConfigMap({ namespace, name: 'map' })).data?.['text'],
      'third',
    );
  });
}

test('an aborted run ends Helm and leaves no values behind', async () => {
  const namespace = 'aborted';
  await client.core.createNamespace({ body: { metadata: { name: namespace } } });
  const helm = createHelm({ binary: findProgram('helm'), workDir: join(dir, 'abort') });
  const abort = new AbortController();
  const target = { release: 'r', namespace, cluster: 'c', kubeconfig, signal: abort.signal };
  const run = helm.upgrade(target, {
    chart: endlessChart(),
    values: 'wait: true',
    labels: { operation: 'op' },
  });
  await eventually('a pending revision', async () => (await listRevisions(client, target)).length === 1);
  abort.abort(new Error('cancelled'));
  await assert.rejects(run, /cancelled/);
  assert.deepEqual(helmProcesses(namespace), []);
  assert.deepEqual(readdirSync(join(dir, 'abort', 'helm', 'values')), []);
});

test('Helm gets no environment, and a limit stops it', async () => {
  const homeDir = join(dir, 'env');
  process.env['HELM_NAMESPACE'] = 'stolen';
  const shown = await runHelm({ binary: findProgram('helm'), args: ['env'], homeDir, timeoutMs: 5_000 });
  assert.match(shown.stdout, /HELM_NAMESPACE="default"/);
  assert.match(shown.stdout, new RegExp(`HELM_CACHE_HOME="${homeDir}/cache"`));
  const slow = await runHelm({ binary: '/bin/sleep', args: ['30'], homeDir, timeoutMs: 100 });
  assert.equal(slow.timedOut, true);
  await assert.rejects(
    runHelm({ binary: '/no/helm', args: [], homeDir, timeoutMs: 5_000 }),
    /Helm is not at \/no\/helm/,
  );
  assert.ok(!existsSync(join(homeDir, '.kube')));
});
