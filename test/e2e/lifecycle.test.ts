import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import type { VirtualClusterInstance } from '../../contracts/resources/virtual-cluster-instance.ts';
import { findProgram } from '../../toolchain/find-program.ts';
import { eventually } from '../support/eventually.ts';
import { instancesPath, run, type TestPlatform } from '../support/platform.ts';
import { sharedPlatform } from '../support/shared-platform.ts';
import { leftovers, nothingLeft } from '../support/leftovers.ts';

const tenant = '/kubernetes/project/default/virtualcluster/alpha';
const configMap = (name: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data: { greeting: 'hello' },
});

/** One tenant cluster through create, use, sleep, wake, snapshot, restore and delete, by REST and kubectl. */
describe('lifecycle of a tenant cluster', { timeout: 1_200_000 }, () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await sharedPlatform();
  });

  const phase = async () =>
    (await platform.call('GET', `${instancesPath}/alpha`)).json<{ status?: { phase?: string } }>().status
      ?.phase;

  test('applying an instance creates a tenant cluster', async () => {
    await platform.apply('alpha');
    await eventually('alpha is Ready', async () => (await phase()) === 'Ready', { timeoutMs: 300_000 });
    const listed = (
      await platform.call('GET', '/api/v1/projects/default/virtualclusters/alpha/operations')
    ).json<{ items: Array<{ id: string; type: string; actor: string }> }>();
    assert.deepEqual(
      listed.items.map(({ type, actor }) => [type, actor]),
      [['create', 'admin']],
    );
    // The instance is Ready before its operation is written down as over.
    assert.equal((await platform.ended(listed.items[0]?.id ?? '')).state, 'succeeded');
  });

  test('the tenant is used through the gateway', async () => {
    const made = await platform.call(
      'POST',
      `${tenant}/api/v1/namespaces/default/configmaps`,
      configMap('kept'),
    );
    assert.equal(made.status, 201, made.text);
    const listed = (await platform.call('GET', `${tenant}/api/v1/namespaces/default/configmaps`)).json<{
      items: Array<{ metadata: { name: string } }>;
    }>();
    assert.ok(listed.items.some((item) => item.metadata.name === 'kept'));
    const account = await platform.call('GET', `${tenant}/api/v1/namespaces/default/serviceaccounts/default`);
    assert.equal(account.status, 200, `pods may be made at once: ${account.text}`);
  });

  test("the control plane's log is read through the gateway", async () => {
    const read = async (query: string) => {
      const { status, text } = await platform.call('GET', `${instancesPath}/alpha/log?${query}`);
      assert.equal(status, 200, text);
      return text.trimEnd().split('\n');
    };
    const whole = await read('container=kube-apiserver');
    assert.ok(whole.length > 2, whole.join('\n'));
    assert.equal((await read('container=kube-apiserver&tailLines=2')).length, 2);
    const [followed] = await read('container=kube-apiserver&follow=true&limitBytes=40');
    assert.ok(followed && whole.some((line) => line.startsWith(followed)), followed);
    const unknown = await platform.call(
      'GET',
      `${instancesPath}/alpha/log?insecureSkipTLSVerifyBackend=true`,
    );
    assert.equal(unknown.status, 400, unknown.text);
  });

  test('a tenant cluster sleeps and wakes with its objects', async () => {
    const sleep = await platform.ended((await platform.submit('alpha', { type: 'sleep' })).id);
    assert.equal(sleep.state, 'succeeded', sleep.message);
    assert.equal(await phase(), 'Sleeping');
    const log = await platform.call('GET', `${instancesPath}/alpha/log`);
    assert.match(log.text, /alpha is asleep: nothing runs that has a log/);
    const refused = await platform.call('GET', `${tenant}/api/v1/namespaces`, undefined, {
      headers: { 'x-sleep-mode-ignore': 'true' },
    });
    assert.equal(refused.status, 503);
    const config = join(platform.stateDir, 'admin.kubeconfig');
    const server = `${new URL(platform.admin().url).origin}${tenant}`;
    const kubectl = (...args: string[]) =>
      run(findProgram('kubectl'), ['--kubeconfig', config, '--server', server, ...args]);
    const first = await kubectl('get', 'configmap', 'kept', '-n', 'default', '-o', 'jsonpath={.data}');
    assert.equal(first.code, 0, `the first request wakes it and waits: ${first.stderr}`);
    assert.deepEqual(JSON.parse(first.stdout), { greeting: 'hello' });
    const wakes = (await platform.all('alpha')).filter(({ type }) => type === 'wake');
    assert.equal(wakes.length, 1, 'all that kubectl asked is one wake');
    // It is answered as soon as there is who answers; the operation has its outcome to report then.
    assert.equal((await platform.ended(wakes[0]?.id ?? '')).state, 'succeeded');
  });

  test('a restore brings back what was deleted after the snapshot', async () => {
    const snapshot = await platform.ended(
      (await platform.submit('alpha', { type: 'snapshot', parameters: { snapshot: 'before' } })).id,
    );
    assert.equal(snapshot.state, 'succeeded', snapshot.message);
    const listed = (
      await platform.call('GET', '/api/v1/projects/default/virtualclusters/alpha/snapshots')
    ).json<{ items: Array<{ name: string; state: string; sha256: string; revision: number }> }>();
    assert.equal(listed.items[0]?.state, 'completed');
    assert.match(listed.items[0]?.sha256 ?? '', /^[0-9a-f]{64}$/);
    assert.ok((listed.items[0]?.revision ?? 0) > 0);
    assert.equal(
      (await platform.call('DELETE', `${tenant}/api/v1/namespaces/default/configmaps/kept`)).status,
      200,
    );
    const restore = await platform.ended(
      (await platform.submit('alpha', { type: 'restore', parameters: { snapshot: 'before' } })).id,
    );
    assert.equal(restore.state, 'succeeded', restore.message);
    const back = await eventually('the object is back', async () => {
      const answer = await platform.call('GET', `${tenant}/api/v1/namespaces/default/configmaps/kept`);
      return answer.status === 200 ? answer.json<{ data: unknown }>() : undefined;
    });
    assert.deepEqual(back.data, { greeting: 'hello' });
  });

  test('a snapshot of a sleeping tenant does not wake it, and outlives its tenant', async () => {
    await platform.ended((await platform.submit('alpha', { type: 'sleep' })).id);
    const snapshot = await platform.ended(
      (await platform.submit('alpha', { type: 'snapshot', parameters: { snapshot: 'asleep' } })).id,
    );
    assert.equal(snapshot.state, 'succeeded', snapshot.message);
    assert.equal(await phase(), 'Sleeping');
  });

  test('an update of a sleeping tenant to images that no node has fails, and leaves what is deployed', async () => {
    const headers = { 'content-type': 'application/merge-patch+json' };
    const change = async (spec: object) => {
      const answer = await platform.call('PATCH', `${instancesPath}/alpha`, { spec }, { headers });
      assert.equal(answer.status, 200, answer.text);
    };
    const values = 'kubernetesVersion: v1.99.0';
    await change({ templateRef: null, template: { helmRelease: { values } } });
    const status = await eventually('the update failed', async () => {
      const found = (await platform.call('GET', `${instancesPath}/alpha`)).json<VirtualClusterInstance>()
        .status;
      return found?.lastOperation?.type === 'update' ? found : undefined;
    });
    assert.deepEqual([status.lastOperation?.state, status.reason], ['failed', 'control_plane_not_ready']);
    assert.match(status.message ?? '', /would not start when it is woken: .*ErrImageNeverPull/);
    await change({ templateRef: { name: 'default' }, template: null });
    await eventually('what is deployed is what is asked', async () => (await phase()) === 'Sleeping');
  });

  test('a template is followed by a pattern always, by syncOnce once, and else said to have changed', async () => {
    const headers = { 'content-type': 'application/merge-patch+json' };
    const templates = '/kubernetes/management/apis/management.loft.sh/v1/virtualclustertemplates';
    const version = (name: string, more = '') => ({
      version: name,
      template: { helmRelease: { values: `kubernetesVersion: v1.36.3\n${more}` } },
    });
    const made = await platform.call('POST', templates, {
      apiVersion: 'management.loft.sh/v1',
      kind: 'VirtualClusterTemplate',
      metadata: { name: 'rolls' },
      spec: { versions: [version('1.0.0')] },
    });
    assert.equal(made.status, 201, made.text);
    const edit = async (...versions: object[]) => {
      const answer = await platform.call('PATCH', `${templates}/rolls`, { spec: { versions } }, { headers });
      assert.equal(answer.status, 200, answer.text);
    };
    const follow = async (templateRef: object) => {
      const spec = { templateRef: { name: 'rolls', version: null, syncOnce: null, ...templateRef } };
      const answer = await platform.call('PATCH', `${instancesPath}/alpha`, { spec }, { headers });
      assert.equal(answer.status, 200, answer.text);
    };
    const read = async () =>
      (await platform.call('GET', `${instancesPath}/alpha`)).json<VirtualClusterInstance>();
    const says = (status: string, message: RegExp) =>
      eventually(`TemplateSynced is ${status}: ${String(message)}`, async () => {
        const instance = await read();
        const said = instance.status?.conditions?.find(({ type }) => type === 'TemplateSynced');
        const isSaid = said?.status === status && message.test(said.message ?? '');
        return isSaid && instance.status?.phase === 'Sleeping' ? { ...instance, said } : undefined;
      });
    const updates = async () => (await platform.all('alpha')).filter(({ type }) => type === 'update').length;

    await follow({ version: '1.0.0' });
    await says('True', /^version 1\.0\.0 of template rolls is deployed$/);
    const before = await updates();
    await edit(version('1.0.0'), version('1.1.0'));
    const newer = await says('False', /there is version 1\.1\.0: set templateRef\.version/);
    assert.equal(newer.said.reason, 'NewTemplateVersionAvailable');
    await edit(version('1.0.0', '# edited'), version('1.1.0'));
    const edited = await says('False', /changed since it was deployed: set templateRef\.syncOnce/);
    assert.equal(edited.said.reason, 'TemplateChangesAvailable');
    assert.equal(await updates(), before, 'what an exact version names stays as it is');
    await follow({ version: '1.0.0', syncOnce: true });
    await says('False', /there is version 1\.1\.0/);
    const synced = await eventually('syncOnce is taken off', async () => {
      const instance = await read();
      return instance.spec?.templateRef?.syncOnce === undefined && instance;
    });
    assert.ok(!synced.status?.conditions?.some(({ type }) => type === 'FieldsIgnored'));
    await follow({ version: '1.x' });
    await says('True', /^version 1\.1\.0 of/);
    await edit(version('1.0.0'), version('1.1.0'), version('1.2.0'), version('2.0.0'));
    await says('True', /^version 1\.2\.0 of/);
    assert.equal(await updates(), before + 3, 'one update each by syncOnce, the pattern and the version');
  });

  test('a control plane that somebody deleted with its volume begins empty, and says so until a restore', async () => {
    const woken = await platform.ended((await platform.submit('alpha', { type: 'wake' })).id);
    assert.equal(woken.state, 'succeeded', woken.message);
    const host = '/kubernetes/cluster/local';
    const claim = `${host}/api/v1/namespaces/loft-default-v-alpha/persistentvolumeclaims/data-alpha-0`;
    const set = `${host}/apis/apps/v1/namespaces/loft-default-v-alpha/statefulsets/alpha`;
    assert.equal((await platform.call('DELETE', set)).status, 200);
    await eventually(
      'its volume goes with it',
      async () => (await platform.call('GET', claim)).status === 404,
    );
    const template = { helmRelease: { values: 'kubernetesVersion: v1.36.3' } };
    const changed = await platform.call(
      'PATCH',
      `${instancesPath}/alpha`,
      { spec: { templateRef: null, template } },
      { headers: { 'content-type': 'application/merge-patch+json' } },
    );
    assert.equal(changed.status, 200, changed.text);
    const update = await eventually(
      'an update makes it again',
      async () => {
        const [newest] = await platform.all('alpha');
        return newest?.type === 'update' && newest.state === 'succeeded' && newest;
      },
      { timeoutMs: 60_000 },
    );
    assert.match(
      update.message ?? '',
      /^Its control plane was deleted in cluster local, .*begins empty\. Restore snapshot "asleep"/,
    );
    const dataKept = async () =>
      (await platform.call('GET', `${instancesPath}/alpha`))
        .json<VirtualClusterInstance>()
        .status?.conditions?.find(({ type }) => type === 'DataKept');
    assert.equal((await dataKept())?.message, update.message);
    const kept = `${tenant}/api/v1/namespaces/default/configmaps/kept`;
    await eventually('it is empty', async () => (await platform.call('GET', kept)).status === 404);
    const restore = await platform.ended(
      (await platform.submit('alpha', { type: 'restore', parameters: { snapshot: 'asleep' } })).id,
    );
    assert.deepEqual([restore.state, restore.message], ['succeeded', undefined]);
    await eventually('its data are back', async () => (await platform.call('GET', kept)).status === 200);
    assert.equal(await dataKept(), undefined);
  });

  test('deleting a tenant cluster leaves only its snapshots', async () => {
    const deleted = await platform.submit('alpha', { type: 'delete' });
    assert.equal((await platform.ended(deleted.id)).state, 'succeeded');
    assert.deepEqual(await leftovers(platform, 'default', 'alpha'), nothingLeft);
    const kept = async () => {
      const answer = await platform.call('GET', '/api/v1/projects/default/snapshots');
      return answer
        .json<{ items: Array<{ name: string }> }>()
        .items.map((item) => item.name)
        .toSorted();
    };
    assert.deepEqual(await kept(), ['asleep', 'before']);
    const path = '/api/v1/projects/default/virtualclusters/alpha/snapshots/before';
    assert.equal((await platform.call('DELETE', path)).status, 202);
    await eventually('the snapshot is gone', async () => (await kept()).length === 1);
    assert.deepEqual(await kept(), ['asleep']);
    assert.equal((await platform.call('DELETE', path)).status, 404);
  });
});
