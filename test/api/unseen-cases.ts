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

    it(`a member applies a ${noun} by the server, changes it, and takes over no one else's`, async () => {
      const manifest = (name: string, more: object) =>
        JSON.stringify({
          apiVersion: 'management.loft.sh/v1',
          kind: kindOfPlural[plural],
          metadata: { name, namespace: 'p-alpha' },
          spec: { ...(kind === 'tenant' ? { templateRef: { name: 't1' } } : {}), ...more },
        });
      const apply = (name: string, more: object, ...args: string[]) =>
        fixture().kubectl('mia', ['apply', '--server-side', '-f', '-', ...args], {
          input: manifest(name, more),
        });
      const applied = async (more: object, ...args: string[]) => {
        const { code, stdout, stderr } = await apply(`served-${kind}`, more, ...args);
        assert.equal(code, 0, stderr);
        assert.match(stdout, /serverside-applied/);
      };
      const path = `${inAlpha}/served-${kind}`;
      await applied({}, '--dry-run=server');
      assert.equal((await call('mia', 'GET', path)).status, 404);
      for (const displayName of ['first', 'second', undefined]) {
        await applied({ displayName });
        const { spec, metadata } = (await call('mia', 'GET', path)).json() as {
          spec: { displayName?: string; owner?: object };
          metadata: { managedFields: { manager: string; operation: string }[] };
        };
        assert.deepEqual([spec.displayName, spec.owner], [displayName, { user: 'mia' }]);
        const own = metadata.managedFields.filter(({ manager }) => manager === 'kubectl');
        assert.deepEqual(
          own.map(({ operation }) => operation),
          ['Apply'],
        );
      }
      const foreign = await apply(`foreign-${kind}`, { displayName: 'theirs' }, '--force-conflicts');
      assert.match(foreign.stderr, /forbidden/i);
      assert.equal((await call('mia', 'DELETE', path)).status, 200);
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
