import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, it } from 'node:test';
import { Agent, request } from 'undici';
import { openRequest, requestJson } from '../../adapters/kubernetes/request.ts';
import { eventually } from '../support/eventually.ts';
import { applyProjectNamespace } from '../support/management-api.ts';
import { startReflector } from '../support/reflector.ts';
import { type ManagementFixture, startManagementFixture } from './management-fixture.ts';
import { hashOf } from './test-gateway.ts';
import { keyOf } from './user-calls.ts';

/*
 * Lists over all namespaces for who can have something in few of them: read there alone, and the same as if read whole.
 */

const namespaces = 12;
const each = 25;
const base = '/apis/management.loft.sh/v1';
const instances = `/kubernetes/management${base}/virtualclusterinstances`;
const table = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
/** In the order of keys: `p-few-1-a/…` stands before `p-few-1/…`. */
const ofCarl = ['p-few-1-a', 'p-few-1'];
const named = 'p-few-7';

let fixture: ManagementFixture;
before(async () => {
  fixture = await startManagementFixture();
  const { admin, resources } = fixture;
  const apiGroup = 'rbac.authorization.k8s.io';
  const subjects = [{ apiGroup, kind: 'Group', name: 'loft:user:carl' }];
  const all = [...Array.from({ length: namespaces }, (_, index) => `p-few-${index}`), 'p-few-1-a'];
  for (const namespace of all) {
    await applyProjectNamespace(admin, namespace.slice('p-'.length));
    await Promise.all(
      Array.from({ length: each }, (_, index) =>
        resources.virtualclusterinstances.create({
          metadata: { name: `vc-${index}`, namespace, labels: { parity: String(index % 2) } },
          spec: { templateRef: { name: 'default' } },
        }),
      ),
    );
  }
  for (const namespace of ofCarl)
    await admin.rbac.createNamespacedRoleBinding({
      namespace,
      body: {
        metadata: { name: 'carl' },
        roleRef: { apiGroup, kind: 'ClusterRole', name: 'loft-management-project-admin' },
        subjects,
      },
    });
  await admin.rbac.createNamespacedRole({
    namespace: named,
    body: {
      metadata: { name: 'carl' },
      rules: [
        {
          apiGroups: ['management.loft.sh'],
          resources: ['virtualclusterinstances'],
          resourceNames: ['vc-3'],
          verbs: ['get'],
        },
      ],
    },
  });
  await admin.rbac.createNamespacedRoleBinding({
    namespace: named,
    body: { metadata: { name: 'carl' }, roleRef: { apiGroup, kind: 'Role', name: 'carl' }, subjects },
  });
  await eventually('carl sees his', async () => (await listed('carl')).length === 2 * each + 1);
});
after(() => fixture?.stop());

interface Listed {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items?: Item[];
  readonly rows?: { readonly object: Item }[];
}
interface Item {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels?: Record<string, string>;
  };
}

async function list(user: string, query = '', accept = 'application/json'): Promise<Listed> {
  const answer = await fixture.call(user, 'GET', `${instances}?${query}`, undefined, { accept });
  assert.equal(answer.status, 200, answer.text);
  return answer.json() as unknown as Listed;
}

const entriesOf = ({ items, rows }: Listed) => items ?? (rows ?? []).map(({ object }) => object);

async function listed(user: string, query = '', accept?: string): Promise<string[]> {
  const found = entriesOf(await list(user, query, accept));
  return found.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
}

/** The same of the management API itself, narrowed by hand. */
async function expected(query = ''): Promise<string[]> {
  const path = `${base}/virtualclusterinstances?${query}`;
  const { items = [] } = (await requestJson(fixture.admin.kubeConfig, { path })) as Listed;
  return items
    .filter(
      ({ metadata: { namespace, name } }) =>
        ofCarl.includes(namespace) || (namespace === named && name === 'vc-3'),
    )
    .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
}

/** Lists that the management API answered so far, by how far they reach. */
async function listsAt(scope: 'cluster' | 'namespace'): Promise<number> {
  const answer = await openRequest(fixture.admin.kubeConfig, { path: '/metrics', accept: 'text/plain' });
  const lines = (await answer.text())
    .split('\n')
    .filter(
      (line) =>
        line.startsWith('apiserver_request_total{') &&
        line.includes('resource="virtualclusterinstances"') &&
        line.includes('verb="LIST"') &&
        line.includes(`scope="${scope}"`),
    );
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

for (const query of [
  '',
  'limit=500',
  'resourceVersion=0',
  'labelSelector=parity%3D1',
  'labelSelector=parity%3D2',
  'fieldSelector=metadata.namespace%3Dp-few-1',
])
  for (const accept of ['application/json', table])
    it(`carl's list (${query || 'plain'}, ${accept === table ? 'Table' : 'JSON'}) reads only namespaces with visible objects`, async () => {
      const [whole, parts] = [await listsAt('cluster'), await listsAt('namespace')];
      assert.deepEqual(await listed('carl', query, accept), await expected(query));
      // One of all was for what is expected.
      assert.equal((await listsAt('cluster')) - whole, 1);
      assert.equal((await listsAt('namespace')) - parts, 3);
    });

it('pages, and lists of members without rights, are unchanged', async () => {
  const found: string[] = [];
  let next = '';
  do {
    const page = await list('carl', `limit=20${next === '' ? '' : `&continue=${next}`}`);
    found.push(...entriesOf(page).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`));
    next = encodeURIComponent(page.metadata.continue ?? '');
  } while (next !== '');
  assert.deepEqual(found, await expected());
  await fixture.resources.users.create({
    metadata: { name: 'dora' },
    spec: { subject: 'dora@example.com' },
  });
  await fixture.resources.accesskeys.create({
    metadata: { name: 'key-dora' },
    spec: { user: 'dora', keyHash: hashOf(keyOf('dora')) },
  });
  const session = () => fixture.call('dora', 'GET', '/auth/session');
  await eventually('dora is known', async () => (await session()).status === 200);
  for (const accept of ['application/json', table]) {
    const none = await list('dora', 'labelSelector=parity%3D1', accept);
    assert.deepEqual(entriesOf(none), []);
    assert.match(none.metadata.resourceVersion, /^\d+$/);
    assert.equal(none.metadata.continue, undefined);
  }
});

it('is one consistent state, and a watch from there delivers every change once', async () => {
  const [later = '', earlier = ''] = ofCarl;
  const agent = new Agent({ connect: { ca: readFileSync(fixture.caFile) }, allowH2: false });
  let over = false;
  let count = 0;
  const write = async (namespace: string, labels: Record<string, string>) => {
    await fixture.resources.virtualclusterinstances.patch(
      { namespace, name: 'vc-0' },
      { metadata: { labels } },
    );
  };
  // What is read first is written first: of two states the second one would be ahead.
  const writing = (async () => {
    while (!over) {
      count++;
      await write(later, { count: String(count) });
      await write(earlier, { count: String(count) });
    }
  })();
  try {
    for (let round = 0; round < 60; round++) {
      const of = new Map(
        entriesOf(await list('carl')).map(({ metadata }) => [
          `${metadata.namespace}/${metadata.name}`,
          Number(metadata.labels?.['count'] ?? 0),
        ]),
      );
      const [first = 0, second = 0] = [of.get(`${later}/vc-0`), of.get(`${earlier}/vc-0`)];
      assert.ok(first === second || first === second + 1, `${first} and ${second}`);
    }
    const reflectors = [];
    for (let index = 0; index < 8; index++)
      reflectors.push(
        await startReflector(instances, async (path, signal) => {
          const headers = { authorization: `Bearer ${keyOf('carl')}` };
          const { statusCode, body } = await request(`${fixture.url}${path}`, {
            dispatcher: agent,
            headers,
            signal,
          });
          return { status: statusCode, body };
        }),
      );
    const from = count;
    await eventually('more was written', () => count > from + 5);
    over = true;
    await writing;
    const last = await fixture.resources.virtualclusterinstances.get({ namespace: earlier, name: 'vc-0' });
    for (const reflector of reflectors) {
      await eventually('it is told', () => reflector.version === last?.metadata.resourceVersion);
      const versions = reflector.events.map((event) => Number(event.split(' ').at(-1)));
      assert.deepEqual(
        versions,
        [...new Set(versions)].toSorted((one, other) => one - other),
      );
      assert.deepEqual([reflector.lists, reflector.ends], [1, []]);
      await reflector.stop();
    }
  } finally {
    over = true;
    await writing;
    await agent.destroy();
  }
});
