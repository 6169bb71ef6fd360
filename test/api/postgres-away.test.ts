import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import pg from 'pg';
import { migrate } from '../../db/migrate.ts';
import { eventually } from '../support/eventually.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { startTcpRelay, type TcpRelay } from '../support/tcp-relay.ts';
import { type GatewayProcess, startGatewayProcess } from './gateway-process.ts';
import { type ManagementFixture, startManagementFixture } from './management-fixture.ts';
import { type FixtureAnswer } from './user-calls.ts';

/** A session is believed for 5 s after the database spoke of it. */
/** Ten seconds, and what a loaded machine may add. */
const revocationMs = 30_000;
const queueLimit = 200;
const password = 'a password of some length';

let postgres: TestPostgres;
let fixture: ManagementFixture;
let relay: TcpRelay;
let gateway: GatewayProcess;
let cookie: string;
before(async () => {
  postgres = await startPostgres();
  await migrate(postgres.url);
  relay = await startTcpRelay(Number(new URL(postgres.url).port));
  const databaseUrl = new URL(postgres.url);
  databaseUrl.port = String(relay.port);
  fixture = await startManagementFixture();
  gateway = await startGatewayProcess(fixture, {
    config: { databaseUrl: databaseUrl.href, audit: { queueLimit } },
  });
  const users = '/kubernetes/management/apis/management.loft.sh/v1/users';
  const made = await gateway.call('anna', 'POST', `${users}/ben/profile`, { spec: { password } });
  assert.equal(made.status, 201, made.text);
  const begun = await gateway.call(
    '',
    'POST',
    '/auth/session',
    { username: 'ben', password },
    { origin: gateway.url },
  );
  assert.equal(begun.status, 200, begun.text);
  cookie = String(begun.headers['set-cookie']).split(';')[0] ?? '';
});
afterEach(() => relay.open());
after(async () => {
  await gateway?.stop();
  await relay?.stop();
  await fixture?.stop();
  await postgres?.stop();
});

const version = '/kubernetes/management/version';
const inSession = () => gateway.call('', 'GET', '/auth/session', undefined, { cookie });

async function timed(asked: Promise<FixtureAnswer>) {
  const startedAt = performance.now();
  const answer = await asked;
  return { answer, ms: Math.round(performance.now() - startedAt) };
}

/** A change that is an audit event. */
const change = (name: string) =>
  gateway.call('anna', 'POST', '/kubernetes/management/api/v1/namespaces/p-alpha/configmaps', {
    metadata: { name },
  });

describe('PostgreSQL is read-only (a failover)', { timeout: 300_000 }, () => {
  it('writes are 503, the gateway is not ready, and queued events are written after recovery', async (context) => {
    const database = new pg.Client({ connectionString: postgres.url });
    await database.connect();
    database.on('error', () => undefined);
    const name = new URL(postgres.url).pathname.slice(1);
    const events = async () => {
      const path = '/kubernetes/management/api/v1/namespaces/p-alpha/configmaps';
      const { rows } = await database.query(
        'select count(*)::int as n from audit_events where path = $1 and stage = $2',
        [path, 'complete'],
      );
      return (rows as { n: number }[])[0]?.n ?? 0;
    };
    try {
      await eventually('it is ready', async () => (await gateway.ready()).checks['database'] === 'ok');
      const [before, lostBefore] = [
        await events(),
        await gateway.metric('vcp_gateway_audit_events_lost_total'),
      ];
      await database.query(`alter database ${name} set default_transaction_read_only = on`);
      // A failover cuts what is open, too.
      await database.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()',
        [name],
      );
      await eventually('it says that PostgreSQL is read-only', async () =>
        /^PostgreSQL is read-only/.test((await gateway.ready()).checks['database'] ?? ''),
      );
      assert.equal((await gateway.call('', 'GET', '/readyz')).status, 503);
      const login = { username: 'ben', password };
      const refused = await gateway.call('', 'POST', '/auth/session', login, { origin: gateway.url });
      assert.equal(refused.status, 503, refused.text);
      assert.match(String(refused.headers['content-type']), /^application\/problem\+json/);
      assert.equal(refused.json()['code'], 'database_unavailable');
      assert.equal((await inSession()).status, 200, 'what only reads goes on');
      const changes = queueLimit / 2;
      const made = await Promise.all(
        Array.from({ length: changes }, (_, index) => change(`standby-${index}`)),
      );
      assert.deepEqual([...new Set(made.map(({ status }) => status))], [201]);
      await eventually('a write was tried and refused', () =>
        /failed to write audit events/.test(gateway.log()),
      );
      assert.ok((await gateway.metric('vcp_gateway_audit_queue_length')) >= changes);
      await database.query(`alter database ${name} reset default_transaction_read_only`);
      await eventually('every event is written', async () => (await events()) >= before + changes);
      await eventually(
        'it is ready again',
        async () =>
          (await gateway.ready()).ready === false && (await gateway.ready()).checks['database'] === 'ok',
      );
      const lost = (await gateway.metric('vcp_gateway_audit_events_lost_total')) - lostBefore;
      assert.equal(lost, 0);
      context.diagnostic(`${changes} events waited, ${lost} were lost`);
    } finally {
      await database.query(`alter database ${name} reset default_transaction_read_only`);
      await database.end();
    }
  });
});

describe('an unreachable PostgreSQL', { timeout: 600_000 }, () => {
  for (const [what, away] of [
    ['refuses connections', () => relay.close()],
    ['takes connections and says nothing', () => relay.hang()],
  ] as const) {
    it(`${what}: keys work, requests that need it are 503, lost events are counted, and it recovers`, async (context) => {
      const name = what.split(' ')[0] ?? '';
      await eventually('sessions work', async () => (await inSession()).status === 200);
      const lostBefore = await gateway.metric('vcp_gateway_audit_events_lost_total');
      away();
      const awayAt = performance.now();

      const reads = await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          timed(gateway.call(index % 2 === 0 ? 'anna' : 'carl', 'GET', version)),
        ),
      );
      assert.deepEqual([...new Set(reads.map(({ answer }) => answer.status))], [200]);

      // What was known of the session a moment ago holds for a moment; then it cannot be decided whether it has ended.
      const refused = await eventually(
        'the session is not believed any more',
        async () => {
          const { answer, ms } = await timed(inSession());
          return answer.status === 200 ? undefined : { answer, ms };
        },
        { timeoutMs: revocationMs },
      );
      assert.ok(performance.now() - awayAt < revocationMs);
      assert.equal(refused.answer.status, 503, refused.answer.text);
      assert.equal(refused.answer.json()['code'], 'database_unavailable');
      assert.equal(refused.answer.headers['retry-after'], '1');

      const api = await timed(gateway.call('anna', 'GET', '/api/v1/audit'));
      assert.equal(api.answer.status, 503, api.answer.text);
      assert.match(String(api.answer.headers['content-type']), /^application\/problem\+json/);
      assert.equal(api.answer.json()['code'], 'database_unavailable');
      // What was said a second ago is said again, and a look takes as long as its slowest part.
      await eventually('it is not ready for want of its database', async () =>
        /^does not answer/.test((await gateway.ready()).checks['database'] ?? ''),
      );
      assert.deepEqual((await gateway.call('', 'GET', '/readyz')).json(), { ready: false });

      // Changes go on; their events wait, as many as there is room for, and the others are counted.
      const changes = queueLimit + 100;
      const made = await Promise.all(
        Array.from({ length: changes }, (_, index) => change(`${name}-${index}`)),
      );
      assert.deepEqual([...new Set(made.map(({ status }) => status))], [201]);
      const waiting = await gateway.metric('vcp_gateway_audit_queue_length');
      assert.ok(waiting <= queueLimit, `${waiting} wait`);
      const lost = (await gateway.metric('vcp_gateway_audit_events_lost_total')) - lostBefore;
      assert.ok(lost >= changes - queueLimit, `${lost} lost of ${changes}`);

      relay.open();
      await eventually('sessions work again', async () => (await inSession()).status === 200);
      const told = await eventually('the audit log says what it lacks', async () => {
        const answer = await gateway.call('anna', 'GET', '/api/v1/audit?verb=lost&limit=10');
        const { items } = answer.json() as { items?: { lost: number; receivedAt: string }[] };
        const all = items?.reduce((sum, item) => sum + item.lost, 0) ?? 0;
        return all >= lostBefore + lost ? all : undefined;
      });
      context.diagnostic(
        `session 503 after ${Math.round(refused.ms)} ms, /api/v1 503 after ${api.ms} ms; of ${changes} changes ` +
          `${waiting} events waited, ${lost} were lost and ${told} told of`,
      );
    });
  }
});
