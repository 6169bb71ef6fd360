import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type RawUpstream, startRawUpstream } from './raw-upstream.ts';
import { annaKey, startTestGateway, type TestGateway } from './test-gateway.ts';

/**
 * What an answer out of a cluster could do to our origin, or through a proxy in front of it, by its headers: each is
 * written on a bare socket in several spellings, in an ordinary answer, an error, a refused upgrade and a 101.
 */
const harmful: Record<string, readonly [name: string, value: string][]> = {
  'state of our origin': [
    ['Set-Cookie', '__Host-session=evil; Path=/; Secure'],
    ['Set-Cookie2', 'a=b; Version=1'],
    ['Clear-Site-Data', '"*"'],
    ['Set-Login', 'logged-out'],
    ['Use-As-Dictionary', 'match="/*"'],
    ['Origin-Agent-Cluster', '?1'],
    ['Sec-Session-Registration', '(ES256);path="/evil"'],
    ['Secure-Session-Registration', '(ES256);path="/evil"'],
    ['Secure-Session-Challenge', '"a"'],
    ['Activate-Storage-Access', 'load'],
    ['Accept-CH', 'Sec-CH-UA-Model'],
    ['Critical-CH', 'Sec-CH-UA-Model'],
  ],
  'where and how our origin is reached': [
    ['Strict-Transport-Security', 'max-age=31536000; includeSubDomains; preload'],
    ['Public-Key-Pins', 'pin-sha256="a"; max-age=5184000'],
    ['Expect-CT', 'max-age=1, enforce'],
    ['Alt-Svc', 'h3="evil.example:443"; ma=86400; persist=1'],
    ['Alternate-Protocol', '443:quic'],
  ],
  'reports about our requests': [
    ['NEL', '{"report_to":"e","max_age":86400,"success_fraction":1}'],
    ['Report-To', '{"group":"e","endpoints":[{"url":"https://evil.example"}]}'],
    ['Reporting-Endpoints', 'e="https://evil.example"'],
    ['Content-Security-Policy-Report-Only', "default-src 'none'; report-uri https://evil.example"],
  ],
  'what may run': [
    ['Service-Worker-Allowed', '/'],
    ['Content-Security-Policy', 'sandbox allow-scripts allow-same-origin'],
    ['X-Content-Security-Policy', 'allow *'],
    ['X-WebKit-CSP', 'allow *'],
    ['Origin-Trial', 'token'],
    ['X-Content-Type-Options', 'none'],
  ],
  'requests and moves': [
    ['Refresh', '0; url=https://evil.example'],
    ['Link', '<https://evil.example/a.js>; rel=preload; as=script'],
    ['Link', '<https://evil.example>; rel=preconnect'],
    ['Speculation-Rules', '"/kubernetes/evil.json"'],
    ['Supports-Loading-Mode', 'credentialed-prerender'],
    ['Location', 'https://evil.example/'],
    ['Location', '//evil.example/'],
    ['Location', '/\\evil.example/'],
    ['Location', 'javascript:alert(1)'],
  ],
  'who else may read it': [
    ['Access-Control-Allow-Origin', 'https://evil.example'],
    ['Access-Control-Allow-Origin', '*'],
    ['Access-Control-Allow-Credentials', 'true'],
    ['Access-Control-Allow-Methods', 'DELETE'],
    ['Access-Control-Allow-Headers', 'authorization'],
    ['Access-Control-Expose-Headers', '*'],
    ['Access-Control-Max-Age', '86400'],
    ['Access-Control-Allow-Private-Network', 'true'],
    ['Timing-Allow-Origin', '*'],
    ['Cross-Origin-Resource-Policy', 'cross-origin'],
    ['X-Frame-Options', 'ALLOWALL'],
    ['X-Permitted-Cross-Domain-Policies', 'all'],
    ['Attribution-Reporting-Register-Source', '{}'],
  ],
  'what a proxy in front would do': [
    ['X-Accel-Redirect', '/internal/secret'],
    ['X-Accel-Expires', '31536000'],
    ['X-Sendfile', '/etc/passwd'],
    ['X-Lighttpd-Send-File', '/etc/passwd'],
    ['X-LiteSpeed-Location', '/internal'],
    ['X-Reproxy-URL', 'http://127.0.0.1'],
    ['Surrogate-Control', 'max-age=86400'],
    ['CDN-Cache-Control', 'max-age=86400'],
    ['Cache-Control', 'public, max-age=86400'],
    ['Cache-Control', 's-maxage=86400'],
    ['Keep-Alive', 'timeout=1'],
    ['Proxy-Authenticate', 'Basic realm="evil"'],
    ['X-Request-Id', 'forged'],
  ],
};

const spellings: ((name: string) => string)[] = [
  (name) => name,
  (name) => name.toLowerCase(),
  (name) => name.toUpperCase(),
];

/** Heads of answers that carry one header line; each ends the connection. */
const answers: Record<string, (line: string) => string> = {
  'an answer': (line) => `HTTP/1.1 200 OK\r\n${line}Content-Type: text/html\r\nContent-Length: 2\r\n\r\nok`,
  'a redirect': (line) => `HTTP/1.1 302 Found\r\n${line}Content-Length: 0\r\n\r\n`,
  'a refusal': (line) => `HTTP/1.1 403 Forbidden\r\n${line}Content-Length: 2\r\n\r\nno`,
  'an answer after an early hint': (line) =>
    `HTTP/1.1 103 Early Hints\r\n${line}\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok`,
};
const upgradeAnswers: Record<string, (line: string) => string> = {
  'a refused upgrade': (line) => `HTTP/1.1 404 Not Found\r\n${line}Content-Length: 0\r\n\r\n`,
  'an upgrade': (line) =>
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n${line}\r\n`,
};

describe('response headers from a cluster', { timeout: 300_000 }, () => {
  let upstream: RawUpstream;
  let gateway: TestGateway;
  before(async () => {
    upstream = await startRawUpstream();
    gateway = await startTestGateway({ target: upstream.target });
  });
  after(async () => {
    await gateway?.close();
    await upstream?.close();
    console.log(`answer headers: ${counted} cases, ${deviating} deviations`);
  });

  let counted = 0;
  let deviating = 0;
  const path = '/kubernetes/management/api/v1/namespaces/a/services/evil/proxy/';
  const bearer = `Host: a\r\nAuthorization: Bearer ${annaKey}\r\n`;

  /** Head of the gateway's answer when the upstream answers with `bytes`. */
  async function headOf(bytes: string, isUpgrade: boolean): Promise<string> {
    upstream.behave(({ socket }) => socket.end(bytes, 'latin1'));
    const more = isUpgrade ? 'Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\n' : 'Connection: close\r\n';
    const answer = await gateway.raw(`GET ${path} HTTP/1.1\r\n${bearer}${more}\r\n`, { silenceMs: 15_000 });
    return answer.split('\r\n\r\n', 1)[0] ?? '';
  }

  function check(head: string, name: string, value: string, isSwitched: boolean): void {
    assert.match(head, /^HTTP\/1\.1 (101|200|302|403|404) /);
    const lines = head.split('\r\n').slice(1);
    const values = lines
      .filter((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`))
      .map((line) => line.slice(name.length + 1).trim());
    assert.ok(!values.some((one) => one.includes(value)), `${name}: ${values.join(' | ')}`);
    const cacheable = lines.filter((line) => /^cache-control:.*(public|s-maxage)/i.test(line));
    assert.deepEqual(cacheable, []);
    if (isSwitched) return;
    for (const own of [
      "content-security-policy: sandbox; default-src 'none'; frame-ancestors 'none'",
      'x-content-type-options: nosniff',
      'cross-origin-resource-policy: same-origin',
    ])
      assert.equal(lines.filter((line) => line.toLowerCase() === own).length, 1, own);
  }

  async function deviation(name: string, value: string, answer: string): Promise<string | undefined> {
    const isUpgrade = answer in upgradeAnswers;
    const make = { ...answers, ...upgradeAnswers }[answer] as (line: string) => string;
    try {
      check(await headOf(make(`${name}: ${value}\r\n`), isUpgrade), name, value, answer === 'an upgrade');
      return undefined;
    } catch (error) {
      return `${answer} with ${name}: ${value}: ${(error as Error).message}`;
    }
  }

  for (const [what, headers] of Object.entries(harmful)) {
    it(`have no effect on ${what}`, async () => {
      const found: string[] = [];
      for (const [name, value] of headers) {
        for (const answer of [...Object.keys(answers), ...Object.keys(upgradeAnswers)]) {
          for (const spell of answer === 'an answer' ? spellings : spellings.slice(0, 1)) {
            counted += 1;
            const one = await deviation(spell(name), value, answer);
            if (one !== undefined) found.push(one);
          }
        }
      }
      deviating += found.length;
      assert.deepEqual(found, []);
    });
  }

  it('repeated in one response have no effect either', async () => {
    const lines = 'Set-Cookie: a=1\r\nset-cookie: b=2\r\nLink: a\r\nLINK: b\r\nRefresh: 0\r\nRefresh: 1\r\n';
    const head = await headOf(`HTTP/1.1 200 OK\r\n${lines}Content-Length: 0\r\n\r\n`, false);
    assert.doesNotMatch(head, /set-cookie|link|refresh/i);
  });

  it('that clients need are forwarded', async () => {
    const kept = [
      ['Content-Type', 'application/json'],
      ['Audit-Id', 'x'],
      ['Warning', '299 - "old"'],
      ['X-Kubernetes-Pf-Flowschema-Uid', 'a'],
      ['ETag', '"1"'],
      ['Last-Modified', 'Mon, 23 Nov 2026 01:00:00 GMT'],
      ['Vary', 'Accept'],
      ['Retry-After', '1'],
      ['Content-Disposition', 'attachment'],
      ['X-Of-An-Application', '7'],
    ];
    const lines = kept.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    const head = await headOf(`HTTP/1.1 200 OK\r\n${lines}Content-Length: 0\r\n\r\n`, false);
    for (const [name = '', value] of kept) assert.ok(head.includes(`${name.toLowerCase()}: ${value}`), name);
    const found = 'HTTP/1.1 301 Moved\r\nLocation: /next?a=b\r\nContent-Length: 0\r\n\r\n';
    assert.match(await headOf(found, false), /^location: \/kubernetes\/management\/next\?a=b$/im);
  });

  for (const [given, expected] of [
    ['no-cache, private', 'no-cache, private'],
    ['public, immutable', 'immutable, private'],
    ['max-age=60, s-maxage=60, Public', 'max-age=60, private'],
    ['no-store', 'no-store, private'],
    [undefined, 'private'],
  ]) {
    it(`Cache-Control ${given} becomes ${expected}`, async () => {
      const line = given === undefined ? '' : `Cache-Control: ${given}\r\n`;
      const head = await headOf(`HTTP/1.1 200 OK\r\n${line}Content-Length: 0\r\n\r\n`, false);
      assert.equal(/^cache-control: (.*)$/im.exec(head)?.[1], expected);
    });
  }
});

describe('Sec-Fetch-Dest', () => {
  let upstream: RawUpstream;
  let gateway: TestGateway;
  before(async () => {
    upstream = await startRawUpstream();
    gateway = await startTestGateway({ target: upstream.target });
    upstream.behave(({ socket }) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
  });
  after(async () => {
    await gateway?.close();
    await upstream?.close();
  });
  const get = async (destination: string) => {
    const before = upstream.asked.length;
    const headers = { 'sec-fetch-dest': destination };
    const { status } = await gateway.call('GET', '/kubernetes/management/api', { key: annaKey, headers });
    return { status, asked: upstream.asked.length - before };
  };
  for (const destination of ['script', 'style', 'serviceworker', 'worker', 'iframe', 'object', 'SCRIPT'])
    it(`${destination}: refused before authentication`, async () =>
      assert.deepEqual(await get(destination), { status: 403, asked: 0 }));
  for (const destination of ['empty', 'document', 'image', ''])
    it(`${destination || 'none'}: forwarded`, async () =>
      assert.deepEqual(await get(destination), { status: 200, asked: 1 }));
});
