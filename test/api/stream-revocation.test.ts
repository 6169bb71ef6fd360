import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer, request, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createCertificateAuthority } from '../../adapters/certificates/certificate-authority.ts';
import { applyObject } from '../../local/bootstrap/apply-manifests.ts';
import { createDatabase, type Database } from '../../db/client.ts';
import { migrate } from '../../db/migrate.ts';
import { deleteSessionsOf } from '../../db/queries/sessions.ts';
import { eventually } from '../support/eventually.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { urlOfRole } from '../support/runtime-role.ts';
import { type AccessFixture, startAccessFixture } from './access-fixture.ts';
import { keyOf } from './user-calls.ts';

/** Issue 4: what is revoked ends within so long. */
const limitMs = 10_000;
const origin = 'https://127.0.0.1:1';
const password = 'a password of some length';
const instances =
  '/kubernetes/management/apis/management.loft.sh/v1/namespaces/p-alpha/virtualclusterinstances';
const exec = '/kubernetes/cluster/local/api/v1/namespaces/default/pods/box/exec?command=sh&stdin=true';

let postgres: TestPostgres;
let database: Database;
let fixture: AccessFixture;
let kubelet: Server;
let operation: string;
before(async () => {
  postgres = await startPostgres();
  await migrate(postgres.url);
  database = createDatabase(postgres.url, 1);
  fixture = await startAccessFixture(undefined, { databaseUrl: await urlOfRole(postgres.url, 'gateway') });
  kubelet = await startFarEnd();
  await applyPod((kubelet.address() as AddressInfo).port);
  operation = await beginOperation();
});
after(async () => {
  kubelet?.closeAllConnections();
  kubelet?.close();
  await fixture?.stop();
  await database?.close();
  await postgres?.stop();
});

/** Where the cluster's API server finds its node: a far end that switches and then holds the stream open. */
async function startFarEnd(): Promise<Server> {
  const authority = await createCertificateAuthority('node');
  const { certificate, key } = await authority.issue({
    commonName: 'node',
    names: ['127.0.0.1'],
    usages: ['server'],
  });
  const server = createServer({ cert: certificate, key });
  server.on('upgrade', (_request, socket) => {
    socket.on('error', () => undefined);
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n' +
        'X-Stream-Protocol-Version: v4.channel.k8s.io\r\n\r\n',
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function applyPod(port: number): Promise<void> {
  const { core } = fixture.clusterAdmin;
  await core.createNode({ body: { metadata: { name: 'node' } } });
  const node = await core.readNodeStatus({ name: 'node' });
  node.status = {
    ...node.status,
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
  };
  await core.replaceNodeStatus({ name: 'node', body: node });
  await applyObject(fixture.clusterAdmin, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default', namespace: 'default' },
  });
  await applyObject(fixture.clusterAdmin, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'box', namespace: 'default' },
    spec: {
      nodeName: 'node',
      automountServiceAccountToken: false,
      containers: [{ name: 'box', image: 'box' }],
    },
  } as never);
}

/** One that nobody works on: it stays as it is. */
async function beginOperation(): Promise<string> {
  const there = { name: 'demo', namespace: 'p-alpha' };
  await fixture.resources.virtualclusterinstances.create({
    metadata: there,
    spec: {
      templateRef: { name: 'default' },
      clusterRef: { cluster: 'local', namespace: 'loft-alpha-v-demo', virtualCluster: 'demo' },
    },
  });
  await fixture.resources.virtualclusterinstances.patchStatus(there, { phase: 'Ready', observedHash: 'x' });
  const answer = await eventually('it is accepted', async () => {
    const body = { type: 'sleep' };
    const last = await fixture.call(
      'anna',
      'POST',
      '/api/v1/projects/alpha/virtualclusters/demo/operations',
      body,
    );
    return last.status === 202 ? last : undefined;
  });
  return String(answer.json()['id']);
}

type Credential = Record<string, string>;

interface Stream {
  isOpen(): boolean;
}

function open(path: string, headers: Credential, method = 'GET'): Promise<Stream> {
  const { promise, resolve, reject } = Promise.withResolvers<Stream>();
  const outgoing = request(`${fixture.url}${path}`, {
    method,
    ca: readFileSync(fixture.caFile),
    agent: false,
    headers,
  });
  let isOpen = true;
  const closed = () => (isOpen = false);
  outgoing.once('error', reject);
  outgoing.once('upgrade', (_response, socket) => {
    socket.on('error', closed);
    socket.on('close', closed);
    socket.resume();
    resolve({ isOpen: () => isOpen });
  });
  outgoing.once('response', (response: IncomingMessage) => {
    if (response.statusCode !== 200) reject(new Error(`${path}: ${response.statusCode}`));
    response.on('error', closed);
    response.once('close', closed);
    response.resume();
    resolve({ isOpen: () => isOpen });
  });
  outgoing.end();
  return promise;
}

/** All kinds of streams, opened with one credential. */
async function openAll(credential: Credential): Promise<Record<string, Stream>> {
  const spdy = {
    connection: 'Upgrade',
    upgrade: 'SPDY/3.1',
    'x-stream-protocol-version': 'v4.channel.k8s.io',
    origin,
  };
  return {
    watch: await open(`${instances}?watch=true`, credential),
    events: await open(`/api/v1/operations/${operation}/events`, credential),
    exec: await open(exec, { ...credential, ...spdy }, 'POST'),
  };
}

async function allEnd(streams: Record<string, Stream>): Promise<void> {
  const startedAt = performance.now();
  for (const [kind, { isOpen }] of Object.entries(streams))
    await eventually(`the ${kind} ends`, () => !isOpen(), {
      timeoutMs: limitMs - (performance.now() - startedAt),
    });
}

const stillOpen = (streams: Record<string, Stream>) =>
  Object.entries(streams)
    .filter(([, { isOpen }]) => isOpen())
    .map(([kind]) => kind);

/** Users who may open all of them. */
async function makeUsers(names: readonly string[]): Promise<void> {
  await Promise.all(names.map((name) => fixture.addUser(name)));
  await setMembers(names);
  await fixture.resources.clusters.patch(
    { name: 'local' },
    { spec: { access: [{ users: [...names], verbs: ['get', 'use'] }] } },
  );
  for (const name of names)
    await fixture.clusterAdmin.rbac.createClusterRoleBinding({
      body: {
        metadata: { name },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: `loft:user:${name}` }],
      },
    });
  const pods = '/kubernetes/cluster/local/api/v1/namespaces/default/pods';
  for (const name of names)
    await eventually(`${name} may`, async () => {
      const all = await Promise.all([instances, pods].map((path) => fixture.call(name, 'GET', path)));
      return all.every(({ status }) => status === 200);
    });
}

async function setMembers(names: readonly string[]): Promise<void> {
  const members = names.map((name) => ({ name, clusterRole: 'loft-management-project-admin' }));
  await fixture.resources.projects.patch({ name: 'alpha' }, { spec: { members } });
}

async function session(user: string): Promise<Credential> {
  const users = '/kubernetes/management/apis/management.loft.sh/v1/users';
  const set = await fixture.call('anna', 'POST', `${users}/${user}/profile`, { spec: { password } });
  assert.equal(set.status, 201, set.text);
  // The password ends the keys that there were; the session is what is looked at here.
  const begun = await eventually('he is let in', async () => {
    const body = { username: user, password };
    const answer = await fixture.call('', 'POST', '/auth/session', body, { origin });
    return answer.status === 200 ? answer : undefined;
  });
  const cookie = String(begun.headers['set-cookie']).split(';')[0] ?? '';
  return { cookie, 'x-csrf-token': String(begun.json()['csrfToken']), origin };
}

const key = (user: string): Credential => ({ authorization: `Bearer ${keyOf(user)}` });

/** How a browser's session ends. */
const sessionEnds: { user: string; what: string; end: (credential: Credential) => Promise<unknown> }[] = [
  {
    user: 'lea',
    what: 'ends by a logout',
    end: async (credential) => {
      const answer = await fixture.call('', 'POST', '/auth/logout', undefined, credential);
      assert.equal(answer.status, 204, answer.text);
    },
  },
  {
    user: 'ida',
    what: 'is ended by another gateway',
    end: () => database.query((db) => deleteSessionsOf(db, 'ida')),
  },
  {
    user: 'mia',
    what: 'is of a user who is disabled',
    end: () => fixture.resources.users.patch({ name: 'mia' }, { spec: { disabled: true } }),
  },
];

describe('watches, event streams and exec sessions', { timeout: 300_000, concurrency: true }, () => {
  const users = ['gina', 'hugo', ...sessionEnds.map(({ user }) => user)];
  before(() => makeUsers(users));

  it('opened with a key: end when the key is disabled', async () => {
    const streams = await openAll(key('gina'));
    await delay(6_000); // longer than a sweep
    assert.deepEqual(stillOpen(streams), ['watch', 'events', 'exec']);
    await fixture.resources.accesskeys.patch({ name: 'key-gina' }, { spec: { disabled: true } });
    await allEnd(streams);
    await assert.rejects(open(exec, key('gina'), 'POST'), /401/);
  });

  it('opened with a key: each ends when it loses its own right', async () => {
    const streams = await openAll(key('hugo'));
    const { watch, events, exec: shell } = streams;
    assert.ok(watch && events && shell);
    await fixture.clusterAdmin.rbac.deleteClusterRoleBinding({ name: 'hugo' });
    await allEnd({ exec: shell });
    await delay(5_000);
    assert.deepEqual(stillOpen(streams), ['watch', 'events']);
    await setMembers(users.filter((name) => name !== 'hugo'));
    await allEnd({ watch, events });
  });

  for (const { user, what, end } of sessionEnds) {
    it(`opened in a browser's session: end when it ${what}`, async () => {
      const credential = await session(user);
      const streams = await openAll(credential);
      await delay(6_000);
      assert.deepEqual(stillOpen(streams), ['watch', 'events', 'exec']);
      await end(credential);
      await allEnd(streams);
      assert.equal((await fixture.call('', 'GET', '/auth/session', undefined, credential)).status, 401);
    });
  }
});
