import pg from 'pg';
import { databaseOf, ensureDatabase, withDatabase, withRole } from './databases.ts';

/** Whose role owns which databases, and who only works on ours. None is a superuser or may make roles. */
const roles = ['owner', 'gateway', 'worker', 'controllers', 'kine', 'temporal'] as const;
export type DatabaseRole = (typeof roles)[number];

/** URL of our database, or of Kine's, for each role. */
export type DatabaseUrls = Record<DatabaseRole, string>;

/** Ours, Kine's and Temporal's two: `<name>`, `<name>_kine`, `<name>_temporal`, `<name>_temporal_visibility`. */
function databasesOf(name: string): [name: string, owner: DatabaseRole, others: DatabaseRole[]][] {
  return [
    [name, 'owner', ['gateway', 'worker', 'controllers']],
    [`${name}_kine`, 'kine', []],
    [`${name}_temporal`, 'temporal', []],
    [`${name}_temporal_visibility`, 'temporal', []],
  ];
}

/** Name in PostgreSQL of the role for the database called `name`. */
export function roleName(name: string, role: DatabaseRole): string {
  return `${name}_${role}`;
}

/**
 * Makes the roles and databases that are missing, and gives what is there (a former version had one role for all) to
 * its owner; repeatable.
 * @param url of our database, as a role that may create roles and databases
 * @param passwordOf each role; it is set again
 * @returns undefined, with nothing changed, if `url`'s role may make no roles
 */
export async function prepareRoles(
  url: string,
  passwordOf: (role: DatabaseRole) => string,
): Promise<DatabaseUrls | undefined> {
  const name = databaseOf(url);
  const isAdmin = await withClient(url, async (client) => {
    const { rows } = await client.query<{ rolsuper: boolean; may: boolean }>(
      'select rolsuper, rolsuper or (rolcreaterole and rolcreatedb) as may from pg_roles where rolname = current_user',
    );
    const [self] = rows;
    if (self?.may !== true) return false;
    for (const role of roles)
      await prepareRole(client, roleName(name, role), passwordOf(role), self.rolsuper);
    return true;
  });
  if (!isAdmin) return undefined;
  const prepare = async ([database, owner, others]: ReturnType<typeof databasesOf>[number]) => {
    const there = withDatabase(url, database);
    await ensureDatabase(url, database, there);
    await withClient(there, (client) =>
      prepareOwner(
        client,
        database,
        roleName(name, owner),
        others.map((role) => roleName(name, role)),
      ),
    );
  };
  const [ours, ...beside] = databasesOf(name) as [ReturnType<typeof databasesOf>[number]];
  await prepare(ours);
  await Promise.all(beside.map(prepare));
  const urlOf = (role: DatabaseRole) => withRole(url, roleName(name, role), passwordOf(role));
  return {
    owner: urlOf('owner'),
    gateway: urlOf('gateway'),
    worker: urlOf('worker'),
    controllers: urlOf('controllers'),
    kine: withDatabase(urlOf('kine'), `${name}_kine`),
    temporal: urlOf('temporal'),
  };
}

async function prepareRole(
  client: pg.Client,
  role: string,
  password: string,
  isSuperuser: boolean,
): Promise<void> {
  const name = client.escapeIdentifier(role);
  const { rowCount } = await client.query('select from pg_roles where rolname = $1', [role]);
  // A role that is not a superuser may not even say that another is not one.
  if (rowCount === 0) await client.query(`create role ${name} nosuperuser nocreatedb nocreaterole`);
  await client.query(`alter role ${name} login password ${client.escapeLiteral(password)}`);
  // A role that is not a superuser can assign ownership only to roles that it is a member of.
  if (!isSuperuser) await client.query(`grant ${name} to current_user`);
}

/**
 * Objects of the database that have another owner, but those that follow a table or belong to an extension. Schemas
 * first: who takes a table must be able to make one there.
 */
const foreignOwned = `
  select statement from (
    select 1 as turn, format('alter schema %I owner to %I', n.nspname, $1::text) as statement from pg_namespace n
      where n.nspname !~ '^(pg_|information_schema|public$)' and n.nspowner <> (select oid from pg_roles where rolname = $1::text)
    union all
    select 2, format('alter table %s owner to %I', c.oid::regclass, $1::text)
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p', 'v', 'm', 'S') and n.nspname !~ '^(pg_|information_schema)'
        and c.relowner <> (select oid from pg_roles where rolname = $1::text)
        and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid
          and (d.deptype = 'e' or (c.relkind = 'S' and d.deptype in ('a', 'i'))))
    union all
    select 2, format('alter routine %s owner to %I', p.oid::regprocedure, $1::text)
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      where n.nspname !~ '^(pg_|information_schema)' and p.proowner <> (select oid from pg_roles where rolname = $1::text)
        and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
  ) found order by turn`;

async function prepareOwner(
  client: pg.Client,
  database: string,
  owner: string,
  others: readonly string[],
): Promise<void> {
  const [name, ownerName] = [client.escapeIdentifier(database), client.escapeIdentifier(owner)];
  await client.query(`alter database ${name} owner to ${ownerName}`);
  await client.query(`revoke all on database ${name} from public`);
  for (const other of others)
    await client.query(`grant connect on database ${name} to ${client.escapeIdentifier(other)}`);
  const { rows } = await client.query<{ statement: string }>(foreignOwned, [owner]);
  for (const { statement } of rows) await client.query(statement);
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
