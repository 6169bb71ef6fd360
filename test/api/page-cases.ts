import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Operation } from '../../contracts/operations.ts';
import type { Page } from '../../contracts/rest/pages.ts';
import type { Database } from '../../db/client.ts';
import { endOperation } from '../../db/queries/turns.ts';
import { eventually } from '../support/eventually.ts';
import type { ManagementFixture } from './management-fixture.ts';

interface Context {
  readonly fixture: ManagementFixture;
  readonly database: Database;
  newInstance(name: string): Promise<void>;
  submit(user: string, name: string, body: object): Promise<Operation>;
}

const operationsOf = '/api/v1/projects/alpha/operations';
const instances = '/api/v1/virtualclusters';

/** Lists of `/api/v1` in pages, filtered and sorted. Anna administers the platform, ben project alpha, carl is in none. */
export function pageCases(context: () => Context): void {
  const page = async <T>(user: string, path: string): Promise<Page<T>> => {
    const answer = await context().fixture.call(user, 'GET', path);
    assert.equal(answer.status, 200, answer.text);
    return answer.json() as unknown as Page<T>;
  };
  /** All pages, one after another. */
  const all = async <T>(user: string, path: string): Promise<T[]> => {
    const items: T[] = [];
    for (let next: string | undefined = ''; next !== undefined; ) {
      const cursor: string = next === '' ? '' : `&cursor=${next}`;
      const got: Page<T> = await page<T>(user, `${path}${cursor}`);
      items.push(...got.items);
      next = got.next;
    }
    return items;
  };
  const names = (items: readonly { name: string }[]) => items.map(({ name }) => name);

  it('200: instances in pages that do not shift, filtered and sorted', async () => {
    const { newInstance, fixture } = context();
    for (const name of ['page-c', 'page-a', 'page-b', 'page-d']) await newInstance(name);
    const path = `${instances}?search=PAGE-`;
    type Named = { name: string; phase: string; project: string };
    assert.deepEqual(names(await all<Named>('ben', `${path}&limit=1`)), [
      'page-a',
      'page-b',
      'page-c',
      'page-d',
    ]);
    assert.deepEqual(names(await all<Named>('ben', `${path}&limit=3&sort=-name`)), [
      'page-d',
      'page-c',
      'page-b',
      'page-a',
    ]);
    const first = await page<Named>('ben', `${path}&limit=2`);
    await fixture.resources.virtualclusterinstances.delete({ namespace: 'p-alpha', name: 'page-b' });
    const second = await page<Named>('ben', `${path}&limit=2&cursor=${first.next}`);
    assert.deepEqual([names(second.items), second.next], [['page-c', 'page-d'], undefined]);
    await eventually('it is gone', async () => (await all('ben', path)).length === 3);
    for (const [query, found] of [
      ['phase=Ready', 3],
      ['phase=Sleeping,Ready', 3],
      ['phase=Sleeping', 0],
      ['cluster=local', 3],
      ['cluster=other', 0],
      ['template=default', 3],
      ['project=alpha', 3],
      ['project=beta', 0],
    ] as const)
      assert.equal((await all('ben', `${path}&${query}&limit=2`)).length, found, query);
    assert.deepEqual((await page('carl', path)).items, []);
  });

  it('200: operations in pages, filtered and sorted; of all projects those that one may see', async () => {
    const { newInstance, submit, database } = context();
    for (const name of ['paged-a', 'paged-b']) await newInstance(name);
    const ids: string[] = [];
    for (const name of ['paged-a', 'paged-b']) {
      for (const snapshot of ['one', 'two'])
        ids.push((await submit('ben', name, { type: 'snapshot', parameters: { snapshot } })).id);
      ids.push((await submit('anna', name, { type: 'sleep' })).id);
    }
    const [first = '', , , , , last = ''] = ids;
    await endOperation(database, { id: first, state: 'failed' });
    for (const list of ['/api/v1/operations', operationsOf]) {
      const found = async (user: string, query: string) =>
        (await all<Operation>(user, `${list}?limit=2&${query}`))
          .map(({ id }) => id)
          .filter((id) => ids.includes(id));
      assert.deepEqual(await found('ben', ''), ids.toReversed());
      assert.deepEqual(await found('ben', 'sort=createdAt'), ids);
      assert.deepEqual(await found('anna', 'tenantCluster=paged-a&sort=createdAt'), ids.slice(0, 3));
      assert.deepEqual(await found('ben', 'type=sleep,wake'), [ids[5], ids[2]]);
      assert.deepEqual(await found('ben', 'state=failed'), [first]);
      assert.deepEqual(await found('ben', 'actor=anna%40example.com'), [ids[5], ids[2]]);
      assert.deepEqual(await found('ben', 'space=paged-a'), []);
      assert.deepEqual(await found('ben', 'kind=space'), []);
      assert.deepEqual(await found('ben', 'from=2100-01-01T00:00:00Z'), []);
      assert.deepEqual((await found('ben', `before=${last}`))[0], ids[4]);
      assert.deepEqual(await found('carl', ''), []);
    }
    assert.deepEqual((await page('ben', '/api/v1/operations?project=beta')).items, []);
    const one = await all<Operation>(
      'ben',
      '/api/v1/projects/alpha/virtualclusters/paged-b/operations?limit=1',
    );
    assert.deepEqual(
      one.map(({ id }) => id),
      ids.slice(3).toReversed(),
    );
  });

  it('200: projects and snapshots likewise', async () => {
    assert.deepEqual(names(await all<{ name: string }>('anna', '/api/v1/projects?limit=1&sort=-name')), [
      'beta',
      'alpha',
    ]);
    assert.deepEqual(names((await page<{ name: string }>('anna', '/api/v1/projects?search=BET')).items), [
      'beta',
    ]);
    assert.deepEqual((await page('ben', '/api/v1/projects/alpha/snapshots?state=failed&limit=5')).items, []);
  });

  it('400: the same answers for bad values everywhere', async () => {
    const { fixture } = context();
    const foreign = Buffer.from('["name","a","b"]').toString('base64url');
    for (const path of [
      instances,
      '/api/v1/spaces',
      '/api/v1/projects',
      '/api/v1/operations',
      operationsOf,
      '/api/v1/projects/alpha/virtualclusters/sleepy/operations',
      '/api/v1/projects/alpha/snapshots',
      '/api/v1/projects/alpha/virtualclusters/sleepy/snapshots',
      '/api/v1/audit',
      '/api/v1/unclaimed-namespaces',
      '/api/v1/usage',
      '/api/v1/usage/projects',
    ])
      for (const [query, says] of [
        ['limit=0', 'querystring/limit'],
        ['limit=1001', 'querystring/limit'],
        ['limit=ten', 'querystring/limit'],
        ['limit=1&limit=2', 'querystring/limit'],
        ['sort=nothing', 'querystring/sort'],
        ['sort=', 'querystring/sort'],
        ['cursor=', 'querystring/cursor'],
        ['cursor=AAAA', 'querystring/cursor'],
        [`cursor=${foreign}&sort=-createdAt`, 'querystring/'],
        ['nothing=1', 'querystring/nothing'],
      ] as const) {
        const answer = await fixture.call('anna', 'GET', `${path}?${query}`);
        assert.equal(answer.status, 400, `${path}?${query}: ${answer.text}`);
        assert.equal(answer.json()['code'], 'invalid_request');
        assert.ok(String(answer.json()['detail']).includes(says), `${path}?${query}: ${answer.text}`);
      }
    for (const query of [
      'state=lost',
      'type=explode',
      'kind=pod',
      'tenantCluster=a&space=a',
      'from=today',
      'before=1',
    ])
      assert.equal((await fixture.call('ben', 'GET', `${operationsOf}?${query}`)).status, 400, query);
  });
}
