import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { brotliDecompressSync } from 'node:zlib';
import { request } from 'undici';
import { buildConsole } from '../../local/console.ts';
import { type EchoUpstream, startEchoUpstream } from './echo-upstream.ts';
import { startTestGateway, type TestGateway } from './test-gateway.ts';

let upstream: EchoUpstream;
let gateway: TestGateway;
const logsDir = mkdtempSync(join(tmpdir(), 'vcp-console-'));

before(async () => {
  upstream = await startEchoUpstream();
  const consoleDir = await buildConsole(logsDir, (line) => console.error(line));
  gateway = await startTestGateway({ target: upstream.target, consoleDir });
});
after(async () => {
  await gateway?.close();
  await upstream?.close();
  rmSync(logsDir, { recursive: true, force: true });
});

const get = (path: string, headers: Record<string, string> = {}) =>
  gateway.call('GET', path, { key: '', headers });
const page = async () => (await get('/console/')).text;
const assetsOf = (html: string) =>
  [...html.matchAll(/(?:src|href)="(\/console\/assets\/[^"]+)"/g)].map(([, asset]) => asset ?? '');

it('/ leads to the console, and each address below it is its page', async () => {
  for (const path of ['/', '/console']) {
    const answer = await get(path);
    assert.deepEqual([answer.status, answer.headers['location']], [302, '/console/'], path);
  }
  for (const path of ['/console/', '/console/projects/default/tenant-clusters/a', '/console/nothing?x=1']) {
    const answer = await get(path);
    assert.equal(answer.status, 200, path);
    assert.match(answer.text, /<div id="root">/);
    assert.equal(answer.headers['cache-control'], 'no-store');
  }
});

it('its policy allows scripts and styles of its own files only, and each page has a nonce of its own', async () => {
  const [one, other] = [await get('/console/'), await get('/console/')];
  const policy = String(one.headers['content-security-policy']);
  const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? assert.fail(policy);
  const assets = `https://127.0.0.1:${gateway.port}/console/assets/`;
  assert.match(policy, /^default-src 'none'; /);
  assert.ok(policy.includes(`script-src ${assets};`), policy);
  assert.ok(!policy.includes('unsafe-inline') && !policy.includes('unsafe-eval'), policy);
  assert.ok(one.text.includes(`content="${nonce}"`), one.text);
  assert.ok(!other.text.includes(nonce));
  assert.ok(!/<script(?![^>]*src=)/.test(one.text), 'a script stands in the page itself');
});

it('its files are compressed, stay in the cache of browsers, and there are no others', async () => {
  const assets = assetsOf(await page());
  assert.ok(assets.length >= 2, 'the page has no script and no style');
  for (const asset of assets) {
    const whole = await get(asset);
    assert.equal(whole.status, 200, asset);
    assert.equal(whole.headers['cache-control'], 'public, max-age=31536000, immutable');
    const packed = await request(`${gateway.url}${asset}`, {
      dispatcher: gateway.dispatcher,
      headers: { 'accept-encoding': 'br' },
    });
    const bytes = Buffer.from(await packed.body.arrayBuffer());
    // What is tiny is smaller as it is.
    const isPacked = packed.headers['content-encoding'] === 'br';
    assert.equal(isPacked, whole.text.length >= 1_024, asset);
    assert.equal((isPacked ? brotliDecompressSync(bytes) : bytes).toString(), whole.text);
  }
  assert.equal((await get('/console/assets/..%2findex.html')).status, 400);
  for (const path of ['nothing.js', '.vite'])
    assert.equal((await get(`/console/assets/${path}`)).status, 404, path);
});

it('the first view needs at most 300 KiB', async () => {
  let bytes = 0;
  for (const asset of assetsOf(await page())) {
    const packed = await request(`${gateway.url}${asset}`, {
      dispatcher: gateway.dispatcher,
      headers: { 'accept-encoding': 'br' },
    });
    bytes += (await packed.body.arrayBuffer()).byteLength;
  }
  assert.ok(bytes > 50_000 && bytes < 300 * 1024, `${bytes} bytes`);
});
