import assert from 'node:assert/strict';
import { once } from 'node:events';
import { it } from 'node:test';
import { apiMessage } from '../../adapters/kubernetes/failures.ts';
import { requestJson } from '../../adapters/kubernetes/request.ts';
import { eventually } from '../support/eventually.ts';
import type { ManagementFixture } from './management-fixture.ts';

const resource = 'virtualclusterinstances.storage.loft.sh';

/** Manifests of vCluster Platform's GitOps guides, which name `storage.loft.sh/v1`, with kubectl. Ben administers project alpha. */
export function storageAliasCases(context: () => ManagementFixture): void {
  const manifest = (spec: object, name = 'aliased') => ({
    apiVersion: 'storage.loft.sh/v1',
    kind: 'VirtualClusterInstance',
    metadata: { name, namespace: 'p-alpha' },
    spec: { owner: { user: 'ben' }, templateRef: { name: 'default' }, ...spec },
  });
  const apply = (object: object, ...how: string[]) =>
    context().kubectl('ben', ['apply', ...how, '-f', '-'], { input: JSON.stringify(object) });
  const get = async (from: string) => {
    const { stdout, stderr } = await context().kubectl('ben', [
      'get',
      from,
      'aliased',
      '-n',
      'p-alpha',
      '-o',
      'json',
    ]);
    assert.notEqual(stdout, '', stderr);
    return JSON.parse(stdout) as {
      apiVersion: string;
      metadata: { uid: string };
      spec: Record<string, unknown>;
    };
  };

  it('are allowed as those of management.loft.sh are', async () => {
    const answers = [];
    for (const [user, verb, place] of [
      ['ben', 'create', ['-n', 'p-alpha']],
      ['ben', 'create', ['-n', 'p-beta']],
      ['ben', 'list', ['-A']],
      ['carl', 'create', ['-n', 'p-alpha']],
    ] as const) {
      const { stdout, stderr } = await context().kubectl(user, ['auth', 'can-i', verb, resource, ...place]);
      answers.push(stdout.trim() || stderr);
    }
    assert.deepEqual(answers, ['yes', 'no', 'yes', 'no']);
  });

  it('are applied, again and changed, and are the objects of management.loft.sh', async () => {
    for (const [spec, said] of [
      [{}, 'created'],
      [{}, 'unchanged'],
      [{ displayName: 'From Git' }, 'configured'],
    ] as const) {
      const { stdout, stderr } = await apply(manifest(spec));
      assert.equal(stdout.trim(), `virtualclusterinstance.storage.loft.sh/aliased ${said}`, stderr);
    }
    const [stored, managed] = [await get(resource), await get('virtualclusterinstances.management.loft.sh')];
    assert.deepEqual(
      [stored.apiVersion, managed.apiVersion],
      ['storage.loft.sh/v1', 'management.loft.sh/v1'],
    );
    assert.equal(stored.metadata.uid, managed.metadata.uid);
    assert.equal(managed.spec['displayName'], 'From Git');
  });

  it('are applied by the server, replaced, patched and waited for', async () => {
    const served = await apply(
      manifest({ description: 'x'.repeat(5_000) }),
      '--server-side',
      '--force-conflicts',
    );
    assert.match(served.stdout, /serverside-applied/, served.stderr);
    const replaced = await context().kubectl('ben', ['replace', '-f', '-'], {
      input: JSON.stringify(manifest({ displayName: 'replaced' })),
    });
    assert.match(replaced.stdout, /aliased replaced/, replaced.stderr);
    const patch = ['patch', resource, 'aliased', '-n', 'p-alpha', '--type=merge', '-p'];
    const patched = await context().kubectl('ben', [...patch, '{"spec":{"displayName":"patched"}}']);
    assert.match(patched.stdout, /aliased patched/, patched.stderr);
    const waited = await context().kubectl('ben', [
      ...['wait', resource, 'aliased', '-n', 'p-alpha'],
      '--for=jsonpath={.spec.displayName}=patched',
    ]);
    assert.equal(waited.code, 0, waited.stderr);
  });

  it('are watched under the name that was asked for', async () => {
    const watch = context().watch('ben', ['get', resource, '-n', 'p-alpha', '-w', '-o', 'json']);
    let seen = '';
    watch.stdout?.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    await eventually('the watch has begun', () => seen.includes('aliased'));
    await apply(manifest({}, 'aliased-too'));
    await eventually('the watch shows the new one', () => /"name": "aliased-too"/.test(seen));
    assert.doesNotMatch(seen, /"apiVersion": "management\.loft\.sh\/v1"/);
    watch.kill();
    await once(watch, 'close');
  });

  it('are hidden as the others are, and deleted', async () => {
    const hidden = await context().kubectl('carl', ['get', resource, 'aliased', '-n', 'p-alpha']);
    assert.equal(hidden.code, 1);
    for (const name of ['aliased', 'aliased-too']) {
      const deleted = await context().kubectl('ben', [
        'delete',
        resource,
        name,
        '-n',
        'p-alpha',
        '--wait=false',
      ]);
      assert.match(deleted.stdout, /deleted/, deleted.stderr);
    }
  });

  it('are not kept by the API server itself', async () => {
    const refused = await requestJson(context().admin.kubeConfig, {
      method: 'POST',
      path: '/apis/storage.loft.sh/v1/namespaces/p-alpha/virtualclusterinstances',
      body: manifest({}, 'beside'),
    }).then(
      () => 'accepted',
      (error: unknown) => apiMessage(error),
    );
    assert.match(refused, /the API server keeps no objects of storage\.loft\.sh/);
  });
}
