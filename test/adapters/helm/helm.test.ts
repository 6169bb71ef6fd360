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
import type { CheckedManifest } from '../../../adapters/helm/checked-chart.ts';
import { createHelm } from '../../../adapters/helm/helm.ts';
import { listRevisions, readReleaseSecret } from '../../../adapters/helm/releases.ts';
import { repairRelease } from '../../../adapters/helm/repair-release.ts';
import { runHelm } from '../../../adapters/helm/run-helm.ts';
import { type ClusterClient, connectCluster } from '../../../adapters/kubernetes/client.ts';
import { readHelmYaml, readHelmYamlStream } from '../../../templates/helm-yaml.ts';
import { findProgram } from '../../../toolchain/find-program.ts';
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

/** With a hook Job that never ends: Helm waits for it, with its release pending, until it is killed. */
function manifest(text: string, wait = false): CheckedManifest {
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'map' }, data: { text } };
  const annotations = {
    'helm.sh/hook': 'pre-install,pre-upgrade',
    'helm.sh/hook-delete-policy': 'before-hook-creation',
  };
  const hook = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'hook', annotations },
    spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'a' }] } } },
  };
  return { chart: { name: 'endless', version: '0.1.0' }, objects: wait ? [map, hook] : [map] };
}

/** A process of its own that runs Helm as the worker does, so that it can be killed like one. */
function runnerProcess(namespace: string): ChildProcess {
  const root = join(import.meta.dirname, '..', '..', '..');
  const code = `
    import { createHelm } from '${root}/adapters/helm/helm.ts';
    import { thisRunner } from '${root}/adapters/helm/repair-release.ts';
    const helm = createHelm({ binary: ${JSON.stringify(findProgram('helm'))}, workDir: ${JSON.stringify(join(dir, 'runner'))} });
    await helm.upgrade({ release: 'r', namespace: '${namespace}', cluster: 'c', kubeconfig: ${JSON.stringify(kubeconfig)} },
      { manifest: ${JSON.stringify(manifest('second', true))}, labels: { operation: 'op', runner: thisRunner() } });
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
  test(`Helm dies with a killed worker, and its leftovers on ${before} are repaired`, async () => {
    const namespace = before === 'nothing' ? 'killed-first' : 'killed-later';
    await client.core.createNamespace({ body: { metadata: { name: namespace } } });
    const helm = createHelm({ binary: findProgram('helm'), workDir: join(dir, 'work') });
    const target = { release: 'r', namespace, cluster: 'c', kubeconfig };
    if (before !== 'nothing') {
      assert.equal(
        await helm.upgrade(target, { manifest: manifest('first'), labels: { operation: 'op-0' } }),
        1,
      );
    }
    const runner = runnerProcess(namespace);
    const pending = await eventually('a pending revision', async () =>
      (await listRevisions(client, target)).find(({ status }) => status.startsWith('pending-')),
    );
    assert.equal(pending.operation, 'op');
    await assert.rejects(repairRelease(helm, client, target), /another process is working on release r/);

    assert.equal(helmProcesses(namespace).length, 1);
    const ended = once(runner, 'exit'); // until then its process is there, and dead
    runner.kill('SIGKILL');
    await ended;
    await eventually('Helm is gone', () => helmProcesses(namespace).length === 0);

    await repairRelease(helm, client, target);
    // What lies before the last revision is history, whatever its status.
    assert.notEqual((await listRevisions(client, target)).at(-1)?.status, 'pending-upgrade');
    if (before !== 'nothing') {
      const map = await client.core.readNamespacedConfigMap({ namespace, name: 'map' });
      assert.equal(map.data?.['text'], 'first');
    }
    assert.equal(
      await helm.upgrade(target, { manifest: manifest('third'), labels: { operation: 'op' } }),
      before === 'nothing' ? 1 : 4,
    );
    assert.equal(
      (await client.core.readNamespacedConfigMap({ namespace, name: 'map' })).data?.['text'],
      'third',
    );
  });
}

test('an aborted run ends Helm and leaves no manifest behind', async () => {
  const namespace = 'aborted';
  await client.core.createNamespace({ body: { metadata: { name: namespace } } });
  const helm = createHelm({ binary: findProgram('helm'), workDir: join(dir, 'abort') });
  const abort = new AbortController();
  const target = { release: 'r', namespace, cluster: 'c', kubeconfig, signal: abort.signal };
  const run = helm.upgrade(target, {
    manifest: manifest('aborted', true),
    labels: { operation: 'op' },
  });
  await eventually('a pending revision', async () => (await listRevisions(client, target)).length === 1);
  abort.abort(new Error('cancelled'));
  await assert.rejects(run, /cancelled/);
  assert.deepEqual(helmProcesses(namespace), []);
  assert.deepEqual(readdirSync(join(dir, 'abort', 'helm', 'checked')), []);
});

test('manifests are installed byte for byte, and nothing in them is rendered', async () => {
  const namespace = 'exact';
  await client.core.createNamespace({ body: { metadata: { name: namespace } } });
  const helm = createHelm({ binary: findProgram('helm'), workDir: join(dir, 'exact') });
  const data = {
    lookup: '{{ (lookup "v1" "Secret" "" "") | toJson }}',
    values: '{{ .Values | toJson }} {{- /* */ -}} {{{ `{{` }}',
    stream: 'a\n---\nkind: Secret\n...\n--- # b\r\n\t%YAML',
    ends: 'a\u2028b\u2029c\u00a0d',
    gone: '<no value> <nil>',
    like: 'yes',
    time: '1:30',
    emoji: '😀 ü "\\"\'',
  };
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'map', namespace }, data };
  const given = { chart: { name: 'no', version: '1.2.3' }, objects: [map] };
  const target = { release: 'r', namespace, cluster: 'c', kubeconfig };
  await helm.upgrade(target, { manifest: given, labels: { operation: 'op' } });
  assert.deepEqual((await client.core.readNamespacedConfigMap({ namespace, name: 'map' })).data, data);
  const { chart, manifest: kept } = await readReleaseSecret(client, target);
  assert.deepEqual(chart, given.chart);
  assert.deepEqual(readHelmYamlStream(kept).filter(Boolean), [map]);
});

test('YAML is read as Helm reads it', async () => {
  const text = `
a: yes
b: 1:30
c: 2026-11-29
d: 0123
e: 1_000
f: 1e3
g: "on"
h: ~
i: { 8080: x, yes: y }
j: .5
k: |
  a
  ---b
l: &l { m: 1 }
n: { <<: *l, o: 2 }
p: 0x1F
q: 12345678901
r: first
r: last
s: 08
u: 1.30
v: [e3, E30, ., .5, 5., 1.5e+3, 9e32026, 1e3, -.5]
w: [0o17, -0o17, 0b101, -0755, 00, 0_, _1, 1__0, 0x_1F, 1:30.5, .5_0]
x: [&one { a: 1 }, *one, *one, *one, *one, *one, *one, *one, *one, *one, *one, *one, *one, *one, *one, *one, *one, *one, *one, *one, *one, *one]
y: [Yes, n, Off, tRUE, =, Null, !!str 1.30, "1.30"]
`;
  const chart = join(dir, 'reader');
  mkdirSync(join(chart, 'templates'), { recursive: true });
  writeFileSync(join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: reader\nversion: 0.1.0\n');
  writeFileSync(join(chart, 'text.yaml'), text);
  writeFileSync(
    join(chart, 'templates', 'map.yaml'),
    'kind: {{ .Files.Get "text.yaml" | fromYaml | toJson | quote }}\n',
  );
  const helm = createHelm({ binary: findProgram('helm'), workDir: join(dir, 'reader-work') });
  const output = await helm.template({ chart, values: '', release: 'r', namespace: 'n' });
  const { kind } = readHelmYaml(output) as { kind: string };
  assert.deepEqual(readHelmYaml(text), JSON.parse(kind));
});

test('Helm runs without the environment and within limits', async () => {
  const homeDir = join(dir, 'env');
  process.env['HELM_NAMESPACE'] = 'stolen';
  const shown = await runHelm({ binary: findProgram('helm'), args: ['env'], homeDir, timeoutMs: 5_000 });
  assert.match(shown.stdout, /HELM_NAMESPACE="default"/);
  assert.match(shown.stdout, new RegExp(`HELM_CACHE_HOME="${homeDir}/cache"`));
  const slow = await runHelm({ binary: '/bin/sleep', args: ['30'], homeDir, timeoutMs: 100 });
  assert.equal(slow.timedOut, true);
  await assert.rejects(
    runHelm({ binary: '/no/helm', args: [], homeDir, timeoutMs: 5_000 }),
    /Helm not found at \/no\/helm/,
  );
  assert.ok(!existsSync(join(homeDir, '.kube')));
});
