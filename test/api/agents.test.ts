import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import pg from 'pg';
import { parse } from 'yaml';
import { agentCredentialPrefix, agentPaths } from '../../contracts/agents.ts';
import { createChanges } from '../../db/changes.ts';
import { createDatabase, type Database } from '../../db/client.ts';
import { migrate } from '../../db/migrate.ts';
import { insertJoinKey, listRefusedJoins } from '../../db/queries/agent-joins.ts';
import {
  closeTunnel,
  connectedClusterUids,
  deleteDeadTunnels,
  openTunnel,
  renewTunnels,
  tunnelsOf,
} from '../../db/queries/agent-tunnels.ts';
import { agentOf, deleteAgent, listAgents, raiseGeneration } from '../../db/queries/agents.ts';
import { applyObject } from '../../local/bootstrap/apply-manifests.ts';
import { eventually } from '../support/eventually.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { urlOfRole } from '../support/runtime-role.ts';
import { type ManagementFixture, startManagementFixture } from './management-fixture.ts';
import { sessionCookie } from '../../api/auth/sessions.ts';
import { hashOf } from './test-gateway.ts';
import { keyOf } from './user-calls.ts';

const management = '/kubernetes/management/apis/management.loft.sh/v1';

/** A gateway before a real management API and PostgreSQL, as the gateway's role there. */
let postgres: TestPostgres;
let fixture: ManagementFixture;
let database: Database;

before(async () => {
  postgres = await startPostgres();
  await migrate(postgres.url);
  database = createDatabase(postgres.url, 2);
  fixture = await startManagementFixture({ databaseUrl: await urlOfRole(postgres.url, 'gateway') });
  const apiGroup = 'rbac.authorization.k8s.io';
  const metadata = { name: 'test-sees-clusters' };
  const objects = [
    {
      apiVersion: `${apiGroup}/v1`,
      kind: 'ClusterRole',
      metadata,
      rules: [{ apiGroups: ['management.loft.sh'], resources: ['clusters'], verbs: ['get'] }],
    },
    {
      apiVersion: `${apiGroup}/v1`,
      kind: 'ClusterRoleBinding',
      metadata,
      roleRef: { apiGroup, kind: 'ClusterRole', name: metadata.name },
      subjects: [{ apiGroup, kind: 'Group', name: 'loft:user:ben' }],
    },
  ];
  for (const object of objects) await applyObject(fixture.admin, object);
});
after(async () => {
  await fixture?.stop();
  await database?.close();
  await postgres?.stop();
});

/** A new Cluster, known to the gateway. */
async function newCluster(
  spec: object = { networkPeer: true },
  name = `c-${randomBytes(4).toString('hex')}`,
) {
  const { metadata } = await fixture.resources.clusters.create({ metadata: { name }, spec });
  const uid = String(metadata.uid);
  await known(name, uid);
  return { name, uid };
}

const known = (name: string, uid: string | undefined) =>
  eventually(
    `the gateway knows ${name}`,
    () => fixture.parts.gateway.cache.cluster(name)?.metadata.uid === uid,
  );

const accessKey = (user: string, name: string) =>
  fixture.call(user, 'GET', `${management}/clusters/${name}/accesskey`);

async function newKey(name: string): Promise<string> {
  const answer = await accessKey('anna', name);
  assert.equal(answer.status, 200, answer.text);
  return String(answer.json()['accessKey']);
}

const newCredential = () => agentCredentialPrefix + randomBytes(32).toString('base64url');

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

async function join(key: string, credential: string, clusterUid: string = randomUUID()) {
  const body = { credentialHash: hashOf(credential), clusterUid, agentVersion: '0.1.0' };
  const { status, text } = await fixture.call('', 'POST', agentPaths.join, body, bearer(key));
  return { status, text, code: (JSON.parse(text) as { code?: string }).code };
}

async function rotate(credential: string, next: string): Promise<number> {
  const body = { credentialHash: hashOf(next) };
  return (await fixture.call('', 'POST', agentPaths.credential, body, bearer(credential))).status;
}

const authenticate = (credential: string) => fixture.parts.gateway.authenticateAgent(bearer(credential));

/** A Cluster with its agent. */
async function connected() {
  const cluster = await newCluster();
  const credential = newCredential();
  const kubeSystem = randomUUID();
  assert.equal((await join(await newKey(cluster.name), credential, kubeSystem)).status, 200);
  return { ...cluster, credential, kubeSystem };
}

describe('join keys', () => {
  it('have all that an installer needs, and are kept as a hash only', async () => {
    const { name } = await newCluster();
    const answer = await accessKey('anna', name);
    const { accessKey: key, caCert, metadata, ...rest } = answer.json();
    assert.deepEqual(rest, {
      apiVersion: 'management.loft.sh/v1',
      kind: 'ClusterAccessKey',
      loftHost: new URL(fixture.url).host,
      insecure: false,
    });
    assert.equal((metadata as { name: string }).name, name);
    assert.match(String(key), /^vcpj_[A-Za-z0-9_-]{43}$/);
    assert.match(Buffer.from(String(caCert), 'base64').toString(), /^-----BEGIN CERTIFICATE-----/);
    assert.equal(answer.headers['cache-control'], 'no-store');
    const [row] = await rows(`select * from agent_join_keys where key_hash = '${hashOf(String(key))}'`);
    assert.equal(row?.['created_by'], 'anna@example.com');
    const config = await fixture.call('anna', 'GET', `${management}/clusters/${name}/agentconfig`);
    assert.deepEqual(
      [config.status, config.json()['cluster'], config.json()['projectNamespacePrefix']],
      [200, name, 'p-'],
    );
  });

  it('are for callers who may get them; for others the cluster is not there, or theirs to see only', async () => {
    const { name } = await newCluster();
    await eventually('ben sees it', async () => (await accessKey('ben', name)).status === 403);
    for (const path of ['accesskey', 'agentconfig']) {
      const get = async (user: string, cluster: string) => {
        const { status, text } = await fixture.call(user, 'GET', `${management}/clusters/${cluster}/${path}`);
        return { status, text: text.replaceAll(cluster, '…') };
      };
      assert.equal((await get('ben', name)).status, 403);
      assert.equal((await get('', name)).status, 401);
      const foreign = await get('carl', name);
      assert.equal(foreign.status, 404);
      assert.deepEqual(foreign, await get('carl', 'none'));
    }
    const values = (user: string) => fixture.call(user, 'GET', `/clusters/agent-values/${name}`);
    assert.deepEqual([(await values('carl')).status, (await values('')).status], [404, 401]);
    assert.deepEqual(parse((await values('ben')).text), {});
    const annotations = { 'loft.sh/agent-values': 'replicaCount: 2\n' };
    await fixture.resources.clusters.patch({ name }, { metadata: { annotations } });
    await eventually('they are those of the annotation', async () =>
      isDeepStrictEqual(parse((await values('ben')).text), { replicaCount: 2 }),
    );
  });

  it('are not for access keys with a scope', async () => {
    const { name } = await newCluster();
    const key = 'scoped-key';
    await fixture.resources.accesskeys.create({
      metadata: { name: 'scoped' },
      spec: { user: 'anna', keyHash: hashOf(key), scope: { roles: [{ role: 'vcluster' }] } },
    });
    for (const path of [
      `${management}/clusters/${name}/accesskey`,
      `${management}/clusters/${name}/agentconfig`,
      `/clusters/agent-values/${name}`,
    ]) {
      const { status } = await eventually('the gateway knows the key', async () => {
        const answer = await fixture.call('', 'GET', path, undefined, bearer(key));
        return answer.status !== 401 && answer;
      });
      assert.equal(status, 403, path);
    }
  });

  it('are not created by the page of another site in a browser that is logged in', async () => {
    const { name, uid } = await newCluster();
    const { accounts, cache } = fixture.parts.gateway;
    const { sessions } = accounts;
    const anna = cache.user('anna');
    assert.ok(anna);
    const { id, csrfToken } = await sessions.begin(anna, {});
    const get = (headers: Record<string, string>) =>
      fixture.call('', 'GET', `${management}/clusters/${name}/accesskey`, undefined, {
        cookie: `${sessionCookie}=${id}`,
        ...headers,
      });
    assert.equal((await get({})).status, 403);
    assert.equal((await get({ origin: 'https://evil.example', 'x-csrf-token': csrfToken })).status, 403);
    assert.deepEqual(await rows(`select from agent_join_keys where cluster_uid = '${uid}'`), []);
    const own = await get({ origin: fixture.url, 'x-csrf-token': csrfToken });
    assert.equal(own.status, 200, own.text);
  });

  it('are refused for a Cluster without an agent', async () => {
    for (const spec of [{ local: true }, { config: { secretName: 'a' } }]) {
      const { name } = await newCluster(spec);
      const { status, text } = await accessKey('anna', name);
      assert.deepEqual([status, /has no join keys/.test(text)], [400, true], text);
      await fixture.resources.clusters.delete({ name });
    }
  });

  it('that were not used are ten for each Cluster, and the oldest ends', async () => {
    const { name, uid } = await newCluster();
    const keys: string[] = [];
    for (let index = 0; index < 12; index++) keys.push(await newKey(name));
    const left = await rows(`select key_hash from agent_join_keys where cluster_uid = '${uid}'`);
    assert.deepEqual(
      left.map(({ key_hash }) => String(key_hash)).toSorted(),
      keys.slice(2).map(hashOf).toSorted(),
    );
    assert.equal((await join(String(keys[0]), newCredential())).code, 'unauthenticated');
  });
});

describe('a join', () => {
  it('uses the key up: again with the same credential it does nothing, with another one it is refused', async () => {
    const { name, uid } = await newCluster();
    const key = await newKey(name);
    const credential = newCredential();
    const kubeSystem = randomUUID();
    const { status, text } = await join(key, credential, kubeSystem);
    assert.deepEqual([status, JSON.parse(text)], [200, { cluster: name }]);
    const agent = await database.query((db) => agentOf(db, uid));
    assert.equal((await join(key, credential, kubeSystem)).status, 200);
    assert.deepEqual(await database.query((db) => agentOf(db, uid)), agent);
    assert.equal((await join(key, newCredential(), kubeSystem)).code, 'unauthenticated');
    assert.equal((await authenticate(credential)).clusterUid, uid);
    // Nor does a credential come back that has ended.
    const next = newCredential();
    assert.equal(await rotate(credential, next), 204);
    assert.equal((await authenticate(next)).clusterUid, uid);
    assert.equal((await join(key, credential, kubeSystem)).code, 'unauthenticated');
    await assert.rejects(authenticate(credential), { code: 'unauthenticated' });
  });

  it('of two at the same time with one key, one succeeds', async () => {
    const { name } = await newCluster();
    const key = await newKey(name);
    const kubeSystem = randomUUID();
    const both = await Promise.all([1, 2].map(() => join(key, newCredential(), kubeSystem)));
    assert.deepEqual(
      both.map(({ status }) => status).toSorted((a, b) => a - b),
      [200, 401],
    );
  });

  it('is refused with a key that has expired, of no form, or that never was', async () => {
    const { name, uid } = await newCluster();
    const expired = `vcpj_${randomBytes(32).toString('base64url')}`;
    const row = { keyHash: hashOf(expired), clusterUid: uid, cluster: name, createdBy: 'test' };
    await database.query((db) => insertJoinKey(db, row, -1));
    for (const key of [expired, newCredential(), `vcpj_${'a'.repeat(43)}`, 'vcpj_short', keyOf('anna')])
      assert.equal((await join(key, newCredential())).code, 'unauthenticated', key);
    // And its body is not looked at.
    const path = agentPaths.join;
    for (const [headers, status] of [
      [{}, 401],
      [bearer(await newKey(name)), 413],
    ] as const)
      assert.equal((await fixture.call('', 'POST', path, 'a'.repeat(5000), headers)).status, status);
  });

  it('is refused once its Cluster was deleted, also if there is another one of the name', async () => {
    const before = await connected();
    const key = await newKey(before.name);
    await fixture.resources.clusters.delete({ name: before.name });
    await known(before.name, undefined);
    const later = await newCluster({ networkPeer: true }, before.name);
    assert.equal((await join(key, newCredential())).code, 'unauthenticated');
    await assert.rejects(authenticate(before.credential), { code: 'unauthenticated' });
    // What is left of it is in nobody's way.
    assert.equal((await join(await newKey(later.name), newCredential(), before.kubeSystem)).status, 200);
    assert.equal(await database.query((db) => agentOf(db, before.uid)), undefined);
  });

  it('of a cluster that is connected already is refused, and noted for the status, until it is not any more', async () => {
    const first = await connected();
    const second = await newCluster();
    const key = await newKey(second.name);
    const credential = newCredential();
    const refused = await join(key, credential, first.kubeSystem);
    assert.deepEqual([refused.status, refused.code], [409, 'conflict']);
    assert.equal(refused.text.includes(first.name), false);
    assert.deepEqual(await refusals(second.uid), ['ClusterUID']);
    await fixture.resources.clusters.delete({ name: first.name });
    await known(first.name, undefined);
    assert.equal((await join(key, credential, first.kubeSystem)).status, 200);
    assert.deepEqual(await refusals(second.uid), []);
  });

  it('replaces the agent of the same cluster, but not one of another', async () => {
    const { name, uid, credential, kubeSystem } = await connected();
    const { joinId } = await authenticate(credential);
    const started = { generation: 7, agentVersion: '1' };
    const raise = (id: string, generation: number) =>
      database.query((db) =>
        raiseGeneration(db, { clusterUid: uid, joinId: id }, { ...started, generation }),
      );
    assert.equal(await raise(joinId, 7), 'accepted');
    const key = await newKey(name);
    const refused = await join(key, newCredential());
    assert.equal(refused.code, 'conflict');
    assert.match(refused.text, /is another cluster; disconnect it first/);
    assert.deepEqual(await refusals(uid), ['OtherCluster']);
    assert.equal((await authenticate(credential)).joinId, joinId);

    const reinstalled = newCredential();
    assert.equal((await join(key, reinstalled, kubeSystem)).status, 200);
    assert.deepEqual(await refusals(uid), []);
    await assert.rejects(authenticate(credential), { code: 'unauthenticated' });
    const after = await authenticate(reinstalled);
    // Its starts are counted from the beginning, and the other one's count no more.
    assert.equal(await raise(after.joinId, 1), 'accepted');
    assert.equal(await raise(joinId, 8), 'unknown');
  });

  it('with a credential that is one already is refused', async () => {
    const first = await connected();
    const second = await newCluster();
    const key = await newKey(second.name);
    assert.equal((await join(key, first.credential)).code, 'conflict');
    assert.equal((await join(key, newCredential())).status, 200);
  });
});

describe("an agent's credential", () => {
  it('is replaced by the next at its first use, and until then goes on', async () => {
    const { credential, uid } = await connected();
    const [lost, next] = [newCredential(), newCredential()];
    assert.equal(await rotate(credential, lost), 204);
    assert.equal(await rotate(credential, next), 204);
    assert.equal(await rotate(credential, next), 204);
    assert.equal((await authenticate(credential)).clusterUid, uid);
    await assert.rejects(authenticate(lost), { code: 'unauthenticated' });
    const several = await Promise.all([1, 2, 3].map(() => authenticate(next)));
    assert.deepEqual(
      several.map(({ clusterUid }) => clusterUid),
      [uid, uid, uid],
    );
    await assert.rejects(authenticate(credential), { code: 'unauthenticated' });
    assert.equal(await rotate(credential, newCredential()), 401);
  });

  it("cannot be another agent's", async () => {
    const [one, other] = [await connected(), await connected()];
    assert.equal(await rotate(one.credential, other.credential), 409);
    const next = newCredential();
    assert.equal(await rotate(other.credential, next), 204);
    assert.equal(await rotate(one.credential, next), 409);
    assert.equal((await authenticate(next)).clusterUid, other.uid);
  });

  it('opens nothing else, and nor does a join key', async () => {
    const { credential, name } = await connected();
    for (const key of [credential, await newKey(name)])
      for (const path of [
        '/kubernetes/management/api',
        '/api/v1/projects',
        `${management}/clusters/${name}/accesskey`,
        `/kubernetes/cluster/${name}/api`,
      ])
        assert.equal((await fixture.call('', 'GET', path, undefined, bearer(key))).status, 401, path);
    for (const key of [keyOf('anna'), await newKey(name)]) {
      await assert.rejects(authenticate(key), { code: 'unauthenticated' });
      assert.equal(await rotate(key, newCredential()), 401);
    }
  });

  it('ends with the agent', async () => {
    const { credential, uid } = await connected();
    const { joinId } = await authenticate(credential);
    await asControllers((own) => own.transaction((tx) => deleteAgent(tx, uid)));
    await assert.rejects(authenticate(credential), { code: 'unauthenticated' });
    const started = { generation: 1, agentVersion: '1' };
    assert.equal(
      await database.query((db) => raiseGeneration(db, { clusterUid: uid, joinId }, started)),
      'unknown',
    );
  });
});

describe('tunnels in PostgreSQL', () => {
  it('are of the newest start of an agent, and dead if they are not renewed', async () => {
    const { uid, name, credential } = await connected();
    const { joinId } = await authenticate(credential);
    const raise = (generation: number) =>
      database.query((db) =>
        raiseGeneration(db, { clusterUid: uid, joinId }, { generation, agentVersion: '2' }),
      );
    assert.deepEqual([await raise(3), await raise(3), await raise(2)], ['accepted', 'accepted', 'replaced']);
    const tunnel = {
      clusterUid: uid,
      cluster: name,
      gateway: 'one',
      address: '127.0.0.1:1',
      generation: 3,
      slot: 0,
    };
    const [here, there] = [randomUUID(), randomUUID()];
    await database.query((db) => openTunnel(db, { ...tunnel, id: here }));
    await database.query((db) => openTunnel(db, { ...tunnel, id: there, gateway: 'two', generation: 4 }));
    const alive = async () => (await database.query((db) => tunnelsOf(db, uid))).map(({ id }) => id);
    assert.deepEqual(await alive(), [there, here]);
    await database.query((db) => closeTunnel(db, there));
    const later = "now() - interval '11 seconds'";
    await rows(`update agent_tunnels set renewed_at = ${later} where id = '${here}' returning id`);
    await rows(`update agents set last_seen_at = ${later} where cluster_uid = '${uid}' returning cluster`);
    assert.deepEqual(await alive(), []);
    assert.deepEqual(await database.query((db) => renewTunnels(db, 'one', [here, there])), [here]);
    assert.deepEqual(await database.query((db) => renewTunnels(db, 'one')), [here]);
    assert.deepEqual(await alive(), [here]);
    assert.ok((await database.query(connectedClusterUids)).includes(uid));
    const [seen] = await rows(
      `select last_seen_at > now() - interval '5 seconds' as now from agents where cluster_uid = '${uid}'`,
    );
    assert.equal(seen?.['now'], true);
    await rows(`update agent_tunnels set renewed_at = ${later} where id = '${here}' returning id`);
    await asControllers((own) => own.query(deleteDeadTunnels));
    assert.deepEqual(await database.query((db) => renewTunnels(db, 'one')), []);
  });

  it('and agents that change are told to who listens', async () => {
    const changes = createChanges(postgres.url, 'agents_changed');
    const told: (string | undefined)[] = [];
    changes.subscribeAll((uid) => told.push(uid));
    try {
      await eventually('it listens', () => told.includes(undefined));
      const { uid, name, credential } = await connected();
      const times = (count: number) =>
        eventually(`told ${count} times`, () => told.filter((one) => one === uid).length === count);
      await times(1);
      const { joinId } = await authenticate(credential);
      const started = { generation: 1, agentVersion: '1' };
      const identity = { clusterUid: uid, joinId };
      await database.query((db) => raiseGeneration(db, identity, started));
      await times(2);
      await database.query((db) => raiseGeneration(db, identity, started));
      const id = randomUUID();
      await database.query((db) =>
        openTunnel(db, {
          ...identity,
          id,
          cluster: name,
          gateway: 'g',
          address: 'a',
          generation: 1,
          slot: 1,
        }),
      );
      await times(3);
      await database.query((db) => renewTunnels(db, 'g'));
      await database.query((db) => closeTunnel(db, id));
      await times(4);
      await join(await newKey(name), newCredential());
      await times(5);
    } finally {
      await changes.close();
    }
  });
});

describe('what is recorded', () => {
  it('is who joined what, without any secret', async () => {
    const { name, credential } = await connected();
    const key = await newKey(name);
    await join(key, newCredential(), 'another-cluster');
    const next = newCredential();
    await rotate(credential, next);
    await authenticate(next);
    const events = await eventually('the events are written', async () => {
      const found = await rows(
        `select "user", credential_kind, cluster, resource, subresource, name, method, code, reason from audit_events
         where cluster = '${name}' or name = '${name}' order by received_at`,
      );
      return found.length === 5 && found;
    });
    const told = events.map(
      ({ user, credential_kind, method, resource, subresource, name: of, code, reason }) =>
        [user, credential_kind, method, resource, subresource, of, code, reason]
          .map((field) => field ?? '')
          .join(' '),
    );
    const made = `anna@example.com access-key GET clusters accesskey ${name} 200 `;
    const agent = 'vcluster-platform:agent';
    assert.deepEqual(told, [
      made,
      `${agent} join-key POST agents  join 200 `,
      made,
      '  POST agents  join 409 conflict',
      `${agent} agent POST agents  credential 204 `,
    ]);
    const all: string[] = [];
    for (const table of ['audit_events', 'agents', 'agent_join_keys', 'agent_tunnels'])
      all.push(JSON.stringify(await rows(`select * from ${table}`)));
    for (const secret of [key, credential, next])
      assert.equal(
        all.some((text) => text.includes(secret)),
        false,
      );
    assert.ok((await database.query(listAgents)).length > 5);
  });
});

async function refusals(uid: string): Promise<string[]> {
  const all = await database.query(listRefusedJoins);
  return all.filter(({ clusterUid }) => clusterUid === uid).map(({ reason }) => reason);
}

/** With the privileges that controllers have. */
async function asControllers(work: (own: Database) => Promise<void>): Promise<void> {
  const own = createDatabase(await urlOfRole(postgres.url, 'controllers'), 1);
  try {
    await work(own);
  } finally {
    await own.close();
  }
}

async function rows(sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}
