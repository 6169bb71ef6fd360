import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { maxHeadBytes } from '../../api/http/head-limits.ts';
import { type Echo, type EchoUpstream, startEchoUpstream } from './echo-upstream.ts';
import { spdy } from './identity-case.ts';
import { annaKey, hashOf, startTestGateway, type TestGateway, testObjects } from './test-gateway.ts';

/** How long heads may be, what names they may hold, and what is answered to those that are refused. */
let upstream: EchoUpstream;
let gateway: TestGateway;
const path = '/kubernetes/management/api/v1/namespaces';

before(async () => {
  upstream = await startEchoUpstream();
  const objects = testObjects();
  const spec = { subject: 'büro@example.com', groups: ['Entwickler-Köln', '開発, 部門', 'x'.repeat(250)] };
  const many = Array.from({ length: 200 }, (_one, index) => `${'g'.repeat(250)}-${index}`);
  for (const [name, user] of Object.entries({ buero: spec, many: { groups: many } })) {
    objects.users.push({ metadata: { name }, spec: user });
    objects.accessKeys.push({ metadata: { name }, spec: { user: name, keyHash: hashOf(`key-${name}`) } });
  }
  const broken: Record<string, object> = {
    lone: { groups: ['a\ud800'] },
    nfd: { groups: ['Ko\u0308ln'] },
    bidi: { subject: 'a\u202eb' },
    alike: { groups: ['\u0455ystem:masters'] },
  };
  for (const [name, user] of Object.entries(broken)) {
    objects.users.push({ metadata: { name }, spec: user });
    objects.accessKeys.push({ metadata: { name }, spec: { user: name, keyHash: hashOf(`key-${name}`) } });
  }
  gateway = await startTestGateway({ target: upstream.target, objects });
});
after(async () => {
  await gateway?.close();
  await upstream?.close();
});

interface Refusal {
  kind: string;
  reason: string;
  code: number;
  message: string;
}

/** What comes back until the gateway closes the connection, which the whole request has been written to. */
async function answerTo(request: string | Buffer): Promise<string> {
  const socket = await gateway.socket();
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
  const written = new Promise<void>((resolve, reject) => {
    socket.write(request, (error) => (error ? reject(error) : resolve()));
  });
  await Promise.all([written, once(socket, 'end')]);
  socket.destroy();
  return text;
}

const statusIn = (answer: string) => JSON.parse(answer.split('\r\n\r\n')[1] ?? '') as Refusal;
const requestWith = (url: string, lines: string[] = []) =>
  [`GET ${url} HTTP/1.1`, 'Host: a', `Authorization: Bearer ${annaKey}`, 'Connection: close', ...lines].join(
    '\r\n',
  ) + '\r\n\r\n';
const namesIn = ({ rawHeaders }: Echo, header: string) =>
  rawHeaders
    .filter((_value, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === header)
    .map((value) => Buffer.from(value, 'latin1').toString('utf8'));

describe('the head of a request', () => {
  for (const kilobytes of [15, 21, 64, 120])
    it(`may have ${kilobytes} kB: a selector arrives byte for byte`, async () => {
      const query = `?labelSelector=${'a'.repeat(kilobytes * 1000)}`;
      assert.equal((await gateway.call('GET', `${path}${query}`)).status, 200);
      assert.equal(upstream.received.at(-1)?.url, `/api/v1/namespaces${query}`);
    });

  for (const [what, request] of [
    ['a URL that is too long', () => requestWith(`${path}?labelSelector=${'a'.repeat(maxHeadBytes)}`)],
    ['a URL of 5 MB', () => requestWith(`${path}?labelSelector=${'a'.repeat(5_000_000)}`)],
    ['a header that is too long', () => requestWith(path, [`X-Long: ${'a'.repeat(maxHeadBytes)}`])],
    ['an upgrade with one', () => requestWith(path, [...spdy, `X-Long: ${'a'.repeat(maxHeadBytes)}`])],
    [
      '1,000 headers',
      () =>
        requestWith(
          path,
          Array.from({ length: 1000 }, (_one, n) => `X-${n}: a`),
        ),
    ],
    [
      'whom to act as behind 1,000 others',
      () => requestWith(path, [...Array.from({ length: 1000 }, () => 'X-A: a'), 'Impersonate-User: bob']),
    ],
  ] as const)
    it(`is refused with a Status that says so: ${what}`, async () => {
      const before = upstream.received.length;
      const answer = await answerTo(request());
      assert.match(answer, /^HTTP\/1\.1 431 /);
      const { kind, code, message } = statusIn(answer);
      assert.deepEqual([kind, code], ['Status', 431]);
      assert.match(message, /128 KiB/);
      assert.equal(upstream.received.length, before);
    });

  it('is refused with a Status if it is not HTTP', async () => {
    for (const request of [
      '\x16\x03\x01 nonsense\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: a\r\nA\x01B: c\r\n\r\n',
    ]) {
      const answer = await answerTo(request);
      assert.match(answer, /^HTTP\/1\.1 400 /);
      assert.equal(statusIn(answer).reason, 'BadRequest');
    }
  });

  it('goes on with 200 groups of 250 characters', async () => {
    assert.equal((await gateway.call('GET', path, { key: 'key-many' })).status, 200);
    assert.equal(namesIn(upstream.received.at(-1) as Echo, 'impersonate-group').length, 202);
  });

  it('may hold an ID token of 64 kB', async () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const key = `${part({ alg: 'RS256' })}.${part({ groups: 'g'.repeat(48_000) })}.c2ln`;
    const { status, text } = await gateway.call('GET', path, { key });
    assert.equal(status, 401);
    assert.match(text, /access key not found/); // read to its end: there is no provider in this test
  });
});

describe('the head of an answer', () => {
  it('may have 100 kB; more is refused with the reason', async () => {
    upstream.server.prependListener('request', (request, response) => {
      const [, bytes] = /answerHead=(\d+)/.exec(request.url ?? '') ?? [];
      if (bytes !== undefined) response.setHeader('x-long', 'a'.repeat(Number(bytes)));
    });
    const { status, headers } = await gateway.call('GET', `${path}?answerHead=100000`);
    assert.deepEqual([status, headers['x-long']?.length], [200, 100_000]);
    const refused = await gateway.call('GET', `${path}?answerHead=200000`);
    assert.equal(refused.status, 503);
    assert.match(refused.text, /the answer has more than 128 KiB of headers/);
  });
});

describe('401 on a Kubernetes path', () => {
  it('says Unauthorized, of a request and of an upgrade', async () => {
    const plain = await gateway.call('GET', path, { key: 'unknown' });
    const upgrade = await answerTo(requestWith(path, spdy).replace(annaKey, 'unknown'));
    for (const status of [JSON.parse(plain.text) as Refusal, statusIn(upgrade)]) {
      assert.deepEqual([status.code, status.reason], [401, 'Unauthorized']);
      assert.match(status.message, /^Unauthorized: .*key not found/);
    }
  });
});

describe('names of any language', () => {
  it('reach the API as UTF-8, in requests and upgrades', async () => {
    const upgrade = requestWith(`${path}/a/exec`, spdy).replace(annaKey, 'key-buero');
    assert.equal((await gateway.call('GET', path, { key: 'key-buero' })).status, 200);
    assert.match(await gateway.raw(upgrade, { silenceMs: 200 }), /^HTTP\/1\.1 101 /);
    for (const echo of upstream.received.slice(-2)) {
      assert.deepEqual(namesIn(echo, 'impersonate-user'), ['büro@example.com']);
      assert.deepEqual(namesIn(echo, 'impersonate-group').slice(0, 2), ['Entwickler-Köln', '開発, 部門']);
    }
  });

  it('can be acted as, and the original user goes along', async () => {
    const bytes = (text: string) => Buffer.from(text, 'utf8').toString('latin1');
    const headers = { 'impersonate-user': bytes('jörg'), 'impersonate-group': bytes('Müller & Söhne') };
    assert.equal((await gateway.call('GET', path, { key: 'key-buero', headers })).status, 200);
    const echo = upstream.received.at(-1) as Echo;
    assert.deepEqual(namesIn(echo, 'impersonate-user'), ['jörg']);
    assert.deepEqual(namesIn(echo, 'impersonate-group'), ['Müller & Söhne', 'system:authenticated']);
    const original = 'impersonate-extra-vcluster-platform.io%2foriginal-user';
    assert.deepEqual(namesIn(echo, original), ['büro@example.com']);
  });

  it('are refused, with the reason, where they could be taken for others', async () => {
    for (const [name, why] of Object.entries({
      lone: /cannot be read/,
      nfd: /NFC/,
      bidi: /no one sees \(U\+202E\)/,
      alike: /looks like the reserved/,
    })) {
      const before = upstream.received.length;
      const { status, text } = await gateway.call('GET', path, { key: `key-${name}` });
      assert.equal(status, 403, name);
      assert.match(text, why);
      assert.equal(upstream.received.length, before);
    }
    for (const value of [
      '\xff',
      'j\xf6rg',
      '\xc3\xb6 ',
      '\xef\xbb\xbfanna',
      '\xd1\x95ystem:masters',
      '\xed\xa0\x80',
    ]) {
      const text = await answerTo(
        Buffer.from(
          requestWith(path, [`Impersonate-User: ${value.trim()}${value.endsWith(' ') ? '\xc2\xa0' : ''}`]),
          'latin1',
        ),
      );
      assert.match(text, /^HTTP\/1\.1 400 /, JSON.stringify(value));
    }
  });
});
