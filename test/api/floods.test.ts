import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { createDatabase, type Database } from '../../db/client.ts';
import { migrate } from '../../db/migrate.ts';
import { eventually } from '../support/eventually.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { urlOfRole } from '../support/runtime-role.ts';
import { type GatewayProcess, startGatewayProcess } from './gateway-process.ts';
import { type ManagementFixture, startManagementFixture } from './management-fixture.ts';
import { keyOf } from './user-calls.ts';

const password = 'a password of some length';
/** Garbage that is not collected yet, and hashes under way; a flood without bounds would take gigabytes. */
const roomMiB = 250;

let postgres: TestPostgres;
let database: Database;
let fixture: ManagementFixture;
let gateway: GatewayProcess;
let logFile: string;
before(async () => {
  postgres = await startPostgres();
  await migrate(postgres.url);
  database = createDatabase(postgres.url, 1);
  fixture = await startManagementFixture();
  logFile = join(fixture.dir, 'floods.log');
  // As behind a load balancer: addresses are what it says they are.
  gateway = await startGatewayProcess(fixture, {
    logFile,
    config: { databaseUrl: await urlOfRole(postgres.url, 'gateway'), trustedProxies: ['127.0.0.1'] },
  });
  const users = '/kubernetes/management/apis/management.loft.sh/v1/users';
  for (const user of ['ben', 'carl']) {
    const made = await gateway.call('anna', 'POST', `${users}/${user}/profile`, { spec: { password } });
    assert.equal(made.status, 201, made.text);
  }
  for (const [name, spec] of [
    ['disabled', { disabled: true }],
    ['expired', { ttl: 1 }],
  ] as const)
    await fixture.resources.accesskeys.create({
      metadata: { name: `key-${name}` },
      spec: { user: 'anna', keyHash: createHash('sha256').update(keyOf(name)).digest('hex'), ...spec },
    });
  await eventually('the key has expired', async () => (await version(keyOf('expired'))).status === 401);
});
after(async () => {
  await gateway?.stop();
  await fixture?.stop();
  await database?.close();
  await postgres?.stop();
});

const agents = new Map<string, Agent>();

async function send(
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: unknown,
): Promise<{ status: number; text: string; retryAfter: string }> {
  const from = path.startsWith('/auth') ? 'logins' : 'others';
  const agent =
    agents.get(from) ??
    new Agent({ connect: { ca: readFileSync(fixture.caFile) }, allowH2: false, connections: 100 });
  agents.set(from, agent);
  const answer = await request(`${gateway.url}${path}`, {
    method: method as 'GET',
    dispatcher: agent,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const { statusCode: status } = answer;
  return { status, text: await answer.body.text(), retryAfter: String(answer.headers['retry-after'] ?? '') };
}

const version = (key: string) =>
  send('GET', '/kubernetes/management/version', { authorization: `Bearer ${key}` });
const login = (username: string, given: string, address: string) =>
  send('POST', '/auth/password/login', { 'x-forwarded-for': address }, { username, password: given });

/** Latencies of a good key until `until` settles. */
async function meanwhile(until: Promise<unknown>): Promise<number[]> {
  const all: number[] = [];
  let over = false;
  void until.finally(() => (over = true));
  const good = { authorization: `Bearer ${keyOf('anna')}` };
  const agent = new Agent({ connect: { ca: readFileSync(fixture.caFile) }, allowH2: false });
  while (!over || all.length < 20) {
    const startedAt = performance.now();
    const path = `${gateway.url}/kubernetes/management/version`;
    const answer = await request(path, { dispatcher: agent, headers: good });
    await answer.body.dump();
    assert.equal(answer.statusCode, 200);
    all.push(performance.now() - startedAt);
  }
  await agent.close();
  return all.toSorted((a, b) => a - b);
}

function figures(sorted: readonly number[]): string {
  const at = (part: number) => (sorted[Math.floor((sorted.length - 1) * part)] ?? 0).toFixed(1);
  return `${sorted.length} good requests p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, slowest ${at(1)} ms`;
}

/** Bad keys of every kind: unknown, nearly right, long, malformed, of another form, switched off, over. */
function badKey(index: number): string {
  const good = keyOf('anna');
  const kinds = [
    () => `vcp_${randomBytes(32).toString('base64url')}`,
    () => `${good}${index}`,
    () => good.slice(0, -1),
    () => good.toUpperCase(),
    () => 'x'.repeat(511),
    () => 'y'.repeat(8_000),
    () => `eyJhbGciOiJub25lIn0.${randomBytes(200).toString('base64url')}.`,
    () => `key with spaces ${index}`,
    () => keyOf('disabled'),
    () => keyOf('expired'),
  ];
  return kinds[index % kinds.length]?.() ?? '';
}

async function inParallel(count: number, atOnce: number, work: (index: number) => Promise<void>) {
  let next = 0;
  const one = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, one));
}

describe('10,000 bad keys', { timeout: 300_000 }, () => {
  it('each get 401 while a good key works; memory, log and audit log stay bounded', async (context) => {
    const calm = await meanwhile(Promise.resolve());
    await inParallel(2_000, 50, async (index) => assert.equal((await version(badKey(index))).status, 401)); // warm
    const memory = gateway.memory();
    const logged = statSync(logFile).size;
    const startedAt = performance.now();
    const kinds = new Set<string>();
    const burst = inParallel(10_000, 50, async (index) => {
      const { status, text } = await version(badKey(index));
      assert.equal(status, 401, text);
      const { kind, reason } = JSON.parse(text) as { kind: string; reason: string };
      kinds.add(`${kind} ${reason}`);
    });
    const during = await meanwhile(burst);
    await burst;
    const seconds = (performance.now() - startedAt) / 1000;
    assert.deepEqual([...kinds], ['Status Unauthorized']);
    const bytes = statSync(logFile).size - logged;
    assert.ok(bytes < 2_000_000, `${bytes} bytes were logged`);
    assert.ok(gateway.memory() < memory + roomMiB, `${memory} MiB → ${gateway.memory()} MiB`);
    const events = await eventually('what was written and what was not make up all', async () => {
      const rows = await database.query((db) =>
        db.execute(
          `select count(*)::int as n from audit_events where path = '/kubernetes/management/version' and "user" is null`,
        ),
      );
      const written = (rows.rows as { n: number }[])[0]?.n ?? 0;
      const lost = await gateway.metric('vcp_gateway_audit_events_lost_total');
      return written + lost >= 12_000 ? { written, lost } : undefined;
    });
    assert.ok(events.written < 4_000, `${events.written} rows`);
    context.diagnostic(
      `10,000 in ${seconds.toFixed(1)} s (load generator in the same two cores); before: ${figures(calm)}; during: ` +
        `${figures(during)}; memory ${memory.toFixed(0)} → ${gateway.memory().toFixed(0)} MiB; ` +
        `${Math.round(bytes / 1024)} KiB logged; ${events.written} events written, ${events.lost} counted`,
    );
  });
});

describe('400 unauthenticated upgrades with paths of 12 KB', { timeout: 120_000 }, () => {
  it('are each refused, and take bounded room in log and audit log', async (context) => {
    const ca = readFileSync(fixture.caFile);
    const logged = statSync(logFile).size;
    const long = 'x'.repeat(12_000);
    const statuses = new Set<number>();
    await inParallel(400, 20, async (index) => {
      const path = [`/kubernetes/cluster/${long}`, `/kubernetes/project/${long}/virtualcluster/a/api`][
        index % 2
      ];
      const asking = httpsRequest(`${gateway.url}${path}`, {
        ca,
        agent: false,
        headers: {
          connection: 'Upgrade',
          upgrade: 'websocket',
          'sec-websocket-version': '13',
          'user-agent': long.slice(0, 1_000),
        },
      }).end();
      const [answer] = (await once(asking, 'response')) as [IncomingMessage];
      statuses.add(answer.statusCode ?? 0);
      answer.resume();
      await once(answer, 'close');
    });
    assert.ok(
      [...statuses].every((status) => [400, 401, 404].includes(status)),
      [...statuses].join(),
    );
    await delay(500); // lines are written together
    const bytes = statSync(logFile).size - logged;
    assert.ok(bytes < 500_000, `${bytes} bytes were logged`);
    const { rows } = await database.query((db) =>
      db.execute(
        `select max(length(path))::int as path, max(length(project))::int as project, max(length(cluster))::int as cluster,
           max(length(user_agent))::int as agent from audit_events`,
      ),
    );
    for (const [field, length] of Object.entries(rows[0] ?? {}))
      assert.ok(Number(length) <= 1_024, `${field} has ${length} characters`);
    context.diagnostic(
      `${Math.round(bytes / 1024)} KiB logged of ${400 * 12} KiB; ${JSON.stringify(rows[0])}`,
    );
  });
});

describe('floods of login attempts', { timeout: 300_000 }, () => {
  it('2,000 for many users from many addresses get 401 or 429 with Retry-After, and other requests stay fast', async (context) => {
    const memory = gateway.memory();
    const statuses = new Map<number, number>();
    const flood = inParallel(2_000, 200, async (index) => {
      const address = `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
      const { status, retryAfter, text } = await login(`nobody-${index}`, 'a wrong password', address);
      assert.ok(status === 401 || status === 429, text);
      if (status === 429) assert.ok(Number(retryAfter) > 0);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    });
    const during = await meanwhile(flood);
    await flood;
    assert.ok((statuses.get(401) ?? 0) > 0 && (statuses.get(429) ?? 0) > 0);
    assert.ok(gateway.memory() < memory + roomMiB);
    context.diagnostic(
      `answers ${JSON.stringify(Object.fromEntries(statuses))}; ${figures(during)}; memory ${memory.toFixed(0)} → ` +
        `${gateway.memory().toFixed(0)} MiB`,
    );
  });

  it('on one user from one address: a few are checked, the rest must wait', async () => {
    const statuses = new Map<number, number>();
    await inParallel(1_000, 100, async () => {
      const { status } = await login('carl', 'a wrong password', '192.0.2.7');
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    });
    assert.ok((statuses.get(401) ?? 0) <= 10, JSON.stringify(Object.fromEntries(statuses)));
    assert.equal((await login('carl', password, '192.0.2.8')).status, 200, 'elsewhere there is no wait');
  });

  it('on one user from everywhere do not lock the user out at a known address', async (context) => {
    assert.equal((await login('ben', password, '198.51.100.1')).status, 200);
    let over = false;
    const flood = inParallel(100, 100, async (index) => {
      for (let round = 0; !over; round++)
        await login('ben', `wrong password ${round}`, `10.9.${index}.${round & 255}`);
    });
    const tries: number[] = [];
    try {
      for (let index = 0; index < 5; index++) {
        const startedAt = performance.now();
        const { status, text } = await login('ben', password, '198.51.100.1');
        assert.equal(status, 200, text);
        tries.push(Math.round(performance.now() - startedAt));
      }
    } finally {
      over = true;
      await flood;
    }
    context.diagnostic(`their five logins took ${tries.join(', ')} ms`);
  });
});
