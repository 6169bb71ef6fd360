import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import pg from 'pg';
import { temporalConnection } from '../../adapters/temporal-connection.ts';
import { temporalNamespace } from '../../contracts/names.ts';
import { administratorDatabaseUrl, readWorkerConfig } from '../support/worker-config.ts';
import type { TestPlatform } from '../support/platform.ts';
import { sharedPlatform } from '../support/shared-platform.ts';

const grep = promisify(execFile);

/** Secrets planted in values, parameters and keys, and those the platform makes, stay out of everything that is kept or shown. */
describe('secrets', { timeout: 1_200_000 }, () => {
  let platform: TestPlatform;
  const canary = `canary-${randomBytes(12).toString('hex')}`;
  const spoiled = `canary-${randomBytes(12).toString('hex')}`;
  const answers: string[] = [];
  before(async () => {
    platform = await sharedPlatform();
    const values = (secret: string, more = '') =>
      `apiServer:\n  extraEnv:\n    - name: UPSTREAM_PASSWORD\n      value: ${secret}\n${more}`;
    const inline = (text: string) => ({
      template: { helmRelease: { chart: { name: 'tenant-control-plane' }, values: text } },
    });
    await platform.apply('planted', inline(values(canary)));
    await platform.apply('spoiled', inline(values(spoiled, `nonsense: ${spoiled}\n`)));
    for (const name of ['planted', 'spoiled']) {
      const { id } = await platform.first(name, 'create');
      answers.push(JSON.stringify(await platform.ended(id)));
    }
    const snapshot = await platform.ended(
      (await platform.submit('planted', { type: 'snapshot', parameters: { snapshot: 'kept' } })).id,
    );
    answers.push(JSON.stringify(snapshot));
    answers.push((await platform.call('GET', '/api/v1/operations/none', undefined, { key: canary })).text);
    await platform.ended((await platform.submit('planted', { type: 'sleep' })).id);
  });

  /** Everything that must appear nowhere: planted canaries and the platform's own. */
  const secrets = () => [
    canary,
    spoiled,
    platform.admin().accessKey,
    platform.admin().password,
    'BEGIN EC PRIVATE KEY',
    'BEGIN PRIVATE KEY',
  ];

  const findIn = (text: string) =>
    secrets()
      .filter((secret) => text.includes(secret))
      .map((secret) => secret.slice(0, 12));

  test('are in no Temporal history', async () => {
    const config = readWorkerConfig(platform.stateDir);
    const connection = await Connection.connect(temporalConnection(config.temporal));
    const client = new Client({ connection, namespace: temporalNamespace });
    let histories = 0;
    for await (const execution of client.workflow.list()) {
      const history = await client.workflow.getHandle(execution.workflowId, execution.runId).fetchHistory();
      const json = JSON.stringify(historyToJSON(history));
      const payloads = [...json.matchAll(/"data":\s*"([A-Za-z0-9+/=]+)"/g)].map((match) =>
        Buffer.from(match[1] ?? '', 'base64').toString(),
      );
      assert.deepEqual(findIn(json + payloads.join('\n')), [], execution.workflowId);
      histories++;
    }
    await connection.close();
    assert.ok(histories >= 3, `${histories} histories`);
  });

  test('are in no row of the platform’s database', async () => {
    const client = new pg.Client({ connectionString: administratorDatabaseUrl(platform.stateDir) });
    await client.connect();
    const tables = await client.query<{ name: string }>(
      "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')",
    );
    for (const { name } of tables.rows) {
      const rows = await client.query<{ row: string }>(`select t::text as row from ${name} t`);
      assert.deepEqual(findIn(rows.rows.map((each) => each.row).join('\n')), [], name);
    }
    assert.ok(tables.rows.length >= 3);
    await client.end();
  });

  test('are in no log', async () => {
    for (const secret of secrets()) {
      const found = await grep('grep', ['-rlF', '--', secret, join(platform.stateDir, 'logs')]).then(
        ({ stdout }) => stdout,
        () => '',
      );
      assert.equal(found, '', secret.slice(0, 12));
    }
    assert.deepEqual(findIn(platform.output()), []);
  });

  test('are in no response and no error', async () => {
    assert.ok(answers.length >= 4);
    assert.deepEqual(findIn(answers.join('\n')), []);
    assert.ok(
      answers.some((answer) => answer.includes('"failed"')),
      'the spoiled values should have failed',
    );
    const status = await platform.call(
      'GET',
      '/kubernetes/management/apis/management.loft.sh/v1/namespaces/p-default/virtualclusterinstances/spoiled',
    );
    assert.deepEqual(findIn(JSON.stringify(status.json<{ status: unknown }>().status)), []);
  });
});
