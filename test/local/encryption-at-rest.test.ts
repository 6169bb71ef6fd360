import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import pg from 'pg';
import { type ClusterClient, connectCluster } from '../../adapters/kubernetes/client.ts';
import { managementResources } from '../../adapters/kubernetes/resources.ts';
import { applyManagementResources } from '../../local/bootstrap/management-resources.ts';
import { openEncryption } from '../../local/encryption-at-rest.ts';
import { startDatabase } from '../../local/start-database.ts';
import { openManagement, sealManagement, startManagement } from '../../local/start-management.ts';
import { stopOrder } from '../../local/stop-order.ts';
import { newStateDir, run } from '../support/platform.ts';
import { openTestContext } from '../support/platform-context.ts';

describe('the management API encrypts its storage', () => {
  const stateDir = newStateDir();
  const keysFile = join(stateDir, 'secrets', 'management-encryption-keys');
  const canary = `canary-${randomBytes(12).toString('hex')}`;
  let stop = async (): Promise<void> => undefined;
  after(async () => {
    await stop();
    rmSync(stateDir, { recursive: true, force: true });
  });

  /** PostgreSQL, Kine and the API server; `sealed: false` as a former version started them. */
  async function start(sealed: boolean) {
    const told: string[] = [];
    const context = await openTestContext(stateDir, (line) => told.push(line));
    await stop();
    stop = () => context.supervisor.stopAll(stopOrder);
    const { kine } = await startDatabase(context, undefined);
    const management = await openManagement(context);
    const clear = { args: [], file: { path: join(stateDir, 'none'), content: '' } };
    const { cluster } = management;
    const asBefore = {
      ...management,
      cluster: { ...cluster, encryption: { ...cluster.encryption, ...clear } },
    };
    await startManagement(context, sealed ? management : asBefore, kine);
    const client = connectCluster(cluster.adminKubeconfig);
    await applyManagementResources(client);
    if (sealed) await sealManagement(context, management, kine);
    return { client, told, kine };
  }

  const rows = async (kine: string, condition: string, value: string): Promise<string[]> => {
    const client = new pg.Client({ connectionString: kine });
    await client.connect();
    try {
      const found = await client.query<{ name: string }>(`select name from kine where ${condition}`, [value]);
      return found.rows.map(({ name }) => name);
    } finally {
      await client.end();
    }
  };
  const holding = (kine: string, text: string) =>
    rows(
      kine,
      `position(convert_to($1, 'UTF8') in coalesce(value, '') || coalesce(old_value, '')) > 0`,
      text,
    );

  async function plant({ core, kubeConfig }: ClusterClient, text: string): Promise<void> {
    const namespace = 'default';
    const body = { metadata: { name: 'planted' }, stringData: { password: `first-${text}` } };
    await core.createNamespacedSecret({ namespace, body });
    const second = { ...body, stringData: { password: text } };
    await core.replaceNamespacedSecret({ name: 'planted', namespace, body: second });
    await core.createNamespacedSecret({ namespace, body: { ...body, metadata: { name: 'gone' } } });
    await core.deleteNamespacedSecret({ name: 'gone', namespace });
    await managementResources({ kubeConfig } as ClusterClient).virtualclustertemplates.create({
      metadata: { name: 'planted' },
      spec: { template: { helmRelease: { values: `password: ${text}` } } },
    });
  }
  const read = async ({ core }: ClusterClient) => {
    const { data } = await core.readNamespacedSecret({ name: 'planted', namespace: 'default' });
    return Buffer.from(data?.['password'] ?? '', 'base64').toString();
  };

  test('data stored in clear by an earlier version are read, sealed once and erased', async () => {
    const former = await start(false);
    await plant(former.client, canary);
    assert.ok((await holding(former.kine, canary)).length >= 5, 'it lay there in clear');
    await stop();
    rmSync(keysFile);
    rmSync(join(stateDir, 'management', 'encryption.json'));

    const { client, told, kine } = await start(true);
    assert.equal(await read(client), canary);
    assert.deepEqual(await holding(kine, canary), []);
    assert.match(told.join('\n'), /management: all \d+ objects with secrets are sealed with key key-1/);
    await stop();
    const found = await run('grep', ['-rlaF', canary, join(stateDir, 'postgres', 'data', 'base')]);
    assert.equal(found.stdout, '');
  });

  test('new data are sealed; a new first key seals everything again, and the old key can be removed', async () => {
    const line = readFileSync(keysFile, 'utf8');
    writeFileSync(keysFile, `key-2 ${randomBytes(32).toString('base64')}\n${line}`);
    const rotated = await start(true);
    assert.match(rotated.told.join('\n'), /sealed with key key-2/);
    await stop();
    writeFileSync(keysFile, readFileSync(keysFile, 'utf8').split('\n')[0] ?? '');
    const { client, told, kine } = await start(true);
    assert.doesNotMatch(told.join('\n'), /sealed/);
    assert.equal(await read(client), canary);
    assert.deepEqual(
      new Set(
        await rows(
          kine,
          `position(convert_to($1, 'UTF8') in value) = 1 and name ~ '/planted$'`,
          'k8s:enc:secretbox:v1:key-2:',
        ),
      ),
      new Set([
        '/registry/secrets/default/planted',
        '/registry/management.loft.sh/virtualclustertemplates/planted',
      ]),
    );
    assert.equal(statSync(keysFile).mode & 0o777, 0o600);
    assert.equal(statSync(join(stateDir, 'management', 'encryption-provider.json')).mode & 0o777, 0o600);
  });

  test('missing or malformed keys are reported before anything starts', () => {
    const options = { keysFile, dir: join(stateDir, 'management'), resources: ['secrets'], isNew: false };
    writeFileSync(keysFile, 'key-1 short\n');
    assert.throws(() => openEncryption(options), {
      code: 'invalid_request',
      message: /line 1 of .* is not a key/,
    });
    rmSync(keysFile);
    assert.throws(() => openEncryption(options), { code: 'invalid_request', message: /is missing/ });
  });
});
