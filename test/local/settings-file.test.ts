import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { readSettings } from '../../local/settings-file.ts';

describe('the file of npm start -- --config', () => {
  const dir = mkdtempSync(join(tmpdir(), 'vcp-settings-'));
  after(() => rmSync(dir, { recursive: true }));
  const file = join(dir, 'settings.json');
  const read = (text: string) => {
    writeFileSync(file, text);
    return readSettings(file);
  };
  const oidc = { issuerUrl: 'https://login.example.com', clientId: 'vcp', clientSecretFile: 'secret' };

  it('may name files relative to itself', () => {
    writeFileSync(join(dir, 'secret'), 's');
    const settings = {
      logLevel: 'debug',
      publicUrl: 'https://vcp.example.com',
      auth: { passwordDisabled: true, accessKeysPerOwner: 5, oidc },
      tracing: { endpoint: 'http://127.0.0.1:4318', headersFile: 'secret', sampleRatio: 0.5 },
      connections: { max: 10 },
      activity: { intervalSeconds: 5 },
      audit: { preset: 2, file: 'audit.log' },
      metrics: { host: '127.0.0.1', port: 9000 },
      worker: { goneSnapshotDays: 7 },
      controllers: { retry: { firstSeconds: 1, longestSeconds: 2 }, deletionWarningSeconds: 600 },
    };
    assert.deepEqual(read(JSON.stringify(settings)), {
      ...settings,
      auth: { ...settings.auth, oidc: { ...oidc, clientSecretFile: join(dir, 'secret') } },
      audit: { preset: 2, file: join(dir, 'audit.log') },
      tracing: { ...settings.tracing, headersFile: join(dir, 'secret') },
    });
    assert.deepEqual(read('{}'), {});
  });

  const refused: [what: string, text: string, reason: RegExp][] = [
    ['no JSON', '{"auth": s3cret', /settings\.json is not JSON$/],
    ['no object', '[]', /is not valid: /],
    ['an unknown setting', '{"ouath": {}}', /: \/ouath is not a setting here$/],
    [
      'an unknown setting inside',
      '{"auth": {"passwordDisable": "s3cret"}}',
      /: \/auth\/passwordDisable is not a setting here$/,
    ],
    [
      'an unknown setting of a rule',
      '{"audit": {"rules": [{"level": "None", "verb": []}]}}',
      /\/audit\/rules\/0\/verb is not a/,
    ],
    [
      'what the start makes itself',
      '{"databaseUrl": "postgres://u:s3cret@h/d"}',
      /: \/databaseUrl is not a setting here$/,
    ],
    ['a name of every object', '{"toString": 1}', /\/toString is not a setting here/],
    ['a bad value', '{"connections": {"max": "s3cret"}}', /: \/connections\/max must be integer$/],
    [
      'a missing part',
      '{"auth": {"oidc": {"clientId": "a"}}}',
      /\/auth\/oidc must have required properties issuerUrl/,
    ],
    [
      'a receiver that is no URL',
      '{"tracing": {"endpoint": "s3cret:4318"}}',
      /\/tracing\/endpoint must match/,
    ],
    ['no address', '{"publicUrl": "http://vcp.example.com"}', /: \/publicUrl is not an https URL$/],
    [
      'a secret that is not there',
      JSON.stringify({ auth: { oidc: { ...oidc, clientSecretFile: 'nothing' } } }),
      /\/auth\/oidc\/clientSecretFile: file .*\/nothing not found$/,
    ],
  ];
  for (const [what, text, reason] of refused)
    it(`is refused in one line without its values: ${what}`, () => {
      assert.throws(
        () => read(text),
        ({ code, message }: { code: string; message: string }) => {
          assert.equal(code, 'invalid_request');
          assert.match(message, reason);
          assert.doesNotMatch(message, /s3cret|\n/);
          return true;
        },
      );
    });

  it('must be there', () => {
    assert.throws(() => readSettings(join(dir, 'nothing')), { message: /nothing cannot be read$/ });
  });
});
