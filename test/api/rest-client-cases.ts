import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createRestClient } from '../../contracts/rest/client.ts';
import type { ManagementFixture } from './management-fixture.ts';

interface Context {
  readonly fixture: ManagementFixture;
  newInstance(name: string): Promise<void>;
}

/** The client of `contracts/rest/` against the real routes. */
export function restClientCases(context: () => Context): void {
  it('asks, reads, lists and cancels', async () => {
    const { fixture, newInstance } = context();
    await newInstance('typed');
    const ben = createRestClient(async ({ method, path, body, headers }) => {
      const answer = await fixture.call('ben', method, path, body, headers);
      assert.ok(answer.status < 300, answer.text);
      return answer.json();
    });
    const params = { project: 'alpha', name: 'typed' };
    const headers = { 'idempotency-key': 'typed' };
    const body = { type: 'snapshot', parameters: { snapshot: 'typed' } } as const;
    const asked = await ben.of('tenant').createOperation({ params, body, headers });
    assert.equal((await ben.of('tenant').createOperation({ params, body, headers })).id, asked.id);
    assert.deepEqual((await ben.getOperation({ params: { id: asked.id } })).parameters, body.parameters);
    const query = { tenantCluster: 'typed', limit: '1' };
    for (const { items } of [
      await ben.listOperations({ query }),
      await ben.listProjectOperations({ params: { project: 'alpha' }, query }),
      await ben.of('tenant').listOperations({ params }),
    ])
      assert.deepEqual(
        items.map(({ id }) => id),
        [asked.id],
      );
    const { items } = await ben.of('tenant').list({ query: { search: 'typed' } });
    assert.deepEqual(
      items.map(({ name, phase }) => [name, phase]),
      [['typed', 'Ready']],
    );
    assert.deepEqual((await ben.listProjects({ query: { limit: '1' } })).items, []);
    assert.equal((await ben.cancelOperation({ params: { id: asked.id } })).id, asked.id);
  });
}
