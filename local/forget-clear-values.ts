import { join } from 'node:path';
import pg from 'pg';
import type { PlatformContext } from './platform-context.ts';
import { runCommand } from '../adapters/processes/run-command.ts';
import { etcdEndpoint } from './servers/etcd.ts';

/** What the API server puts before every value that it sealed. */
const sealedMark = 'k8s:enc:';

/**
 * Takes values in clear out of Kine's table that were replaced: it keeps a thousand revisions, and in each row also
 * the value before. The rows stay, Kine counts on them; then the table is written again, without the dead ones.
 * @param prefixes of keys, as `/registry/secrets/`
 */
export async function forgetInKine(databaseUrl: string, prefixes: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5000 });
  await client.connect();
  try {
    const isClear = (column: string) =>
      `${column} is not null and substring(${column} from 1 for ${sealedMark.length}) <> $2::bytea`;
    const values = [prefixes.map((prefix) => `${prefix}%`), Buffer.from(sealedMark)];
    await client.query(
      `update kine set old_value = null where name like any($1) and ${isClear('old_value')}`,
      values,
    );
    await client.query(
      `update kine k set value = null where name like any($1) and ${isClear('value')}
        and (deleted <> 0 or exists (select 1 from kine n where n.name = k.name and n.id > k.id))`,
      values,
    );
    await client.query('vacuum full kine');
  } finally {
    await client.end();
  }
}

/** Takes everything before `revision` out of the embedded cluster's etcd, and out of its file. */
export async function forgetInEtcd({ state, toolchain }: PlatformContext, revision: string): Promise<void> {
  const endpoint = `--endpoints=${etcdEndpoint({ socketDir: state.localSocketDir })}`;
  const logFile = join(state.logsDir, 'local-etcd.log');
  const etcdctl = (...args: string[]) =>
    runCommand('etcdctl', { binary: toolchain.etcdctl, args: [endpoint, ...args] }, logFile);
  await etcdctl('compaction', '--physical', revision);
  await etcdctl('defrag');
}
