import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { TSchema } from 'typebox';
import { readConfigFile } from '../../adapters/config-file.ts';
import { ControllersConfig, GatewayConfig, WorkerConfig } from '../../contracts/config.ts';

const dir = mkdtempSync(join(tmpdir(), 'config-file-'));
after(() => rmSync(dir, { recursive: true, force: true }));

const temporal = { address: '127.0.0.1:7233', namespace: 'vcluster-platform' };
const common = { databaseUrl: 'postgres://u:secret@h/d', temporal, managementKubeconfig: '/k' };
const worker = { ...common, helmBinary: '/h', chartsDir: '/c', snapshotsDir: '/s', workDir: '/w' };
const gateway = {
  ...common,
  publicUrl: 'https://vcp.example.com',
  listen: { host: '0.0.0.0', port: 443 },
  tls: { certFile: '/c', keyFile: '/k', caFile: '/a' },
  connect: { host: '127.0.0.1', port: 1, secretFile: '/s' },
};

function messageFor(schema: TSchema, config: unknown): string {
  const path = join(dir, 'config.json');
  writeFileSync(path, typeof config === 'string' ? config : JSON.stringify(config));
  try {
    readConfigFile(schema, ['--config', path]);
    return 'read';
  } catch (error) {
    return (error as Error).message;
  }
}

describe("the configuration of the platform's processes", () => {
  it('is read', () => {
    assert.equal(
      messageFor(ControllersConfig, { ...common, retry: { firstSeconds: 1, longestSeconds: 2 } }),
      'read',
    );
    assert.equal(messageFor(WorkerConfig, { ...worker, charts: ['/a.tgz'] }), 'read');
    assert.equal(messageFor(GatewayConfig, { ...gateway, auth: { passwordDisabled: true } }), 'read');
  });

  const cases: [title: string, schema: TSchema, config: unknown, message: RegExp][] = [
    [
      'of the controllers',
      ControllersConfig,
      { ...common, retries: {} },
      /: \/retries is not a setting here$/,
    ],
    [
      'in a part of it',
      ControllersConfig,
      { ...common, retry: { firstSeconds: 1, longestSeconds: 2, most: 3 } },
      /: \/retry\/most is not a setting here$/,
    ],
    ['of the worker', WorkerConfig, { ...worker, helmbinary: '/x' }, /: \/helmbinary is not a setting here$/],
    [
      'of the connection to Temporal',
      WorkerConfig,
      { ...worker, temporal: { ...temporal, tls: { ca: '/x' } } },
      /: \/temporal\/tls\/ca is not a setting here$/,
    ],
    [
      'of the gateway, whose silence would leave passwords on',
      GatewayConfig,
      { ...gateway, auth: { passwordsDisabled: true } },
      /: \/auth\/passwordsDisabled is not a setting here$/,
    ],
    [
      'beside one that is missing',
      WorkerConfig,
      { ...worker, chartsDir: undefined, chartDir: '/c' },
      /: \/chartDir is not a setting here; \/ must have required properties chartsDir$/,
    ],
  ];
  for (const [title, schema, config, message] of cases)
    it(`a field that it does not have is refused: ${title}`, () => {
      const said = messageFor(schema, config);
      assert.match(said, message);
      assert.doesNotMatch(said, /secret@/);
    });

  it('a file that is not JSON is refused without its text', () => {
    assert.match(
      messageFor(WorkerConfig, '{"databaseUrl": "postgres://u:secret'),
      /config\.json is not JSON$/,
    );
  });
});
