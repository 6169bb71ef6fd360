import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { applyGrants, grants } from '../../db/grants.ts';
import { migrate } from '../../db/migrate.ts';
import { type DatabaseRole, type DatabaseUrls, prepareRoles, roleName } from '../../local/database-roles.ts';
import { databaseOf, withDatabase, withRole } from '../../local/databases.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';

/** A database that a former version made as superuser, with rows, and the roles that a start gives it. */
describe('database roles', () => {
  let postgres: TestPostgres;
  let former: string;
  let urls: DatabaseUrls;
  const passwordOf = (role: DatabaseRole) => `password-of-${role}`;
  const start = async (url: string): Promise<DatabaseUrls | undefined> => {
    const made = await prepareRoles(url, passwordOf);
    if (made === undefined) return undefined;
    await migrate(made.owner);
    const name = databaseOf(url);
    await applyGrants(made.owner, {
      gateway: roleName(name, 'gateway'),
      worker: roleName(name, 'worker'),
      controllers: roleName(name, 'controllers'),
    });
    return made;
  };
  const query = async (url: string, sql: string): Promise<Record<string, unknown>[]> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  };
  const refuses = (url: string, sql: string) => assert.rejects(query(url, sql), { code: '42501' }, sql);

  before(async () => {
    postgres = await startPostgres();
    former = postgres.url;
    await migrate(former);
    urls = (await start(former)) as DatabaseUrls;
  });
  after(async () => {
    const name = databaseOf(former);
    const databases = ['kine', 'temporal', 'temporal_visibility'].map((suffix) => `${name}_${suffix}`);
    const server = withDatabase(former, 'postgres');
    for (const database of databases)
      await query(server, `drop database if exists "${database}" with (force)`);
    await postgres.stop();
  });

  test('none is a superuser or may create roles or databases', async () => {
    const roles = await query(
      former,
      `select rolname from pg_roles where rolname like '${databaseOf(former)}%' and (rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls)`,
    );
    assert.deepEqual(roles, []);
    await refuses(urls.owner, 'create role another');
    await refuses(urls.worker, 'create database another');
  });

  test('db/grants.ts lists every table', async () => {
    const tables = await query(
      urls.owner,
      "select tablename as name from pg_tables where schemaname = 'public'",
    );
    assert.deepEqual(tables.map(({ name }) => String(name)).toSorted(), Object.keys(grants).toSorted());
    const owned = await query(
      urls.owner,
      "select tablename from pg_tables where schemaname in ('public', 'drizzle') and tableowner <> current_user",
    );
    assert.deepEqual(owned, []);
  });

  test('each has the privileges of db/grants.ts and no others', async () => {
    for (const [table, byRole] of Object.entries(grants)) {
      for (const role of ['gateway', 'worker', 'controllers'] as const) {
        const may = byRole[role] ?? [];
        const statements = {
          // Its whole rows.
          select: `select ${table} from ${table} limit 0`,
          insert: `insert into ${table} select (null::${table}).* where false`,
          update: `update ${table} set ${await columnOf(table)} = null where false`,
          delete: `delete from ${table} where false`,
        };
        for (const [privilege, sql] of Object.entries(statements)) {
          if ((may as readonly string[]).includes(privilege)) await query(urls[role], sql);
          else await refuses(urls[role], sql);
        }
        for (const [, columns] of may.join().matchAll(/select \((.*?)\)/g))
          await query(urls[role], `select ${columns} from ${table} limit 0`);
        await refuses(urls[role], `truncate ${table}`);
        await refuses(urls[role], `drop table ${table}`);
        await refuses(urls[role], `alter table ${table} disable trigger all`);
      }
    }
    for (const role of ['gateway', 'worker', 'controllers'] as const) {
      await refuses(urls[role], 'create table more (x int)');
      await refuses(urls[role], 'create schema more');
      await refuses(urls[role], 'create temporary table more (x int)');
      await refuses(urls[role], 'select from drizzle.__drizzle_migrations');
      await refuses(urls[role], "copy (select 1) to program 'id'");
      await refuses(urls[role], "select pg_read_file('PG_VERSION')");
    }
  });

  test("no role can connect to another part's database", async () => {
    const name = databaseOf(former);
    const doors: [DatabaseRole, string][] = [
      ['gateway', `${name}_kine`],
      ['worker', `${name}_kine`],
      ['worker', `${name}_temporal`],
      ['controllers', `${name}_temporal_visibility`],
      ['kine', name],
      ['kine', `${name}_temporal`],
      ['temporal', name],
      ['temporal', `${name}_kine`],
      ['owner', `${name}_kine`],
    ];
    for (const [role, database] of doors) await refuses(withDatabase(urls[role], database), 'select 1');
    await assert.rejects(query(withRole(urls.worker, roleName(name, 'worker'), 'guessed'), 'select 1'), {
      code: '28P01',
    });
  });

  test('a second start changes nothing; a role without CREATEROLE is shared by all parts', async () => {
    assert.deepEqual(await start(former), urls);
    await query(urls.worker, 'select from operations limit 0');
    assert.equal(await prepareRoles(urls.owner, passwordOf), undefined);
  });

  test('a role with CREATEROLE and CREATEDB, not a superuser, sets up an external server alike', async () => {
    const name = `${databaseOf(former)}_made`;
    const maker = `${name}_maker`;
    await query(former, `create role ${maker} login createrole createdb password 'm'`);
    const asMaker = withRole(former, maker, 'm');
    await query(withDatabase(asMaker, 'postgres'), `create database ${name}`);
    const url = withDatabase(asMaker, name);
    await migrate(url);
    for (const _start of [1, 2]) {
      const made = (await start(url)) as DatabaseUrls;
      await query(made.worker, 'select from operations limit 0');
      await refuses(made.worker, 'select from sessions limit 0');
    }
    for (const suffix of ['', '_kine', '_temporal', '_temporal_visibility'])
      await query(withDatabase(former, 'postgres'), `drop database ${name}${suffix} with (force)`);
  });

  async function columnOf(table: string): Promise<string> {
    const [first] = await query(
      urls.owner,
      `select column_name as name from information_schema.columns where table_name = '${table}' order by ordinal_position limit 1`,
    );
    return `"${String(first?.['name'])}"`;
  }
});
