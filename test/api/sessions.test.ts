import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, it } from 'node:test';
import { pino } from 'pino';
import { createSessions, sessionCookie } from '../../api/auth/sessions.ts';
import { createDatabase, type Database } from '../../db/client.ts';
import { migrate } from '../../db/migrate.ts';
import { findSession } from '../../db/queries/sessions.ts';
import { eventually } from '../support/eventually.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';

let postgres: TestPostgres;
let database: Database;
before(async () => {
  postgres = await startPostgres();
  await migrate(postgres.url);
  database = createDatabase(postgres.url, 1);
});
after(async () => {
  await database?.close();
  await postgres?.stop();
});

const minuteMs = 60_000;

it('a session is extended by requests, not by rechecks of its streams', async () => {
  const start = Date.now();
  let time = start;
  const sessions = createSessions({
    database,
    logger: pino({ level: 'silent' }),
    publicUrl: 'https://127.0.0.1',
    limits: { idleSeconds: 600, absoluteSeconds: 86_400 },
    now: () => time,
  });
  const { id } = await sessions.begin({ metadata: { name: 'ben' } }, {});
  const headers = { cookie: `${sessionCookie}=${id}` };
  const recheck = () => sessions.authenticate(headers, 'GET', { isUse: false });
  const lastSeen = async () => {
    const { credential } = (await recheck()) ?? assert.fail('there is no session');
    const rows = await database.query((db) => db.execute('select id_hash as hash from sessions'));
    const [row] = rows.rows as { hash: string }[];
    assert.ok(row !== undefined && row.hash.startsWith(credential.name));
    const known = await database.query((db) =>
      findSession(db, row.hash, { now: new Date(0), idleSince: new Date(0) }),
    );
    return known?.lastSeenAt.getTime();
  };

  time += 5 * minuteMs;
  await recheck();
  assert.equal(await lastSeen(), start);
  // A use right after a recheck, whose answer is still remembered, is noted all the same.
  await sessions.authenticate(headers, 'GET');
  await eventually('the use is written', async () => (await lastSeen()) === time);
  for (let minute = 0; minute < 9; minute += 1) {
    time += minuteMs;
    await recheck();
  }
  time += 2 * minuteMs;
  await assert.rejects(recheck(), { code: 'unauthenticated' });
  await assert.rejects(sessions.authenticate(headers, 'GET'), { code: 'unauthenticated' });
});

it('a made-up cookie is refused without a look-up, and one of another gateway is known', async () => {
  const ben = { metadata: { name: 'ben' } };
  const impatient = createDatabase(postgres.url, 1, 500);
  const on = (its: Database) =>
    createSessions({
      database: its,
      logger: pino({ level: 'silent' }),
      publicUrl: 'https://127.0.0.1',
    });
  const [here, there] = [on(impatient), on(database)];
  const get = (id: string) => here.authenticate({ cookie: `${sessionCookie}=${id}` }, 'GET');
  try {
    const ids = [];
    for (let index = 0; index < 20; index++) ids.push((await there.begin(ben, {})).id);
    const [known = '', unknown = '', ...others] = ids;
    assert.equal((await get(known))?.user, 'ben');
    const madeUp = [
      ...Array.from({ length: 200 }, () => randomBytes(32).toString('base64url')),
      // Of real ones: one bit is another, the last two bits that nobody reads are others, two are mixed.
      ...others.flatMap((id) => {
        const bytes = Buffer.from(id, 'base64url');
        const bit = Buffer.from(bytes);
        bit.writeUInt8(bit.readUInt8(3) ^ 1, 3);
        const mixed = Buffer.concat([bytes.subarray(0, 24), Buffer.from(known, 'base64url').subarray(24)]);
        return [
          bit.toString('base64url'),
          mixed.toString('base64url'),
          `${id.slice(0, -1)}${next(id.at(-1))}`,
        ];
      }),
    ];
    // Who looks into the table now waits.
    await database.transaction(async (db) => {
      await db.execute('lock table sessions in access exclusive mode');
      for (const id of madeUp) {
        await assert.rejects(get(id), { code: 'unauthenticated' }, id);
        await here.end({ cookie: `${sessionCookie}=${id}` });
      }
      await assert.rejects(get(unknown), { code: 'database_unavailable' });
    });
    assert.equal((await get(unknown))?.user, 'ben');
  } finally {
    await impatient.close();
  }
});

/** The base64url character of the next value: at the end of 32 bytes it decodes to the same. */
function next(character = ''): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return alphabet[alphabet.indexOf(character) + 1] ?? '';
}
