import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { findProgram } from '../../toolchain/find-program.ts';
import { eventually } from '../support/eventually.ts';
import { isFailure, isProblem, isStatus } from '../support/failure-forms.ts';
import { postLargeBody } from '../support/large-body.ts';
import { leftovers, nothingLeft } from '../support/leftovers.ts';
import { run, type TestPlatform } from '../support/platform.ts';
import { sharedPlatform } from '../support/shared-platform.ts';
import { snapshotFolder } from '../support/snapshot-folder.ts';

const apiVersion = 'management.loft.sh/v1';
const management = `/kubernetes/management/apis/${apiVersion}`;
const instances = `${management}/namespaces/p-default/virtualclusterinstances`;
const operationsOf = (name: string, project = 'default') =>
  `/api/v1/projects/${project}/virtualclusters/${name}/operations`;
const instance = (name: string, spec: Record<string, unknown> = { templateRef: { name: 'default' } }) => ({
  apiVersion,
  kind: 'VirtualClusterInstance',
  metadata: { name, namespace: 'p-default' },
  spec,
});
const named = (kind: string, name: string, spec: Record<string, unknown>) => ({
  apiVersion,
  kind,
  metadata: { name },
  spec,
});
const keyHash = (key: string) => createHash('sha256').update(key).digest('hex');
const inline = (values: string) => ({ template: { helmRelease: { values } } });
const asks = (parameters: string) => ({ templateRef: { name: 'asks' }, parameters });

/** What a user may get wrong: each a clear error in its client's form, and nothing half done. */
describe('bad input', { timeout: 1_200_000 }, () => {
  let platform: TestPlatform;
  const apply = (...objects: object[]) =>
    run(
      findProgram('kubectl'),
      ['--kubeconfig', join(platform.stateDir, 'admin.kubeconfig'), 'apply', '-f', '-'],
      { input: objects.map((object) => JSON.stringify(object)).join('\n---\n') },
    );
  const statusOf = async (name: string) =>
    (await platform.call('GET', `${instances}/${name}`)).json<{
      status?: { phase?: string; reason?: string; message?: string };
    }>().status;

  before(async () => {
    platform = await sharedPlatform();
    const made = await apply(
      instance('good'),
      named('VirtualClusterTemplate', 'asks', {
        parameters: [
          { variable: 'size', type: 'number', min: 1, max: 5, required: true },
          { variable: 'mode', options: ['a', 'b'], defaultValue: 'a' },
          { variable: 'label', validation: '^[a-z]+$', defaultValue: 'x' },
        ],
        template: {},
      }),
    );
    assert.equal(made.code, 0, made.stderr);
  });

  test('invalid names are refused', async () => {
    const long = 'a'.repeat(60);
    for (const name of ['Bad_Name', '-a', long]) {
      const applied = await apply(instance(name));
      assert.equal(applied.code, 1);
      assert.match(applied.stderr, /is invalid: .*the name must be at most 48 lower-case letters/s);
      isFailure(
        await platform.vcp('create', 'vcluster', '--', name),
        2,
        /use at most 48 lower-case letters.*\(invalid_request\)$/,
      );
    }
    isFailure(
      await platform.vcp('create', 'vcluster', 'ok', '--project', 'No_P'),
      2,
      /invalid project "No_P"/,
    );
    isProblem(
      await platform.call('POST', operationsOf('Bad_Name'), { type: 'create' }),
      400,
      'invalid_request',
      /params\/name: must be lower-case letters, digits and "-"/,
    );
    const project = await apply(named('Project', 'p'.repeat(60), {}));
    assert.match(project.stderr, /the name must be at most 54 lower-case letters/);
  });

  test('a missing project or tenant cluster is not found', async () => {
    isFailure(
      await platform.vcp('create', 'vcluster', 'ok', '--project', 'nope'),
      4,
      /project "nope" not found \(project_not_found\); try: vcp projects list$/,
    );
    for (const path of [operationsOf('abc', 'nope'), operationsOf('missing')]) {
      isProblem(
        await platform.call('POST', path, { type: 'sleep' }),
        404,
        'tenant_cluster_not_found',
        /tenant cluster "\w+" not found in project "\w+", or you may not see it/,
      );
    }
    isStatus(
      await platform.call('GET', '/kubernetes/project/default/virtualcluster/missing/api/v1/namespaces'),
      404,
      'NotFound',
      /tenant cluster "missing" not found in project "default"/,
    );
  });

  test('conflicting and immutable fields are refused', async () => {
    const both = await apply(instance('both', { templateRef: { name: 'default' }, ...inline('a: 1') }));
    assert.match(both.stderr, /set either template or templateRef, not both/);
    isStatus(await platform.call('GET', `${instances}/both`), 404, 'NotFound', /not found/);
    await eventually('good is ready', async () => (await statusOf('good'))?.phase === 'Ready', {
      timeoutMs: 300_000,
    });
    const moved = await platform.kubectl(
      'patch',
      'virtualclusterinstance',
      'good',
      '-n',
      'p-default',
      '--type=merge',
      '-p',
      '{"spec":{"clusterRef":{"cluster":"other"}}}',
    );
    assert.equal(moved.code, 1);
    assert.match(moved.stderr, /clusterRef\.cluster cannot change once it is set; make a new tenant cluster/);
  });

  test('specs that cannot be deployed fail with the reason, and leave nothing', async () => {
    const cases: Array<[name: string, spec: Record<string, unknown>, reason: string, message: RegExp]> = [
      ['t-unknown', { templateRef: { name: 'nope' } }, 'template_not_found', /template nope not found/],
      [
        't-version',
        { templateRef: { name: 'default', version: '9.9.9' } },
        'template_not_found',
        /template default does not have version 9\.9\.9/,
      ],
      [
        'c-unknown',
        { templateRef: { name: 'default' }, clusterRef: { cluster: 'nope' } },
        'cluster_not_found',
        /connected cluster "nope" not found/,
      ],
      ['v-yaml', inline('a: [1'), 'invalid_values', /not valid YAML/],
      ['v-type', inline('apiServer: 7'), 'invalid_values', /\/apiServer: got number, want object/],
      ['v-template', inline('a: {{ .Values.x '), 'chart_failed', /failed: .*unclosed action$/],
    ];
    const applied = await apply(...cases.map(([name, spec]) => instance(name, spec)));
    assert.equal(applied.code, 0, applied.stderr);
    for (const [name, , reason, message] of cases) {
      const status = await eventually(
        `${name} fails`,
        async () => {
          const now = await statusOf(name);
          return now?.phase === 'Failed' ? now : undefined;
        },
        { timeoutMs: 300_000 },
      );
      assert.equal(status.reason, reason, `${name}: ${status.message}`);
      assert.match(status.message ?? '', message, name);
      const left = await leftovers(platform, 'default', name);
      assert.deepEqual({ ...left, processes: [], instances: [] }, nothingLeft, name);
    }
  });

  test('parameters that do not fit their template are refused by every way in, and leave nothing', async () => {
    const cases: [parameters: string, says: RegExp][] = [
      ['size: [1', /not valid YAML \(line 1, column \d+\)/],
      ['size: many', /parameter "size" must be a number/],
      ['size: 2\nlabel: A1', /parameter "label" must match/],
    ];
    for (const [parameters, says] of cases) {
      const wrong = instance('wrong', asks(parameters));
      const applied = await apply(wrong);
      assert.equal(applied.code, 1);
      assert.match(applied.stderr, says);
      isStatus(await platform.call('POST', instances, wrong), 422, 'Invalid', says);
    }
    isStatus(await platform.call('GET', `${instances}/wrong`), 404, 'NotFound', /not found/);
  });

  test('vcp create says why it failed, with the exit code of the reason', async () => {
    isFailure(
      await platform.vcp('create', 'vcluster', 'by-vcp', '--template', 'nope'),
      4,
      /^error: Template not found: template nope not found \(template_not_found\); try: vcp operations get [-\w]+$/,
    );
    isFailure(
      await platform.vcp('create', 'vcluster', 'by-vcp2', '--template', 'asks', '--set-param', 'size=many'),
      2,
      /parameter "size" must be a number in decimal.* \(invalid_parameters, request [-\w]+\)/,
    );
    isFailure(await platform.vcp('create', 'vcluster', 'good'), 5, /already exists.*\(already_exists/);
  });

  test('a snapshot that is missing or damaged is not restored, and the tenant keeps its data', async () => {
    const tenant = '/kubernetes/project/default/virtualcluster/good/api/v1/namespaces/default/configmaps';
    const kept = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kept' } };
    isFailure(
      await platform.vcp('restore', 'good', 'nope'),
      4,
      /snapshot nope .*not found.*\(snapshot_not_found/,
    );
    isProblem(
      await platform.call('POST', operationsOf('good'), { type: 'restore' }),
      400,
      'invalid_request',
      /body\/parameters\/snapshot is missing/,
    );
    const taken = await platform.submit('good', { type: 'snapshot', parameters: { snapshot: 's1' } });
    assert.equal((await platform.ended(taken.id)).state, 'succeeded');
    assert.equal((await platform.call('POST', tenant, kept)).status, 201);
    const file = join(snapshotFolder(join(platform.stateDir, 'snapshots'), 'default', 'good'), 's1.vcps');
    const intact = readFileSync(file);
    for (const offset of [10, intact.length >> 1, intact.length - 1]) {
      const damaged = Buffer.from(intact);
      damaged[offset] = (damaged[offset] ?? 0) ^ 1;
      writeFileSync(file, damaged);
      const restore = await platform.submit('good', { type: 'restore', parameters: { snapshot: 's1' } });
      const ended = await platform.ended(restore.id);
      assert.deepEqual([ended.state, ended.reason], ['failed', 'snapshot_damaged'], ended.message);
      assert.match(ended.message ?? '', /damaged/);
    }
    assert.equal((await platform.call('GET', `${tenant}/kept`)).status, 200);
    const local = ['--kubeconfig', join(platform.stateDir, 'local/admin.kubeconfig')];
    const jobs = await run(findProgram('kubectl'), [...local, 'get', 'jobs', '-A', '-o', 'name']);
    assert.deepEqual([jobs.code, jobs.stdout], [0, '']);
    isFailure(await platform.vcp('restore', 'good', 's1'), 5, /\(snapshot_damaged/);
    writeFileSync(file, intact);
    const restore = await platform.submit('good', { type: 'restore', parameters: { snapshot: 's1' } });
    assert.equal((await platform.ended(restore.id)).state, 'succeeded');
    await eventually(
      'the data of the snapshot',
      async () => (await platform.call('GET', `${tenant}/kept`)).status === 404,
    );
  });

  test('invalid access keys are refused', async () => {
    const key = (name: string, spec: Record<string, unknown>) =>
      named('AccessKey', name, { keyHash: keyHash(name), ...spec });
    const made = await apply(
      named('User', 'bob', {}),
      named('User', 'former', { disabled: true }),
      key('k-expired', { user: 'bob', ttl: 1 }),
      key('k-disabled', { user: 'bob', disabled: true }),
      key('k-former', { user: 'former' }),
      key('k-nobody', { user: 'nobody' }),
      key('k-scope', { user: 'admin', scope: { projects: [{ project: 'default', onlyOnMondays: true }] } }),
    );
    assert.equal(made.code, 0, made.stderr);
    const refused: Array<[key: string | null, message: RegExp]> = [
      [null, /an access key is needed/],
      ['no key of anybody', /the Authorization header is not/],
      ['unknown', /access key not found\. Please login again/],
      ['k-expired', /expired|access key not found\. Please login again/],
      ['k-disabled', /the access key is disabled/],
      ['k-former', /the owner of the access key is disabled/],
      ['k-nobody', /the owner of the access key does not exist/],
    ];
    // Made last: when it is known, all of them are.
    const scoped = await eventually('the scope is seen', async () => {
      const answer = await platform.call('GET', '/api/v1/projects', undefined, { key: 'k-scope' });
      return answer.status === 401 ? undefined : answer;
    });
    for (const [bearer, message] of refused) {
      await eventually(`${bearer} is known`, async () =>
        message.test((await platform.call('GET', '/api/v1/projects', undefined, { key: bearer })).text),
      );
      for (const path of [
        '/kubernetes/management/api',
        '/kubernetes/project/default/virtualcluster/good/api',
      ])
        isStatus(await platform.call('GET', path, undefined, { key: bearer }), 401, 'Unauthorized', message);
      isProblem(
        await platform.call('GET', '/api/v1/projects', undefined, { key: bearer }),
        401,
        'unauthenticated',
        message,
      );
    }
    isProblem(scoped, 403, 'forbidden', /access key k-scope has a scope that allows nothing/);
    isStatus(
      await platform.call('GET', `${management}/projects`, undefined, { key: 'k-scope' }),
      403,
      'Forbidden',
      /has a scope/,
    );
  });

  test('a user without a role sees nothing of others', async () => {
    const made = await apply(named('AccessKey', 'k-bob', { keyHash: keyHash('k-bob'), user: 'bob' }));
    assert.equal(made.code, 0, made.stderr);
    const asBob = (method: string, path: string, body?: unknown) =>
      platform.call(method, path, body, { key: 'k-bob' });
    await eventually('the key is known', async () => (await asBob('GET', '/api/v1/projects')).status === 200);
    for (const path of [
      'projects',
      'virtualclusters',
      'projects/default/operations',
      'projects/default/snapshots',
    ])
      assert.deepEqual((await asBob('GET', `/api/v1/${path}`)).json(), { items: [] }, path);
    const created = (await platform.call('GET', operationsOf('good'))).json<{ items: { id: string }[] }>()
      .items[0];
    const hidden: Array<[method: string, path: string, body?: unknown]> = [
      ['GET', operationsOf('good')],
      ['POST', operationsOf('good'), { type: 'delete' }],
      ['GET', '/api/v1/projects/default/virtualclusters/good/snapshots'],
      ['DELETE', '/api/v1/projects/default/virtualclusters/good/snapshots/s1'],
      ['GET', `/api/v1/operations/${created?.id}`],
      ['GET', `/api/v1/operations/${created?.id}/events`],
      ['POST', `/api/v1/operations/${created?.id}/cancel`],
    ];
    for (const [method, path, body] of hidden) {
      const answer = await asBob(method, path, body);
      isProblem(answer, 404, undefined, /not found/i);
    }
    for (const path of [
      '/kubernetes/project/default/virtualcluster/good/api/v1/namespaces',
      '/kubernetes/project/default/virtualcluster/good/version',
    ])
      isStatus(await asBob('GET', path), 404, 'NotFound', /tenant cluster "good" not found/);
    for (const path of ['users', 'teams', 'accesskeys'])
      isStatus(await asBob('GET', `${management}/${path}`), 403, 'Forbidden', /User "bob" cannot list/);
    for (const path of ['projects', 'virtualclusterinstances', 'virtualclustertemplates', 'clusters']) {
      const answer = await asBob('GET', `${management}/${path}`);
      assert.deepEqual(answer.json<{ items: unknown[] }>().items, [], path);
    }
    isStatus(await asBob('GET', `${instances}/good`), 403, 'Forbidden', /User "bob" cannot get/);
    isStatus(await asBob('GET', '/kubernetes/management/api/v1/secrets'), 403, 'Forbidden', /cannot list/);
    assert.equal((await statusOf('good'))?.phase, 'Ready');
  });

  test('malformed bodies and paths are refused', async () => {
    const path = operationsOf('good');
    const post = (body: string, type = 'application/json') =>
      platform.call('POST', path, body, { headers: { 'content-type': type } });
    const bodies: Array<[body: string, detail: RegExp]> = [
      ['{"type":', /not valid JSON/],
      ['', /Body cannot be empty/],
      ['[]', /body: must be object/],
      ['{}', /body\/type: is missing/],
      ['{"type":"dance"}', /body\/type: must be one of create, update/],
      ['{"type":"sleep","nonsense":1}', /body\/nonsense: is not a known field/],
      ['{"type":"sleep","parameters":{"snapshot":"s"}}', /not a parameter of the operation sleep/],
      ['{"type":"restore","parameters":{"snapshot":"../s"}}', /invalid snapshot "\.\.\/s"/],
    ];
    for (const [body, detail] of bodies) isProblem(await post(body), 400, 'invalid_request', detail);
    isProblem(
      await post('type: sleep', 'text/yaml'),
      400,
      'invalid_request',
      /Content-Type: application\/json/,
    );
    const create = (body: string, type: string) =>
      platform.call('POST', instances, body, { headers: { 'content-type': type } });
    isStatus(await create('{"x":', 'application/json'), 400, 'BadRequest', /json parse error/);
    isStatus(await create('x', 'text/plain'), 415, 'UnsupportedMediaType', /unknown format/);
    for (const nowhere of ['/nowhere', '/api/v1/nowhere', '/api/v1/operations/1/2'])
      isProblem(await platform.call('GET', nowhere), 404, 'not_found', /no route for GET /);
    isProblem(
      await platform.call('GET', '/api/v1/operations/00000000-0000-4000-8000-000000000000'),
      404,
      'operation_not_found',
      /operation .* not found/i,
    );
    for (const nowhere of ['/kubernetes', '/kubernetes/nowhere'])
      isStatus(await platform.call('GET', nowhere), 404, 'NotFound', /use \/kubernetes\/management/);
  });

  test('bodies of 100 MB are refused before they are read', async () => {
    const gateway = platform.processes()['gateway']?.pid;
    const peakKb = () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${gateway}/status`, 'utf8'))?.[1]);
    const before = peakKb();
    const { text, status } = await postLargeBody(platform, operationsOf('good'));
    assert.equal(status, 413);
    assert.match(text, /"code":"too_large".*larger than 1 MiB/);
    for (const path of [instances, '/kubernetes/project/default/virtualcluster/good/api/v1/namespaces']) {
      const refused = await postLargeBody(platform, path);
      assert.equal(refused.status, 413);
      assert.match(refused.text, /"reason":\s*"RequestEntityTooLarge"/);
    }
    assert.ok(peakKb() - before < 60 * 1024, `the gateway grew from ${before} kB to ${peakKb()} kB`);
    assert.equal((await platform.call('GET', '/readyz')).status, 200);
  });
});
