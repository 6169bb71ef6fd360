import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import { type AccessFixture, startAccessFixture } from './access-fixture.ts';
import { keyOf } from './user-calls.ts';

/** Issue 4: what is revoked ends within so long. */
const limitMs = 10_000;

let fixture: AccessFixture;
before(async () => {
  fixture = await startAccessFixture();
});
after(() => fixture?.stop());

/** A watch through the gateway; `closed` tells after how long from `from` it ended. */
async function openWatch(user: string, path: string): Promise<{ isOpen: () => boolean; end: () => void }> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const outgoing = request(
    `${fixture.url}${path}`,
    { ca: readFileSync(fixture.caFile), headers: { authorization: `Bearer ${keyOf(user)}` }, agent: false },
    resolve,
  );
  outgoing.once('error', reject);
  outgoing.end();
  const response = await promise;
  assert.equal(response.statusCode, 200);
  let open = true;
  response.once('close', () => {
    open = false;
  });
  response.on('error', () => undefined);
  response.resume();
  return { isOpen: () => open, end: () => response.destroy() };
}

const configMaps = '/kubernetes/cluster/local/api/v1/namespaces/default/configmaps';
const watched = (path: string) => `${path}?watch=true&timeoutSeconds=600`;

const projectOf = (user: string) => `of-${user}`;
const instancesOf = (user: string) =>
  `/kubernetes/management/apis/management.loft.sh/v1/namespaces/p-${projectOf(user)}/virtualclusterinstances`;

/** Everything that lets user `name` watch tenant clusters of a project, which is his alone, and what takes it away. */
const ways: {
  what: string;
  prepare: (name: string) => Promise<void>;
  revoke: (name: string) => Promise<unknown>;
  status: number;
}[] = [
  {
    what: 'its key is disabled',
    prepare: (name) => makeMember(name),
    revoke: (name) =>
      fixture.resources.accesskeys.patch({ name: `key-${name}` }, { spec: { disabled: true } }),
    status: 401,
  },
  {
    what: 'its key is deleted',
    prepare: (name) => makeMember(name),
    revoke: (name) => fixture.resources.accesskeys.delete({ name: `key-${name}` }),
    status: 401,
  },
  {
    what: 'its key expires',
    prepare: (name) => makeMember(name),
    revoke: (name) => fixture.resources.accesskeys.patch({ name: `key-${name}` }, { spec: { ttl: 1 } }),
    status: 401,
  },
  {
    what: 'the user is disabled',
    prepare: (name) => makeMember(name),
    revoke: (name) => fixture.resources.users.patch({ name }, { spec: { disabled: true } }),
    status: 401,
  },
  {
    what: 'the user is deleted',
    prepare: (name) => makeMember(name),
    revoke: (name) => fixture.resources.users.delete({ name }),
    status: 401,
  },
  {
    what: 'the user leaves the project',
    prepare: (name) => makeMember(name),
    revoke: (name) => setMembers(name, []),
    status: 403,
  },
  {
    what: 'the user leaves the team that is a member',
    prepare: async (name) => {
      await fixture.resources.teams.create({ metadata: { name: `team-${name}` }, spec: { users: [name] } });
      await setMembers(name, [
        { kind: 'Team', name: `team-${name}`, clusterRole: 'loft-management-project-admin' },
      ]);
    },
    revoke: (name) => fixture.resources.teams.patch({ name: `team-${name}` }, { spec: { users: [] } }),
    status: 403,
  },
  {
    what: 'a group is taken from the user',
    prepare: async (name) => {
      await fixture.resources.users.patch({ name }, { spec: { groups: [`group-${name}`] } });
      await fixture.resources.teams.create({
        metadata: { name: `team-${name}` },
        spec: { groups: [`group-${name}`] },
      });
      await setMembers(name, [
        { kind: 'Team', name: `team-${name}`, clusterRole: 'loft-management-project-admin' },
      ]);
    },
    revoke: (name) => fixture.resources.users.patch({ name }, { spec: { groups: [] } }),
    status: 403,
  },
  {
    what: 'its role in the project becomes a smaller one',
    prepare: (name) => makeMember(name),
    revoke: (name) => setMembers(name, [{ name, clusterRole: 'loft-management-project-viewer' }]),
    // A viewer may list what is shared with him: nothing here.
    status: 200,
  },
  {
    what: 'a role of the whole platform is taken away',
    prepare: async (name) => {
      await fixture.resources.users.patch(
        { name },
        { spec: { clusterRoles: [{ name: 'loft-management-admin' }] } },
      );
    },
    revoke: (name) => fixture.resources.users.patch({ name }, { spec: { clusterRoles: [] } }),
    status: 403,
  },
];

async function setMembers(user: string, members: object[]): Promise<void> {
  await fixture.resources.projects.patch({ name: projectOf(user) }, { spec: { members } });
}

async function makeMember(name: string): Promise<void> {
  await setMembers(name, [{ name, clusterRole: 'loft-management-project-admin' }]);
}

describe('revocation', { concurrency: true }, () => {
  for (const [index, { what, prepare, revoke, status }] of ways.entries()) {
    it(`${what}: open watches end and new requests get ${status}`, async () => {
      const name = `user-${index}`;
      const instances = instancesOf(name);
      await fixture.addUser(name);
      await fixture.resources.projects.create({ metadata: { name: projectOf(name) } });
      await prepare(name);
      await eventually('he may', async () => (await fixture.call(name, 'GET', instances)).status === 200);
      const watch = await openWatch(name, watched(instances));
      // Longer than a sweep: a stream whose caller keeps his rights stays.
      if (index === 0) await delay(6_000);
      assert.ok(watch.isOpen(), 'the watch is open before');
      await revoke(name);
      await eventually('the watch ends', () => !watch.isOpen(), { timeoutMs: limitMs });
      // Rights that go and rights that come are different objects: in between there may be none.
      const answer = await eventually('new requests are answered so', async () => {
        const last = await fixture.call(name, 'GET', instances);
        return last.status === status ? last : undefined;
      });
      if (status === 200) assert.match(answer.text, /"items":\[\]/);
    });
  }

  it('losing the right to use a connected cluster, or a role inside it, ends streams', async () => {
    const name = 'guest';
    await fixture.addUser(name);
    await fixture.resources.clusters.patch(
      { name: 'local' },
      { spec: { access: [{ users: [name], verbs: ['get', 'use'] }] } },
    );
    const rbac = fixture.clusterAdmin.rbac;
    const bind = () =>
      rbac.createClusterRoleBinding({
        body: {
          metadata: { name: 'guest' },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
          subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: `loft:user:${name}` }],
        },
      });
    await bind();
    const may = () =>
      eventually('he may', async () => (await fixture.call(name, 'GET', configMaps)).status === 200);
    await may();
    const first = await openWatch(name, watched(configMaps));
    await rbac.deleteClusterRoleBinding({ name: 'guest' });
    await eventually('the watch ends with the role inside', () => !first.isOpen(), { timeoutMs: limitMs });
    assert.equal((await fixture.call(name, 'GET', configMaps)).status, 403);
    await bind();
    await may();
    const second = await openWatch(name, watched(configMaps));
    await fixture.resources.clusters.patch({ name: 'local' }, { spec: { access: [] } });
    const startedAt = performance.now();
    await eventually('the watch ends with the right to use the cluster', () => !second.isOpen(), {
      timeoutMs: limitMs,
    });
    await eventually(
      'a new request is refused',
      async () => (await fixture.call(name, 'GET', configMaps)).status === 404,
      { timeoutMs: limitMs - (performance.now() - startedAt) },
    );
  });
});
