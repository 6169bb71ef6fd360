import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import type { AppParameter } from '../../contracts/resources/app-parameter.ts';
import { eventually } from '../support/eventually.ts';
import { type ManagementFixture, startManagementFixture } from './management-fixture.ts';
import { keyOf } from './user-calls.ts';
import { hashOf } from './test-gateway.ts';

let fixture: ManagementFixture;

before(async () => {
  fixture = await startManagementFixture();
});
after(() => fixture?.stop());

async function succeeds(user: string, args: string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await fixture.kubectl(user, args, input === undefined ? {} : { input });
  assert.equal(code, 0, stderr);
  return stdout;
}

describe('kubectl through /kubernetes/management', () => {
  it("kubectl acts as the caller, with the platform's groups", async () => {
    const review = JSON.parse(await succeeds('ben', ['auth', 'whoami', '-o', 'json']));
    assert.equal(review.status.userInfo.username, 'ben@example.com');
    assert.deepEqual(review.status.userInfo.groups, ['devs', 'system:authenticated', 'loft:user:ben']);
  });

  it('finds the resources by discovery and explains them by OpenAPI', async () => {
    assert.match(
      await succeeds('anna', ['api-resources', '--api-group=management.loft.sh']),
      /virtualclusterinstances\s+vci/,
    );
    assert.match(
      await succeeds('anna', ['explain', 'virtualclusterinstances.spec.templateRef']),
      /templateRef/,
    );
  });

  it('creates, applies on the server side, patches, lists in pages and deletes', async () => {
    const manifest = (value: string) =>
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'a', namespace: 'default' },
        data: { value },
      });
    await succeeds('anna', ['create', '-f', '-'], manifest('1'));
    await succeeds('anna', ['apply', '--server-side', '--force-conflicts', '-f', '-'], manifest('2'));
    await succeeds('anna', [
      'patch',
      'configmap',
      'a',
      '-n',
      'default',
      '--type=json',
      '-p',
      '[{"op":"replace","path":"/data/value","value":"3"}]',
    ]);
    await succeeds('anna', [
      'patch',
      'configmap',
      'a',
      '-n',
      'default',
      '--type=merge',
      '-p',
      '{"data":{"other":"4"}}',
    ]);
    const read = JSON.parse(await succeeds('anna', ['get', 'configmap', 'a', '-n', 'default', '-o', 'json']));
    assert.deepEqual(read.data, { value: '3', other: '4' });
    assert.match(await succeeds('anna', ['get', 'clusterroles', '--chunk-size=5']), /cluster-admin/);
    await succeeds('anna', ['delete', 'configmap', 'a', '-n', 'default']);
  });

  it('names with colons, and queries, are forwarded unchanged', async () => {
    assert.match(
      await succeeds('anna', ['get', 'clusterrole', 'system:basic-user', '-o', 'name']),
      /system:basic-user/,
    );
    assert.match(await succeeds('anna', ['get', 'users', '-l', 'a in (b, c)', '--ignore-not-found']), /^$/);
  });

  it("requests are refused by the caller's RBAC", async () => {
    const { code, stderr } = await fixture.kubectl('ben', ['get', 'secrets', '-n', 'default']);
    assert.notEqual(code, 0);
    assert.match(stderr, /User "ben@example.com" cannot list resource "secrets"/);
    await succeeds('ben', ['get', 'virtualclusterinstances', '-n', 'p-alpha']);
    assert.match(
      (await fixture.kubectl('carl', ['get', 'virtualclusterinstances', '-n', 'p-alpha'])).stderr,
      /Forbidden/,
    );
  });

  it('an unknown key gets a clear error', async () => {
    const { stderr } = await fixture.kubectl('nobody', ['get', 'ns']);
    assert.match(stderr, /platform access key not found|must be logged in/);
  });

  it('a watch streams while it is open, and is closed upstream when the client disconnects', async () => {
    const child = fixture.watch('anna', ['get', 'configmaps', '-n', 'p-alpha', '-w', '-o', 'name']);
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await eventually('the watch is open', () => fixture.parts.gateway.streams.size === 1, { intervalMs: 10 });
    await fixture.admin.core.createNamespacedConfigMap({
      namespace: 'p-alpha',
      body: { metadata: { name: 'seen' } },
    });
    await eventually('the event arrives', () => output.includes('configmap/seen'), { intervalMs: 5 });
    assert.equal(child.exitCode, null, 'the watch is still open');
    child.kill('SIGKILL');
    await once(child, 'close');
    await eventually('the stream is closed', () => fixture.parts.gateway.streams.size === 0);
  });
});

describe('parameters of a template', () => {
  const instances =
    '/kubernetes/management/apis/management.loft.sh/v1/namespaces/p-alpha/virtualclusterinstances';
  const made = (name: string, spec: object) => ({
    apiVersion: 'management.loft.sh/v1',
    kind: 'VirtualClusterInstance',
    metadata: { name, namespace: 'p-alpha' },
    spec: { templateRef: { name: 'sized' }, ...spec },
  });
  const send = (method: string, path: string, body: object, type = 'application/json') =>
    fixture.call('ben', method, path, body, { 'content-type': type });
  const merge = 'application/merge-patch+json';
  const tooLong = 'name: much-too-long\nsize: 3\n';
  const refused = /parameter \\"name\\" must match/;
  before(async () => {
    const parameters: AppParameter[] = [
      { variable: 'name', validation: '^[a-z]{1,8}$' },
      { variable: 'size', type: 'number', required: true, min: 1, max: 5 },
    ];
    await fixture.resources.virtualclustertemplates.create({
      metadata: { name: 'sized' },
      spec: { parameters },
    });
    await fixture.resources.virtualclusterinstances.create(made('stored', { parameters: tooLong }));
    await eventually(
      'the gateway knows both',
      () =>
        fixture.parts.gateway.cache.template('tenant', 'sized') !== undefined &&
        fixture.parts.gateway.cache.instances('tenant').some(({ metadata }) => metadata.name === 'stored'),
    );
  });

  it('are refused with the reason before anything is stored, however they are written', async () => {
    const cases: [parameters: string | undefined, says: RegExp][] = [
      [tooLong, refused],
      [undefined, /parameter \\"size\\" is required/],
      ['size: 9', /parameter \\"size\\" must be at most 5/],
      ['colour: red', /does not have a parameter \\"colour\\"; it has name, size/],
      ['{', /parameters are not valid YAML/],
    ];
    for (const [parameters, says] of cases) {
      const answer = await send(
        'POST',
        instances,
        made('one', parameters === undefined ? {} : { parameters }),
      );
      assert.equal(answer.status, 422, answer.text);
      assert.equal(answer.json()['kind'], 'Status');
      assert.match(answer.text, says);
    }
    assert.equal((await send('POST', instances, made('one', { parameters: 'size: 2' }))).status, 201);
    const one = `${instances}/one`;
    const wrong = { spec: { parameters: tooLong } };
    const stored = (await fixture.call('ben', 'GET', one)).json();
    for (const [method, body, type] of [
      ['PATCH', wrong, merge],
      ['PATCH', [{ op: 'add', path: '/spec/parameters', value: tooLong }], 'application/json-patch+json'],
      ['PUT', { ...stored, spec: { ...(stored['spec'] as object), ...wrong.spec } }, 'application/json'],
    ] as const) {
      const answer = await send(method, one, body, type);
      assert.equal(answer.status, 422, answer.text);
      assert.match(answer.text, refused);
    }
    const applied = await fixture.kubectl('ben', ['apply', '--server-side', '-f', '-'], {
      input: JSON.stringify(made('two', { parameters: tooLong })),
    });
    assert.notEqual(applied.code, 0);
    assert.match(applied.stderr, /is invalid: spec\.parameters: parameter "name" must match/);
    const names = (await fixture.resources.virtualclusterinstances.list('p-alpha')).map(
      ({ metadata }) => metadata.name,
    );
    assert.ok(names.includes('one') && !names.includes('two'));
    const kept = await fixture.resources.virtualclusterinstances.get({ namespace: 'p-alpha', name: 'one' });
    assert.equal(kept?.spec?.parameters, 'size: 2');
  });

  it('that are stored already stand in the way of nothing else', async () => {
    const stored = `${instances}/stored`;
    const other = {
      metadata: { labels: { a: 'b' } },
      spec: { displayName: 'parameters', parameters: tooLong },
    };
    assert.equal((await send('PATCH', stored, other, merge)).status, 200);
    assert.match((await send('PATCH', stored, { spec: { parameters: 'size: 7' } }, merge)).text, /at most 5/);
    const elsewhere = { spec: { templateRef: { name: 'not-there-yet' } } };
    assert.equal((await send('PATCH', stored, elsewhere, merge)).status, 200, 'nothing to check them by');
  });
});

describe('what values and templates say of sleep', () => {
  const api = '/kubernetes/management/apis/management.loft.sh/v1';
  const instances = `${api}/namespaces/p-alpha/virtualclusterinstances`;
  const templates = `${api}/virtualclustertemplates`;
  const merge = 'application/merge-patch+json';
  const send = (user: string, method: string, path: string, body: object, type = 'application/json') =>
    fixture.call(user, method, path, body, { 'content-type': type });
  const definition = (values: string) => ({ template: { helmRelease: { values } } });
  const body = (kind: string, name: string, spec: object) => ({
    apiVersion: 'management.loft.sh/v1',
    kind,
    metadata: { name },
    spec,
  });
  const wrong = 'sleep:\n  auto:\n    schedule: at night\n';

  it('is refused with the setting and the reason before anything is stored, unless it is stored already', async () => {
    const refusals: [string, object, RegExp][] = [
      [
        instances,
        body('VirtualClusterInstance', 'drowsy', definition(wrong)),
        /values: sleep\.auto\.schedule: invalid cron expression \\"at night\\"/,
      ],
      [
        instances,
        body('VirtualClusterInstance', 'drowsy', definition('deletion: {auto: {afterInactivity: 1d}}')),
        /deletion\.auto\.afterInactivity: .*is not a duration/,
      ],
      [
        templates,
        body('VirtualClusterTemplate', 'drowsy', definition(wrong)),
        /values: sleep\.auto\.schedule: .*"field":"spec\.template"/,
      ],
      [
        templates,
        body('VirtualClusterTemplate', 'drowsy', {
          versions: [{ version: '1.0.0' }, { version: '1.1.0', ...definition(wrong) }],
        }),
        /values: sleep\.auto\.schedule: .*"field":"spec\.versions\[1\]\.template"/,
      ],
      [
        `${api}/spacetemplates`,
        body('SpaceTemplate', 'drowsy', {
          template: { metadata: { annotations: { 'sleepmode.loft.sh/sleep-after': '1h' } } },
        }),
        /sleepmode\.loft\.sh\/sleep-after: .*is not a number of seconds/,
      ],
    ];
    for (const [path, object, reason] of refusals) {
      const answer = await send('anna', 'POST', path, object);
      assert.equal(answer.status, 422, answer.text);
      assert.match(answer.text, reason);
    }
    const fine = body(
      'VirtualClusterTemplate',
      'drowsy',
      definition('sleep: {auto: {schedule: "0 20 * * *"}}'),
    );
    assert.equal((await send('anna', 'POST', templates, fine)).status, 201);
    const patched = await send('anna', 'PATCH', `${templates}/drowsy`, { spec: definition(wrong) }, merge);
    assert.equal(patched.status, 422, patched.text);
    // As an earlier version stored it.
    await fixture.resources.virtualclustertemplates.patch({ name: 'drowsy' }, { spec: definition(wrong) });
    await eventually('the gateway knows it', () =>
      JSON.stringify(fixture.parts.gateway.cache.template('tenant', 'drowsy')).includes('at night'),
    );
    const other = { spec: { displayName: 'sleep', ...definition(`${wrong}deletion: {prevent: true}\n`) } };
    assert.equal((await send('anna', 'PATCH', `${templates}/drowsy`, other, merge)).status, 200);
  });
});

describe('the gateway’s own credential', () => {
  it("the gateway's credential alone is allowed nothing", async () => {
    const { connectCluster } = await import('../../adapters/kubernetes/client.ts');
    const own = connectCluster(await fixture.apiServer.kubeconfig('vcluster-platform:gateway'));
    await assert.rejects(
      own.core.listNamespacedSecret({ namespace: 'vcluster-platform' }),
      /cannot list resource/,
    );
    await assert.rejects(own.core.listNamespace(), /cannot list resource/);
  });
});

describe('an unreachable management API', () => {
  it('503: a user that the gateway may not impersonate yet', async () => {
    await fixture.resources.users.create({ metadata: { name: 'dora' }, spec: {} });
    await fixture.resources.accesskeys.create({
      metadata: { name: 'key-dora' },
      spec: { user: 'dora', keyHash: hashOf(keyOf('dora')) },
    });
    const { cache } = fixture.parts.gateway;
    await eventually('the gateway knows dora', () => cache.user('dora') && cache.accessKeyNamed('key-dora'));
    const answer = await fixture.call('dora', 'GET', '/kubernetes/management/api/v1/namespaces');
    assert.equal(answer.status, 503, answer.text);
    assert.equal(answer.json()['kind'], 'Status');
    assert.match(String(answer.json()['message']), /not noted there yet that you may come in; try again/);
    assert.equal(
      (await fixture.call('dora', 'GET', '/api/v1/projects/alpha/virtualclusters/a/operations')).status,
      404,
    );
    const submit = await fixture.call('dora', 'POST', '/api/v1/projects/alpha/virtualclusters/a/operations', {
      type: 'sleep',
    });
    assert.equal(submit.json()['code'], 'management_unavailable');
  });

  it('503 with a clear message, and callers are still authenticated', async () => {
    await fixture.apiServer.stop();
    const answer = await fixture.call('anna', 'GET', '/kubernetes/management/api/v1/namespaces');
    assert.equal(answer.status, 503, answer.text);
    assert.equal(answer.headers['retry-after'], '1');
    assert.match(answer.text, /the management API is unreachable; try again/);
    assert.equal((await fixture.call('nobody', 'GET', '/kubernetes/management/api')).status, 401);
    assert.equal(
      (await fixture.call('anna', 'GET', '/api/v1/projects')).json()['code'],
      'management_unavailable',
    );
  });
});
