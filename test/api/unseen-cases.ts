import assert from 'node:assert/strict';
import { it } from 'node:test';
import { kindNames, managedKinds } from '../../contracts/kinds.ts';
import type { AccessFixture } from './access-fixture.ts';

const base = '/kubernetes/management/apis/management.loft.sh/v1';

/** Mia is a member of alpha who may create there, tom sees one instance of another's, carl nothing, anna everything. */
export function unseenCases(fixture: () => AccessFixture): void {
  const call = (user: string, method: string, path: string, body?: unknown) =>
    fixture().call(user, method, `${base}/${path}`, body);
  const told = async (user: string, method: string, path: string, body?: unknown) => {
    const answer = await call(user, method, path, body);
    const { reason, message } = answer.json() as { reason?: string; message?: string };
    return { status: answer.status, reason, message: message?.replace(/"[a-z0-9-]+"/, '"…"') };
  };

  for (const kind of managedKinds) {
    const { plural, noun } = kindNames[kind];
    const inAlpha = `namespaces/p-alpha/${plural}`;
    it(`a ${noun} that there is not, and one of somebody else, is the same 404 to a member`, async () => {
      const foreign = `foreign-${kind}`;
      await fixture().resources[plural].create({
        metadata: { name: foreign, namespace: 'p-alpha' },
        spec: { owner: { user: 'anna' }, ...(kind === 'tenant' ? { templateRef: { name: 't1' } } : {}) },
      });
      const expected = {
        status: 404,
        reason: 'NotFound',
        message: `${noun} "…" not found in project "alpha", or you may not see it`,
      };
      for (const method of ['GET', 'PUT', 'DELETE'])
        for (const name of ['none', foreign]) {
          const body = method === 'PUT' ? { metadata: { name } } : undefined;
          const path = `${inAlpha}/${name}`;
          assert.deepEqual(await told('mia', method, path, body), expected, `${method} ${path}`);
          assert.equal(
            (await told('mia', method, `${path}/status`, body)).status,
            404,
            `${method} ${path}/status`,
          );
          assert.equal((await call('carl', method, path, body)).status, 403, `${method} ${path} by carl`);
        }
      assert.equal((await call('anna', 'GET', `${inAlpha}/${foreign}`)).status, 200);
      assert.equal((await call('anna', 'GET', `${inAlpha}/none`)).status, 404);
      // Server-side apply would create it: that one may not is said.
      assert.equal((await call('mia', 'PATCH', `${inAlpha}/none`)).status, 403);
    });

    it(`a member applies a new ${noun}, applies it again and deletes it`, async () => {
      const { apiVersion, kind: named } = { apiVersion: 'management.loft.sh/v1', kind: kindOfPlural[plural] };
      const spec = kind === 'tenant' ? { templateRef: { name: 't1' } } : {};
      const metadata = { name: `applied-${kind}`, namespace: 'p-alpha' };
      const input = JSON.stringify({ apiVersion, kind: named, metadata, spec });
      const kubectl = async (...args: string[]) => {
        const { code, stdout, stderr } = await fixture().kubectl('mia', args, { input });
        assert.equal(code, 0, stderr);
        return stdout;
      };
      assert.match(await kubectl('apply', '-f', '-'), / created$/m);
      // What was made is seen at once, and what is shown of it is no change.
      assert.match(await kubectl('apply', '-f', '-'), / unchanged$/m);
      await kubectl('delete', '--wait=false', '-f', '-');
    });
  }

  it('what one sees and may not change is refused in the words of RBAC', async () => {
    const seen = 'namespaces/p-alpha/virtualclusterinstances/vc-4';
    assert.equal((await call('tom', 'GET', seen)).status, 200);
    const refused = await told('tom', 'PUT', seen, { metadata: { name: 'vc-4' } });
    assert.equal(refused.status, 403);
    assert.match(refused.message ?? '', /cannot update resource/);
  });
}

const kindOfPlural = {
  virtualclusterinstances: 'VirtualClusterInstance',
  spaceinstances: 'SpaceInstance',
} as const;
