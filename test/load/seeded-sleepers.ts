import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { connectCluster } from '../../adapters/kubernetes/client.ts';
import { managementResources, type Stored } from '../../adapters/kubernetes/resources.ts';
import type { ControllersConfig } from '../../contracts/config.ts';
import { managementApiVersion } from '../../contracts/names.ts';
import type { VirtualClusterInstance } from '../../contracts/resources/virtual-cluster-instance.ts';
import { withDatabase } from '../../local/databases.ts';
import { postgresSuperuser } from '../../local/postgres-cluster.ts';
import type { TestPlatform } from '../support/platform.ts';

/** Written in one transaction: Kine waits for the ids between those that it sees. */
const batch = 500;
const database = 'vcluster_platform';
/** Of the name, so that all are as long as that of their model: RBAC objects are stored with lengths. */
const digits = 5;
/** Where they say that they are: nothing is looked for in a cluster that is not connected. */
const elsewhere = 'elsewhere';

/** Name of the sleeper with this number. */
export function sleeperName(index: number): string {
  return `sleeper-${String(index).padStart(digits, '0')}`;
}

/** About the sleeper with this number: the model that it is a copy of, the connected cluster that it is in, its name. */
type OfSleeper = (index: number) => string;

/**
 * Copies tenant clusters that the platform made and put to sleep, in the stores: the resource with all that the platform wrote
 * in it, its roles and bindings, its rows. Each copy has a name and a uid of its own; only its host namespace is not there.
 * @param numbers of the copies
 * @param nameOf as long as the name of the model
 */
export async function seedSleepers(
  platform: Pick<TestPlatform, 'stateDir'>,
  numbers: readonly number[],
  modelOf: OfSleeper,
  clusterOf: OfSleeper = () => elsewhere,
  nameOf: OfSleeper = sleeperName,
): Promise<void> {
  const models = await readModels(platform.stateDir, new Set(numbers.map(modelOf)));
  const server = serverUrl(platform.stateDir);
  const kine = new pg.Client({ connectionString: withDatabase(server, `${database}_kine`) });
  const ours = new pg.Client({ connectionString: withDatabase(server, database) });
  await Promise.all([kine.connect(), ours.connect()]);
  try {
    for (let from = 0; from < numbers.length; from += batch) {
      const copies = numbers.slice(from, from + batch).map((index) => ({
        model: modelOf(index),
        name: nameOf(index),
        uid: crypto.randomUUID(),
        cluster: clusterOf(index),
      }));
      await copyRows(ours, copies);
      // Together: the controllers give each its roles, and delete those of none.
      await kine.query('begin');
      await copyResources(kine, models, copies);
      await kine.query('commit');
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
  readonly cluster: string;
}

/** In clear: an API server with encryption at rest reads that too. */
async function copyResources(
  client: pg.Client,
  models: ReadonlyMap<string, Stored<VirtualClusterInstance>>,
  copies: readonly Copy[],
): Promise<void> {
  const texts = copies.map(({ model, name, uid, cluster }) => {
    const { metadata, spec, status } = models.get(model) ?? fail(model);
    const { resourceVersion: _version, ...own } = metadata;
    const place = { ...status?.clusterRef, cluster };
    const copy = {
      ...{ apiVersion: managementApiVersion, kind: 'VirtualClusterInstance' },
      ...{ metadata: { ...own, uid }, spec, status: { ...status, clusterRef: place } },
    };
    return JSON.stringify(copy).replaceAll(model, name);
  });
  const keys = copies.map(({ name }) => `${instancesKey}/${name}`);
  await client.query(
    `${insertInto} select key, 1, 0, 0, 0, 0, convert_to(text, 'UTF8'), null
     from unnest($1::text[], $2::text[]) as c(key, text)`,
    [keys, texts],
  );
  await client.query(
    `with latest as (
       select distinct on (name) * from kine
       where (name like '/registry/roles/%' or name like '/registry/rolebindings/%') and name ~ $2
       order by name, id desc)
     ${insertInto} select replace(m.name, c.model, c.name), 1, 0, 0, 0, 0,
       decode(replace(encode(m.value, 'hex'), encode(c.model::bytea, 'hex'), encode(c.name::bytea, 'hex')), 'hex'), null
     from jsonb_to_recordset($1::jsonb) as c(model text, name text)
     join latest m on m.deleted = 0 and position(c.model in m.name) > 0
     on conflict do nothing`,
    [JSON.stringify(copies), [...models.keys()].join('|')],
  );
}

const instancesKey = '/registry/management.loft.sh/virtualclusterinstances/p-default';
const insertInto =
  'insert into kine (name, created, deleted, create_revision, prev_revision, lease, value, old_value)';

function fail(model: string): never {
  throw new Error(`there is no tenant cluster ${model}`);
}

/** As they are stored: the gateway would add what it computes. */
async function readModels(
  stateDir: string,
  names: ReadonlySet<string>,
): Promise<Map<string, Stored<VirtualClusterInstance>>> {
  const config = JSON.parse(
    readFileSync(join(stateDir, 'config', 'controllers.json'), 'utf8'),
  ) as ControllersConfig;
  const client = connectCluster(readFileSync(config.managementKubeconfig, 'utf8'));
  const { virtualclusterinstances } = managementResources(client);
  const found = await virtualclusterinstances.list('p-default');
  return new Map(
    found.filter(({ metadata }) => names.has(metadata.name)).map((one) => [one.metadata.name, one]),
  );
}

/** Their histories: so many operations as the model had. */
async function copyRows(client: pg.Client, copies: readonly Copy[]): Promise<void> {
  const changed = {
    instances: `jsonb_build_object('name', c.name, 'uid', c.uid, 'cluster', c.cluster)`,
    operations: `jsonb_build_object('name', c.name, 'uid', c.uid, 'cluster', c.cluster, 'id', gen_random_uuid(),
      'sequence', nextval(pg_get_serial_sequence('operations', 'sequence')))`,
  };
  for (const [table, values] of Object.entries(changed))
    await client.query(
      `insert into ${table} select (jsonb_populate_record(null::${table}, to_jsonb(m) || ${values})).*
       from jsonb_to_recordset($1::jsonb) as c(model text, name text, uid text, cluster text) join ${table} m on m.name = c.model`,
      [JSON.stringify(copies)],
    );
}

function serverUrl(stateDir: string): string {
  const { postgres } = JSON.parse(readFileSync(join(stateDir, 'ports.json'), 'utf8')) as { postgres: number };
  const password = readFileSync(join(stateDir, 'secrets', 'postgres-password'), 'utf8');
  return `postgres://${postgresSuperuser}:${password}@127.0.0.1:${postgres}/postgres`;
}
