import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Operation } from '../../contracts/operations.ts';
import type { OperationType } from '../../contracts/verbs.ts';
import { findProgram } from '../../toolchain/find-program.ts';
import { eventually } from '../support/eventually.ts';
import { type Member, newMember } from '../support/members.ts';
import { run, type TestPlatform } from '../support/platform.ts';
import { sharedPlatform } from '../support/shared-platform.ts';

const management = '/kubernetes/management';
const spacePath = '/kubernetes/project/default/space/one';
const inNamespace = `${spacePath}/api/v1/namespaces/loft-default-s-one`;
const namespace = 'loft-default-s-one';
const workload = (kind: string, name: string, spec: object) => ({
  apiVersion: kind === 'CronJob' ? 'batch/v1' : 'apps/v1',
  kind,
  metadata: { name },
  spec,
});
const template = {
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'web', image: 'web:1' }] },
};
const selector = { matchLabels: { app: 'web' } };
const pod = (name: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, ...more },
  spec: { containers: [{ name: 'one', image: 'one:1' }] },
});

/** Spaces of a whole platform, used by people who are no administrators. */
describe('lifecycle of a space', { timeout: 1_200_000 }, () => {
  let platform: TestPlatform;
  let anna: Member;
  let bob: Member;
  before(async () => {
    platform = await sharedPlatform();
    anna = await newMember(platform, 'anna');
    bob = await newMember(platform, 'bob');
    const members = [{ kind: 'User', name: 'anna', clusterRole: 'loft-management-project-user' }];
    const patch = ['--type=merge', '-p', JSON.stringify({ spec: { members } })];
    const joined = await platform.kubectl('patch', 'project', 'default', ...patch);
    assert.equal(joined.code, 0, joined.stderr);
  });
  after(async () => {
    anna?.forget();
    bob?.forget();
  });

  const manifest = { apiVersion: 'management.loft.sh/v1', kind: 'SpaceInstance', metadata: { name: 'one' } };
  /** As a GitOps tool that replaces: what the platform decided stays, though the manifest does not say it. */
  async function replaceManifest(): Promise<void> {
    const get = async () => {
      const read = await anna.kubectl(management, 'p-default', ['get', 'si', 'one', '-o', 'json']);
      const { metadata, spec, status } = JSON.parse(read.stdout);
      const { uid, generation, finalizers, annotations } = metadata;
      const { phase, clusterRef, lastOperation } = status;
      return { uid, generation, finalizers, annotations, spec, phase, clusterRef, lastOperation };
    };
    const before = await get();
    const clusterRef = { cluster: 'local', namespace };
    assert.deepEqual(before.spec, { owner: { user: 'anna' }, clusterRef }, 'the gateway shows the place');
    assert.deepEqual(before.clusterRef, clusterRef);
    const replace = ['replace', '-f', '-'];
    const replaced = await anna.kubectl(management, 'p-default', replace, JSON.stringify(manifest));
    assert.equal(replaced.code, 0, replaced.stderr);
    assert.deepEqual(await get(), before);
  }
  /** kubectl of the connected cluster's own administrator. */
  const host = (...args: string[]) =>
    run(findProgram('kubectl'), ['--kubeconfig', join(platform.stateDir, 'local/admin.kubeconfig'), ...args]);
  const namespaces = () => succeeds(host('get', 'namespaces', '-o', 'name'));
  const inSpace = (who: Member, ...args: string[]) => who.kubectl(spacePath, namespace, args);
  async function succeeds(result: ReturnType<typeof run>): Promise<string> {
    const { code, stdout, stderr } = await result;
    assert.equal(code, 0, stderr);
    return stdout;
  }
  const apply = (who: Member, object: object) =>
    succeeds(who.kubectl(spacePath, namespace, ['apply', '-f', '-'], JSON.stringify(object)));
  const field = async (kind: string, name: string, path: string) =>
    succeeds(host('get', kind, name, '-n', namespace, '-o', `jsonpath=${path}`));
  const operations = async () =>
    (await platform.call('GET', '/api/v1/projects/default/spaces/one/operations')).json<{
      items: Operation[];
    }>().items;
  const ask = async (type: OperationType) => {
    const answer = await platform.call('POST', '/api/v1/projects/default/spaces/one/operations', { type });
    assert.equal(answer.status, 202, answer.text);
    return answer.json<Operation>();
  };
  const done = async (type: OperationType) => {
    const ended = await platform.ended((await ask(type)).id);
    assert.equal(ended.state, 'succeeded', ended.message);
    return ended;
  };
  const stepState = async (id: string, key: string) =>
    (await platform.operation(id)).steps.find((step) => step.key === key)?.state;
  /** What the gateway tells who asks for the space; kubectl makes less of it. */
  const told = async ({ key }: Member) =>
    (await platform.call('GET', `${spacePath}/api`, undefined, { key })).text.replaceAll('\\', '');
  /** As the worker put it: [replicas, suspended, annotation]. */
  const workloads = async () => [
    await field('deployment', 'web', '{.spec.replicas}'),
    await field('cronjob', 'nightly', '{.spec.suspend}'),
    await field('deployment', 'web', '{.metadata.annotations.loft\\.sh/sleep-mode-replicas}'),
  ];

  test('a member creates a space with kubectl and owns it', async () => {
    await eventually('anna may', async () => {
      const { code } = await anna.kubectl(
        management,
        'p-default',
        ['create', '-f', '-'],
        JSON.stringify(manifest),
      );
      return code === 0;
    });
    const columns = ['get', 'spaceinstance', 'one', '--no-headers'];
    await eventually('one is Ready', async () =>
      /Ready +local +loft-default-s-one/.test((await anna.kubectl(management, 'p-default', columns)).stdout),
    );
    await replaceManifest();
    const [create] = await operations();
    assert.deepEqual(
      [create?.type, create?.kind, create?.space, create?.actor],
      ['create', 'space', 'one', 'anna'],
    );
    const labels = await succeeds(host('get', 'namespace', namespace, '-o', 'jsonpath={.metadata.labels}'));
    assert.match(labels, /"loft.sh\/project":"default"/);
    assert.doesNotMatch(labels, /vcluster-platform.io\/managed/);
    const listed = await anna.kubectl(management, 'p-default', ['get', 'spaceinstances', '-A', '-o', 'name']);
    assert.equal(listed.stdout.trim(), 'spaceinstance.management.loft.sh/one');
    assert.equal((await bob.kubectl(management, 'p-default', ['get', 'si', '-A', '-o', 'name'])).stdout, '');
  });

  test('the owner works in the space with kubectl, and nowhere else', async () => {
    await apply(anna, workload('Deployment', 'web', { replicas: 2, selector, template }));
    const jobTemplate = { spec: { template: { spec: { ...template.spec, restartPolicy: 'Never' } } } };
    await apply(anna, workload('CronJob', 'nightly', { schedule: '@daily', jobTemplate }));
    await succeeds(inSpace(anna, 'create', 'configmap', 'notes', '--from-literal=a=1'));
    assert.match(
      await succeeds(inSpace(anna, 'get', 'deploy,cm')),
      /deployment.apps\/web[^]*configmap\/notes/,
    );
    assert.equal(
      await succeeds(inSpace(anna, 'get', 'namespace', namespace, '-o', 'name')),
      `namespace/${namespace}\n`,
    );
    assert.equal((await succeeds(inSpace(anna, 'auth', 'can-i', 'create', 'pods'))).trim(), 'yes');
    for (const args of [
      ['get', 'namespaces'],
      ['get', 'pods', '-A'],
      ['get', 'pods', '-n', 'kube-system'],
      ['delete', 'namespace', namespace],
      ['get', 'nodes'],
      ['get', '--raw', '/metrics'],
    ]) {
      const { code, stderr } = await inSpace(anna, ...args);
      assert.deepEqual([args.join(' '), code], [args.join(' '), 1]);
      assert.match(stderr, /space one is limited to namespace loft-default-s-one of cluster local/);
    }
    const quota = await inSpace(anna, 'create', 'quota', 'more', '--hard=pods=9');
    assert.match(quota.stderr, /forbidden/);
    assert.match(await told(bob), /space "one" not found/);
  });

  test("the embedded cluster refuses a space's pods with a reason", async () => {
    const refusal = await eventually('the node refuses', async () => {
      const { stdout } = await inSpace(anna, 'get', 'events', '-o', 'jsonpath={.items[*].message}');
      return /only in namespaces with the label[^]*Spaces need a connected cluster/.exec(stdout) ?? undefined;
    });
    assert.ok(refusal);
    const reasons = '{.items[*].status.containerStatuses[*].state.waiting.reason}';
    assert.match(
      await succeeds(inSpace(anna, 'get', 'pods', '-o', `jsonpath=${reasons}`)),
      /NamespaceNotManaged/,
    );
  });

  test('a space sleeps and wakes unchanged; asleep it is readable and blocks new pods', async () => {
    const slept = await platform.vcp('sleep', 'space', 'one');
    assert.equal(slept.code, 0, slept.stderr);
    assert.match(slept.stdout, /space one is asleep/);
    await replaceManifest();
    assert.deepEqual(await workloads(), ['0', 'true', '2']);
    assert.equal(await succeeds(host('get', 'pods', '-n', namespace, '-o', 'name')), '');
    const unnoticed = { key: anna.key, headers: { 'x-sleep-mode-ignore': 'true' } };
    const read = await platform.call('GET', `${inNamespace}/configmaps/notes`, undefined, unnoticed);
    assert.equal(read.status, 200, read.text);
    const refused = await platform.call('POST', `${inNamespace}/pods`, pod('new'), unnoticed);
    assert.match(
      refused.text,
      /forbidden: (exceeded quota|status unknown for quota): vcluster-platform.space-sleeps/,
    );
    assert.match((await platform.vcp('list', 'spaces')).stdout, /one +default +Sleeping +local/);
    await done('sleep');
    assert.deepEqual(await workloads(), ['0', 'true', '2'], 'a second sleep takes nothing');

    assert.match(await succeeds(inSpace(anna, 'get', 'cm', 'notes')), /notes/);
    assert.deepEqual(await workloads(), ['2', 'false', ''], 'the first request wakes it and waits');
    const [woken] = await operations();
    assert.equal(woken?.type, 'wake');
    assert.match(woken.actor, /^anna/);
    await done('sleep');
    const awake = ['annotate', 'si', 'one', 'sleepmode.loft.sh/force-'];
    await succeeds(anna.kubectl(management, 'p-default', awake));
    await eventually('it is awake', async () => (await workloads()).join() === '2,false,');
    const phase = ['get', 'si', 'one', '-o', 'jsonpath={.status.phase}'];
    await eventually(
      'it says so',
      async () => (await anna.kubectl(management, 'p-default', phase)).stdout === 'Ready',
    );
  });

  test("a cancelled sleep restores the workloads; a killed worker's operation continues", async () => {
    // No node has this label, so nobody ends it.
    const held = pod('held', { finalizers: ['example.com/hold'] });
    await apply(anna, { ...held, spec: { ...held.spec, nodeSelector: { nowhere: 'true' } } });
    const sleep = await ask('sleep');
    await eventually('it waits for pods', async () => (await stepState(sleep.id, 'pods')) === 'running');
    assert.equal((await platform.call('POST', `/api/v1/operations/${sleep.id}/cancel`)).status, 202);
    assert.equal((await platform.ended(sleep.id)).state, 'cancelled');
    assert.deepEqual(await workloads(), ['2', 'false', '']);

    const again = await ask('sleep');
    await eventually('it waits again', async () => (await stepState(again.id, 'pods')) === 'running');
    process.kill(platform.processes()['worker']?.pid ?? -1, 'SIGKILL');
    await succeeds(
      inSpace(anna, 'patch', 'pod', 'held', '--type=merge', '-p', '{"metadata":{"finalizers":null}}'),
    );
    const ended = await platform.ended(again.id);
    assert.equal(ended.state, 'succeeded', ended.message);
    assert.deepEqual(await workloads(), ['0', 'true', '2']);
    await done('wake');
    assert.deepEqual(await workloads(), ['2', 'false', '']);
  });

  test('access rules take effect at once, and deleted bindings come back', async () => {
    const share = (rules: object[]) =>
      anna.kubectl(management, 'p-default', [
        'patch',
        'si',
        'one',
        '--type=merge',
        '-p',
        JSON.stringify({ spec: { extraAccessRules: rules } }),
      ]);
    const refused = await share([{ users: ['bob'], clusterRole: 'admin' }]);
    assert.match(refused.stderr, /only an administrator of the connected cluster can grant the role admin/);
    await succeeds(share([{ users: ['bob'], clusterRole: 'view' }]));
    await eventually('bob may look', async () => (await inSpace(bob, 'get', 'cm', 'notes')).code === 0);
    assert.match((await inSpace(bob, 'delete', 'cm', 'notes')).stderr, /cannot delete resource/);
    const file = bob.kubeconfig(spacePath, namespace);
    const watch = spawn(findProgram('kubectl'), [
      '--kubeconfig',
      file,
      'get',
      '--raw',
      `/api/v1/namespaces/${namespace}/configmaps?watch=true`,
    ]);
    let seen = '';
    watch.stdout.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    await eventually('the watch shows what is there', () => seen.includes('notes'));
    await succeeds(share([]));
    await eventually('the watch ends', () => watch.exitCode !== null, { timeoutMs: 60_000 });
    assert.match(await told(bob), /space "one" not found/);
    const binding = ['rolebinding', 'vcluster-platform:access:loft-cluster-space-admin', '-n', namespace];
    await succeeds(host('delete', ...binding));
    await eventually('it is back', async () => (await host('get', ...binding)).code === 0);
    assert.equal(
      (await host('get', 'rolebinding', 'vcluster-platform:access:view', '-n', namespace)).code,
      1,
    );
  });

  test('vcp creates, connects and deletes spaces, apart from tenant clusters of the same name, and connects their cluster', async () => {
    const created = await platform.vcp('create', 'namespace', 'two', '--display-name', 'Second');
    assert.equal(created.code, 0, created.stderr);
    assert.match(created.stdout, /space two is ready/);
    const kubeconfig = join(platform.stateDir, 'two.kubeconfig');
    const connected = await platform.vcp('connect', 'space', 'two', '--kubeconfig', kubeconfig);
    assert.equal(connected.code, 0, connected.stderr);
    const env = { ...process.env, VCP_CONFIG: join(platform.stateDir, 'vcp-config.json') };
    const kubectl = (...args: string[]) =>
      run(findProgram('kubectl'), ['--kubeconfig', kubeconfig, ...args], { env });
    assert.equal(await succeeds(kubectl('config', 'current-context')), 'vcluster-platform_two_default\n');
    await succeeds(kubectl('create', 'configmap', 'here'));
    assert.match((await platform.vcp('operations', 'list', 'two')).stdout, /create +two +succeeded +space/);
    assert.equal((await platform.vcp('operations', 'list', 'nothing')).code, 0);
    const other = join(platform.stateDir, 'host.kubeconfig');
    const cluster = await platform.vcp('connect', 'cluster', 'local', '--kubeconfig', other);
    assert.equal(cluster.code, 0, cluster.stderr);
    assert.match(cluster.stdout, /is now vcluster-platform-cluster_local; try: kubectl .* get namespaces\n$/);
    const inCluster = (...args: string[]) =>
      run(findProgram('kubectl'), ['--kubeconfig', other, ...args], { env });
    assert.match(
      await succeeds(inCluster('get', 'namespaces', '-o', 'name')),
      /^namespace\/loft-default-s-two$/m,
    );
    await succeeds(inCluster('get', 'configmap', 'here', '-n', 'loft-default-s-two'));
    await succeeds(inCluster('create', 'configmap', 'there', '-n', 'loft-default-s-two'));
    await succeeds(kubectl('get', 'configmap', 'there'));
    // A user who may not use the cluster gets no context for it.
    const { url, caFile } = platform.admin();
    const asAnna = { ...env, VCP_CONFIG: join(platform.stateDir, 'vcp-anna.json') };
    const vcp = (...args: string[]) => run(process.execPath, ['cli/main.ts', ...args], { env: asAnna });
    await succeeds(vcp('login', url, '--access-key', anna.key, '--ca-file', caFile));
    const refused = await vcp('connect', 'cluster', 'local', '--print');
    assert.deepEqual([refused.code === 3 || refused.code === 4, refused.stdout], [true, ''], refused.stderr);
    assert.match(
      (await platform.vcp('operations', 'list', '--space', 'two')).stdout,
      /create +two +succeeded +space/,
    );
    const snapshot = await platform.call('POST', '/api/v1/projects/default/spaces/two/operations', {
      type: 'snapshot',
    });
    assert.equal(snapshot.status, 400, snapshot.text);
    const deleted = await platform.vcp('delete', 'space', 'two');
    assert.equal(deleted.code, 0, deleted.stderr);
    await eventually(
      'Kubernetes takes the empty namespace away',
      async () => !(await namespaces()).includes('s-two'),
    );
  });

  test('an owner cannot hide a space; unclaimed namespaces are reported and deleted by an administrator', async () => {
    const without = ['patch', 'si', 'one', '--type=merge', '-p', '{"metadata":{"finalizers":null}}'];
    assert.match((await anna.kubectl(management, 'p-default', without)).stderr, /belongs to the platform/);

    const lost = {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {
        name: 'loft-default-s-lost',
        labels: {
          'vcluster-platform.io/instance-uid': randomUUID(),
          'loft.sh/project': 'default',
          'loft.sh/space-instance-name': 'lost',
        },
      },
    };
    const file = join(platform.stateDir, 'lost.json');
    writeFileSync(file, JSON.stringify(lost));
    await succeeds(host('create', '-f', file));
    const listed = () => platform.vcp('list', 'unclaimed-namespaces');
    await eventually('it is listed', async () => (await listed()).stdout.includes('loft-default-s-lost'), {
      timeoutMs: 90_000,
    });
    assert.match((await listed()).stdout, /loft-default-s-lost +local +space +default +lost/);
    const condition = await succeeds(
      platform.kubectl('get', 'cluster', 'local', '-o', 'jsonpath={.status.conditions}'),
    );
    assert.match(condition, /"reason":"Unclaimed".*"status":"False","type":"NamespacesClaimed"/);
    const path = '/api/v1/unclaimed-namespaces/local/loft-default-s';
    assert.equal((await platform.call('DELETE', `${path}-lost`, undefined, { key: anna.key })).status, 403);
    assert.equal((await platform.call('DELETE', `${path}-one`)).status, 404, 'one that belongs to a space');
    const remove = ['delete', 'unclaimed-namespace', 'loft-default-s-lost', '--cluster', 'local'];
    const deleted = await platform.vcp(...remove);
    assert.equal(deleted.code, 0, deleted.stderr);
    await eventually('it is taken away', async () => !(await namespaces()).includes('s-lost'));
    const [operation] = (await platform.call('GET', '/api/v1/projects/default/spaces/lost/operations')).json<{
      items: Operation[];
    }>().items;
    assert.deepEqual([operation?.type, operation?.state, operation?.actor], ['delete', 'succeeded', 'admin']);
  });

  test('deleting a space leaves nothing', async () => {
    await succeeds(anna.kubectl(management, 'p-default', ['delete', 'si', 'one', '--timeout=120s']));
    assert.equal(await succeeds(host('get', 'pods,pvc,secrets', '-n', namespace, '-o', 'name')), '');
    await eventually(
      'Kubernetes takes the empty namespace away',
      async () => !(await namespaces()).includes('-s-'),
    );
    await eventually('its rights are gone', async () => {
      const { stdout } = await platform.kubectl('get', 'roles,rolebindings', '-n', 'p-default', '-o', 'name');
      return stdout.includes('member') && !stdout.includes(':space:');
    });
    const trail = await platform.call('GET', '/api/v1/audit?kind=space&limit=200');
    const events = trail.json<{ items: { space?: string; user?: string; code?: number }[] }>().items;
    assert.ok(events.some(({ space, user, code }) => space === 'one' && user === 'anna' && code === 201));
    assert.ok(events.some(({ code }) => code === 403));
  });
});
