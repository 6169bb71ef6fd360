import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { acceptsConnections } from '../../local/probes.ts';
import { temporalUi } from '../../local/servers/temporal-ui.ts';
import { waitUntil } from '../../local/wait-until.ts';
import { findProgram } from '../../toolchain/find-program.ts';
import { startChild } from '../support/child.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { startTemporal, type TestTemporal } from '../support/temporal.ts';
import { type EchoUpstream, startEchoUpstream } from './echo-upstream.ts';
import { hashOf, startTestGateway, type TestGateway, testObjects } from './test-gateway.ts';

/** Temporal's own web UI behind the gateway; anna is an administrator, ben is nobody. */
const benKey = 'vcp-ben-key';
const origin = 'https://127.0.0.1';
let postgres: TestPostgres;
let temporal: TestTemporal;
let ui: Awaited<ReturnType<typeof startChild>>;
let upstream: EchoUpstream;
let gateway: TestGateway;
let dir: string;

before(async () => {
  dir = mkdtempSync(join(tmpdir(), 'vcp-temporal-ui-'));
  postgres = await startPostgres();
  temporal = await startTemporal({ databaseUrl: postgres.url });
  const socket = join(dir, 'ui.sock');
  const program = temporalUi({
    binary: findProgram('temporal-ui'),
    socket,
    temporalAddress: temporal.address,
    tls: temporal.tls,
    namespace: temporal.namespace,
    configDir: dir,
  });
  ui = await startChild('temporal-ui', program, join(dir, 'ui.log'));
  await waitUntil('the UI', () => acceptsConnections(socket), { process: ui });
  upstream = await startEchoUpstream();
  const objects = testObjects();
  objects.users.push({ metadata: { name: 'ben' }, spec: { subject: 'ben@example.com' } });
  objects.accessKeys.push({
    metadata: { name: 'ben-key', creationTimestamp: '2020-01-01T00:00:00Z' },
    spec: { user: 'ben', keyHash: hashOf(benKey) },
  });
  gateway = await startTestGateway({
    target: upstream.target,
    objects,
    allows: ({ user }) => user === 'anna@example.com',
    temporalUiUrl: `unix://${socket}`,
  });
});
after(async () => {
  await gateway?.close();
  await upstream?.close();
  await ui?.stop();
  await temporal?.stop();
  await postgres?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const api = '/temporal/api/v1/namespaces';

describe("Temporal's web UI", () => {
  it('is available to administrators of the platform only', async () => {
    for (const path of ['/temporal', '/temporal/', '/temporal/namespaces', api]) {
      assert.equal((await gateway.call('GET', path, { key: '' })).status, 401, path);
      assert.equal((await gateway.call('GET', path, { key: benKey })).status, 403, path);
    }
  });

  it('redirects browsers without a session to the login page, but not programs', async () => {
    const asPage = { key: '', headers: { accept: 'text/html,*/*' } };
    const sent = await gateway.call('GET', '/temporal/namespaces?a=b', asPage);
    assert.equal(sent.status, 303);
    assert.equal(sent.headers['location'], '/login?returnTo=%2Ftemporal%2Fnamespaces%3Fa%3Db');
    assert.equal((await gateway.call('POST', api, asPage)).status, 401);
    const page = await gateway.call('GET', '/login', { key: '' });
    assert.equal(page.status, 200);
    const policy = String(page.headers['content-security-policy']);
    for (const element of ['script', 'style']) {
      const [, text = ''] = new RegExp(`<${element}>([\\s\\S]*?)</${element}>`).exec(page.text) ?? [];
      assert.ok(policy.includes(createHash('sha256').update(text).digest('base64')), `${element}: ${policy}`);
    }
    assert.match(policy, /default-src 'none'.*frame-ancestors 'none'/);
  });

  it('serves its pages and assets below its own path', async () => {
    const page = await gateway.call('GET', '/temporal/namespaces');
    assert.equal(page.status, 200);
    assert.match(page.text, /base: "\/temporal"/);
    const [script = ''] = /\/temporal\/_app\/[\w./-]+\.js/.exec(page.text) ?? [];
    const file = await gateway.call('GET', script);
    assert.equal(file.status, 200, script);
    assert.match(String(file.headers['content-type']), /javascript/);
  });

  it('may run its own scripts and call its own path, and nothing else of this origin', async () => {
    const page = await gateway.call('GET', '/temporal/namespaces');
    const policy = String(page.headers['content-security-policy']);
    const [, script = ''] = /<script>([\s\S]*?)<\/script>/.exec(page.text) ?? [];
    assert.ok(script.length > 0);
    assert.ok(policy.includes(createHash('sha256').update(script).digest('base64')), policy);
    assert.ok(policy.includes(`connect-src ${gateway.url}/temporal/;`), policy);
    assert.doesNotMatch(policy, /script-src[^;]*'unsafe-inline'/);
  });

  it('reaches Temporal', async () => {
    const { status, text } = await gateway.call('GET', api);
    assert.equal(status, 200, text);
    const { namespaces } = JSON.parse(text) as { namespaces: { namespaceInfo: { name: string } }[] };
    assert.ok(namespaces.some(({ namespaceInfo }) => namespaceInfo.name === temporal.namespace));
  });

  it('accepts changes from its own pages only', async () => {
    const path = `${api}/${temporal.namespace}/workflows/none/terminate`;
    const page = await gateway.call('GET', '/temporal/namespaces');
    const [cookie = ''] = String(page.headers['set-cookie']).split(';');
    assert.match(cookie, /^_csrf=/);
    const send = (from: string, headers: Record<string, string>) =>
      gateway.call('POST', path, {
        headers: { origin: from, 'content-type': 'application/json', ...headers },
        body: '{}',
      });
    const token = { cookie: `other=1; ${cookie}`, 'x-csrf-token': cookie.slice('_csrf='.length) };
    assert.equal((await send('https://evil.example', token)).status, 403);
    const program = await send('https://evil.example', {}); // no cookie: Temporal UI's own protection answers
    assert.match(program.text, /csrf/i);
    const own = await send(origin, token);
    assert.equal(own.status, 404, own.text); // Temporal's own answer: there is no such workflow
    assert.match(own.text, /workflow/i);
  });
});
