import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pino } from 'pino';
import { createAuditLog, removeOldEvents } from '../../api/audit/audit-log.ts';
import type { AuditEvent } from '../../contracts/audit.ts';
import { createDatabase, type Database } from '../../db/client.ts';
import { migrate } from '../../db/migrate.ts';
import { putAuditEvents } from '../../db/queries/audit-events.ts';
import { eventually } from '../support/eventually.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { urlOfRole } from '../support/runtime-role.ts';
import { startTcpRelay } from '../support/tcp-relay.ts';
import { type EchoUpstream, startEchoUpstream } from './echo-upstream.ts';
import { annaKey, hashOf, startTestGateway, type TestGateway, testObjects } from './test-gateway.ts';

const benKey = 'vcp-ben-key';
const management = '/kubernetes/management';
let upstream: EchoUpstream;
let postgres: TestPostgres;
let database: Database;
let gateway: TestGateway;
let dir: string;
let file: string;

/** anna is an administrator, ben is nobody. */
function people() {
  const objects = testObjects();
  objects.users.push({ metadata: { name: 'ben' }, spec: { subject: 'ben@example.com' } });
  objects.accessKeys.push({
    metadata: { name: 'ben-key', creationTimestamp: '2020-01-01T00:00:00Z' },
    spec: { user: 'ben', keyHash: hashOf(benKey) },
  });
  return objects;
}

/** The rules of the tests ask for their bodies. */
const bodiesOf = ['configmaps', 'secrets', 'rendervirtualclustertemplates'];

before(async () => {
  dir = mkdtempSync(join(tmpdir(), 'vcp-audit-'));
  file = join(dir, 'audit.jsonl');
  postgres = await startPostgres();
  await migrate(postgres.url);
  database = createDatabase(postgres.url, 1);
  upstream = await startEchoUpstream();
  gateway = await startTestGateway({
    target: upstream.target,
    objects: people(),
    allows: ({ user, originalUser }) => user === 'anna@example.com' && originalUser === undefined,
    databaseUrl: await urlOfRole(postgres.url, 'gateway'),
    trustedProxies: ['127.0.0.0/8'],
    auditConfig: {
      file,
      rules: [
        { level: 'Request', resources: [{ resources: bodiesOf }], verbs: ['create'] },
        { level: 'RequestResponse', resources: [{ resources: ['widgets'] }] },
        { level: 'None', users: ['anna@example.com'], namespaces: ['quiet'] },
      ],
    },
  });
});
after(async () => {
  await gateway?.close();
  await upstream?.close();
  await database?.close();
  await postgres?.stop();
  rmSync(dir, { recursive: true, force: true });
});

interface Page {
  items: AuditEvent[];
  next?: string;
}

async function list(query: string, key = annaKey): Promise<Page> {
  const answer = await gateway.call('GET', `/api/v1/audit?${query}`, { key });
  assert.equal(answer.status, 200, answer.text);
  return JSON.parse(answer.text) as Page;
}

/** The event of a request once it is over. */
async function eventOf(answer: {
  headers: Record<string, string | string[] | undefined>;
}): Promise<AuditEvent> {
  const id = String(answer.headers['x-request-id']);
  return eventually('the event is written', async () => {
    const [event] = (await list(`requestId=${id}`)).items;
    return event !== undefined && event.stage !== 'attempted' ? event : undefined;
  });
}

const json = { 'content-type': 'application/json' };

describe('the audit log', () => {
  it('records user, verb, object, credential and outcome', async () => {
    const answer = await gateway.call(
      'PATCH',
      `${management}/apis/management.loft.sh/v1/namespaces/p-alpha/virtualclusterinstances/one?fieldManager=x`,
      { headers: { ...json, 'user-agent': 'kubectl/1' }, body: '{}' },
    );
    const { receivedAt, latencyMs, ...event } = await eventOf(answer);
    assert.ok(Math.abs(Date.parse(receivedAt) - Date.now()) < 60_000);
    assert.ok((latencyMs ?? -1) >= 0);
    assert.deepEqual(event, {
      id: answer.headers['x-request-id'],
      stage: 'complete',
      level: 'Metadata',
      user: 'anna@example.com',
      credentialKind: 'access-key',
      credentialName: 'anna-key',
      sourceAddress: '127.0.0.1',
      userAgent: 'kubectl/1',
      method: 'PATCH',
      verb: 'patch',
      pathKind: 'management',
      path: `${management}/apis/management.loft.sh/v1/namespaces/p-alpha/virtualclusterinstances/one`,
      project: 'alpha',
      tenantCluster: 'one',
      apiGroup: 'management.loft.sh',
      resource: 'virtualclusterinstances',
      namespace: 'p-alpha',
      name: 'one',
      code: 200,
    });
  });

  it('omits reads, and keeps every denial', async () => {
    const read = await gateway.call('GET', `${management}/api/v1/pods`);
    const unknown = await gateway.call('GET', `${management}/api/v1/pods`, { key: 'not-a-key' });
    const foreign = await gateway.call('GET', '/kubernetes/project/alpha/virtualcluster/one/api', {
      key: benKey,
    });
    const as = await gateway.call('GET', `${management}/api/v1/pods`, {
      key: benKey,
      headers: { 'impersonate-user': 'anna@example.com' },
    });
    const denied = await eventOf(unknown);
    assert.deepEqual([denied.code, denied.reason, denied.user], [401, 'unauthenticated', undefined]);
    const hidden = await eventOf(foreign);
    assert.deepEqual(
      [hidden.code, hidden.reason, hidden.user, hidden.project, hidden.tenantCluster],
      [404, 'tenant_cluster_not_found', 'ben@example.com', 'alpha', 'one'],
    );
    const refused = await eventOf(as);
    assert.deepEqual([refused.code, refused.user], [403, 'ben@example.com']);
    assert.deepEqual((await list(`requestId=${String(read.headers['x-request-id'])}`)).items, []);
  });

  it('names both users of an impersonated request', async () => {
    const event = await eventOf(
      await gateway.call('DELETE', `${management}/api/v1/namespaces/a/configmaps/b`, {
        headers: { 'impersonate-user': 'carl@example.com' },
      }),
    );
    assert.deepEqual(
      [event.user, event.impersonatedUser, event.verb, event.code],
      ['anna@example.com', 'carl@example.com', 'delete', 200],
    );
  });

  it('keeps bodies where the policy says so, and never those of Secrets', async () => {
    const send = (resource: string) =>
      gateway.call('POST', `${management}/api/v1/namespaces/a/${resource}`, {
        headers: json,
        body: JSON.stringify({ data: { word: 'xyzzy' } }),
      });
    const map = await eventOf(await send('configmaps'));
    assert.deepEqual([map.level, map.requestBody], ['Request', { data: { word: 'xyzzy' } }]);
    assert.equal(map.responseBody, undefined);
    const both = await eventOf(await send('widgets'));
    assert.equal(both.level, 'RequestResponse');
    assert.match(JSON.stringify(both.responseBody), /xyzzy/);
    const answer = await send('secrets');
    const secret = await eventOf(answer);
    assert.equal(secret.level, 'Metadata');
    assert.doesNotMatch(JSON.stringify(secret), /xyzzy/);
    const preview = await eventOf(
      await gateway.call('POST', `${management}/apis/management.loft.sh/v1/rendervirtualclustertemplates`, {
        headers: json,
        body: JSON.stringify({ spec: { values: 'a: 1', parameters: 'password: xyzzy' } }),
      }),
    );
    assert.deepEqual([preview.level, preview.resource], ['Metadata', 'rendervirtualclustertemplates']);
    assert.doesNotMatch(JSON.stringify(preview), /xyzzy/);
    // What was kept has still arrived at the upstream.
    assert.equal(JSON.parse(answer.text).body, '{"data":{"word":"xyzzy"}}');
  });

  it('omits what a rule excludes', async () => {
    const quiet = await gateway.call('DELETE', `${management}/api/v1/namespaces/quiet/pods/b`);
    await eventOf(await gateway.call('DELETE', `${management}/api/v1/namespaces/loud/pods/b`));
    assert.deepEqual((await list(`requestId=${String(quiet.headers['x-request-id'])}`)).items, []);
  });

  it('believes X-Forwarded-For from trusted proxies only, and uses the last untrusted hop', async () => {
    const from = async (forwarded: string) =>
      (
        await eventOf(
          await gateway.call('DELETE', `${management}/api/v1/namespaces/a/pods/b`, {
            headers: { 'x-forwarded-for': forwarded },
          }),
        )
      ).sourceAddress;
    assert.equal(await from('10.9.9.9, 192.0.2.7, 127.0.0.9'), '192.0.2.7');
    assert.equal(await from('192.0.2.7, nonsense'), '127.0.0.1');
  });

  it('shows other users only their own events', async () => {
    const { items } = await list('limit=1000', benKey);
    assert.ok(items.length >= 2);
    assert.deepEqual([...new Set(items.map(({ user }) => user))], ['ben@example.com']);
    const everything = await list('limit=1000&user=ben@example.com', annaKey);
    assert.ok(everything.items.length >= items.length);
    const foreign = await list('user=anna@example.com', benKey);
    assert.deepEqual(foreign.items, []);
  });

  it('filters, and pages without gap or repetition', async () => {
    const all = (await list('limit=1000&to=2100-01-01T00:00:00Z')).items;
    const paged: AuditEvent[] = [];
    let cursor = '';
    do {
      const page = await list(`limit=2&to=2100-01-01T00:00:00Z${cursor}`);
      assert.ok(page.items.length <= 2);
      paged.push(...page.items);
      cursor = page.next === undefined ? '' : `&cursor=${page.next}`;
    } while (cursor !== '');
    assert.deepEqual(
      paged.map(({ id }) => id),
      all.map(({ id }) => id),
    );
    for (const query of ['verb=patch', 'code=401', 'kind=tenant', 'project=alpha', 'resource=secrets']) {
      const found = (await list(query)).items;
      assert.ok(found.length > 0 && found.length < all.length, query);
    }
  });

  it('what no list has, and what PostgreSQL or a clock cannot read, is a wrong request', async () => {
    const cursor = (time: string, id: string) =>
      Buffer.from(JSON.stringify(['-receivedAt', time, id])).toString('base64url');
    const id = '00000000-0000-4000-8000-000000000001';
    for (const query of [
      'limit=5000',
      'cursor=abc',
      'cursor=%00',
      `cursor=${cursor('+275760-09-13T00:00:00.000Z', id)}`,
      `cursor=${cursor('0000-01-01T00:00:00.000Z', id)}`,
      `cursor=${cursor('2020-01-01T00:00:00.000Z', '-'.repeat(36))}`,
      'from=1990-12-31T23:59:60Z',
      'from=0000-01-01T00:00:00Z',
      'to=2020-01-01t00:00:00z',
      'to=9999-12-31T23:59:59.1234567890Z',
      `requestId=urn:uuid:${id}`,
      'user=%00',
      'name=a%0Ab',
      'verb=',
    ])
      assert.equal((await gateway.call('GET', `/api/v1/audit?${query}`)).status, 400, query);
    for (const query of [
      'to=2999-12-31T23:59:59-23:59',
      'from=1000-01-01T00:00:00%2B23:59',
      `requestId=${id}`,
      'user=%C3%A9%F0%9F%98%80',
    ])
      assert.equal((await gateway.call('GET', `/api/v1/audit?${query}`)).status, 200, query);
  });

  it('writes each event to the file too, without keys or secrets', async () => {
    const text = readFileSync(file, 'utf8');
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as AuditEvent);
    assert.ok(lines.length > 5);
    assert.ok(!text.includes(annaKey) && !text.includes(benKey) && !text.includes('not-a-key'));
  });

  it('removes events older than the retention', async () => {
    const old = {
      stage: 'complete',
      level: 'Metadata',
      method: 'GET',
      verb: 'get',
      pathKind: 'rest',
      path: '/',
    } as const;
    await database.query((db) =>
      putAuditEvents(db, [
        { ...old, id: '00000000-0000-4000-8000-000000000001', receivedAt: '2020-01-01T00:00:00.000Z' },
      ]),
    );
    assert.equal(await removeOldEvents(database, 30), 1);
    assert.equal(await removeOldEvents(database, 30), 0);
  });
});

describe('the audit log without PostgreSQL', () => {
  it('queues events up to its bound, and reports later how many were lost', async () => {
    const url = new URL(postgres.url);
    const relay = await startTcpRelay(Number(url.port));
    url.port = String(relay.port);
    relay.close();
    const cut = createDatabase(url.href, 1);
    const log = createAuditLog({ queueLimit: 3 }, cut, pino({ level: 'silent' }));
    const ids = Array.from({ length: 5 }, () => randomUUID());
    const receivedAt = '2030-01-01T00:00:00.000Z';
    for (const id of ids) {
      log.record({
        id,
        receivedAt,
        stage: 'complete',
        level: 'Metadata',
        method: 'POST',
        verb: 'create',
        pathKind: 'rest',
        path: '/',
      });
    }
    assert.deepEqual([log.length, log.lost], [3, 2]);
    relay.open();
    await eventually('they are written', () => log.length === 0);
    const written = await log.list({ from: new Date(receivedAt), limit: 10 });
    assert.deepEqual(written.map(({ id }) => id).sort(), ids.slice(0, 3).sort());
    const lost = (await log.list({ verb: 'lost', limit: 10 })).map((event) => event.lost);
    assert.deepEqual(lost, [2]);
    await log.close();
    await relay.stop();
  });
});
