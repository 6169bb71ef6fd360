import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { withDatabase } from '../../local/databases.ts';
import { postgresSuperuser } from '../../local/postgres-cluster.ts';
import type { TestPlatform } from '../support/platform.ts';

/** Written in one transaction: Kine waits for the ids between those that it sees. */
const batch = 500;
const database = 'vcluster_platform';
/** Of the name, so that all are as long as that of their model: RBAC objects are stored with lengths. */
const digits = 5;
/** Where they say that they are: nothing is looked for in a cluster that is not connected. */
const cluster = 'elsewhere';

/** Name of the sleeper with this number. */
export function sleeperName(index: number): string {
  return `sleeper-${String(index).padStart(digits, '0')}`;
}

/** Which model the sleeper with this number is a copy of. */
type ModelOf = (index: number) => string;

/**
 * Copies tenant clusters that the platform made and put to sleep, in the stores: the resource with all that the platform wrote
 * in it, its roles and bindings, its rows. Each copy has a name and a uid of its own; only its host namespace is not there.
 * @param numbers of the copies
 */
export async function seedSleepers(
  platform: Pick<TestPlatform, 'stateDir'>,
  numbers: readonly number[],
  modelOf: ModelOf,
): Promise<void> {
  const server = serverUrl(platform.stateDir);
  const kine = new pg.Client({ connectionString: withDatabase(server, `${database}_kine`) });
  const ours = new pg.Client({ connectionString: withDatabase(server, database) });
  await Promise.all([kine.connect(), ours.connect()]);
  try {
    for (let from = 0; from < numbers.length; from += batch) {
      const copies = numbers.slice(from, from + batch).map((index) => ({
        model: modelOf(index),
        name: sleeperName(index),
        uid: crypto.randomUUID(),
      }));
      await copyRows(ours, copies);
      await copyResources(kine, copies);
    }
    await Promise.all([kine.query('analyze'), ours.query('analyze')]);
  } finally {
    await Promise.all([kine.end(), ours.end()]);
  }
}

interface Copy {
  readonly model: string;
  readonly name: string;
  readonly uid: string;
}

async function copyResources(client: pg.Client, copies: readonly Copy[]): Promise<void> {
  await client.query(
    `with latest as (
       select distinct on (name) * from kine
       where name like '/registry/%' and name ~ $2 order by name, id desc)
     insert into kine (name, created, deleted, create_revision, prev_revision, lease, value, old_value)
     select replace(m.name, c.model, c.name), 1, 0, 0, 0, 0,
       case when m.name like '/registry/management.loft.sh/%' then
         convert_to(jsonb_set(jsonb_set(
           replace(convert_from(m.value, 'UTF8'), c.model, c.name)::jsonb,
           '{metadata,uid}', to_jsonb(c.uid)), '{status,clusterRef,cluster}', to_jsonb($3::text))::text, 'UTF8')
       else decode(replace(encode(m.value, 'hex'), encode(c.model::bytea, 'hex'), encode(c.name::bytea, 'hex')), 'hex')
       end, null
     from jsonb_to_recordset($1::jsonb) as c(model text, name text, uid text)
     join latest m on m.deleted = 0 and position(c.model in m.name) > 0
     order by c.name, m.name`,
    [JSON.stringify(copies), [...new Set(copies.map(({ model }) => model))].join('|'), cluster],
  );
}

/** Their histories: so many operations as the model had. */
async function copyRows(client: pg.Client, copies: readonly Copy[]): Promise<void> {
  const changed = {
    instances: `jsonb_build_object('name', c.name, 'uid', c.uid, 'cluster', '${cluster}')`,
    operations: `jsonb_build_object('name', c.name, 'uid', c.uid, 'cluster', '${cluster}', 'id', gen_random_uuid(),
      'sequence', nextval(pg_get_serial_sequence('operations', 'sequence')))`,
  };
  for (const [table, values] of Object.entries(changed))
    await client.query(
      `insert into ${table} select (jsonb_populate_record(null::${table}, to_jsonb(m) || ${values})).*
       from jsonb_to_recordset($1::jsonb) as c(model text, name text, uid text) join ${table} m on m.name = c.model`,
      [JSON.stringify(copies)],
    );
}

function serverUrl(stateDir: string): string {
  const { postgres } = JSON.parse(readFileSync(join(stateDir, 'ports.json'), 'utf8')) as { postgres: number };
  const password = readFileSync(join(stateDir, 'secrets', 'postgres-password'), 'utf8');
  return `postgres://${postgresSuperuser}:${password}@127.0.0.1:${postgres}/postgres`;
}
