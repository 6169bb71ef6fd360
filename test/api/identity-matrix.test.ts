import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Echo, type EchoUpstream, startEchoUpstream } from './echo-upstream.ts';
import { annaGroups, annaKey, startTestGateway, type TestGateway } from './test-gateway.ts';

/**
 * What arrives at the upstream for headers that try to be somebody else, written on bare sockets because HTTP
 * clients refuse to send many of them. `identity`: it arrives as anna and nobody else; `refused`: an answer
 * of 4xx (or a closed connection) and nothing arrives.
 */
type Expected = 'identity' | 'refused';
const bearer = `Authorization: Bearer ${annaKey}`;
const authenticated = (...lines: string[]) => [bearer, ...lines];

const cases: [name: string, headers: string[], expected: Expected][] = [
  // CVE-2021-31999, CVE-2022-23652, CVE-2026-33805: Connection names headers that the proxy adds itself
  ['Connection names Impersonate-User', authenticated('Connection: Impersonate-User'), 'identity'],
  ['Connection names Impersonate-Group', authenticated('Connection: Impersonate-Group'), 'identity'],
  [
    'Connection names both, lower case',
    authenticated('Connection: impersonate-user, impersonate-group'),
    'identity',
  ],
  [
    'Connection names them in odd case',
    authenticated('Connection: iMpErSoNaTe-UsEr,IMPERSONATE-GROUP'),
    'identity',
  ],
  [
    'Connection in several headers',
    authenticated('Connection: Impersonate-User', 'Connection: Impersonate-Group'),
    'identity',
  ],
  [
    'Connection with tabs',
    authenticated('Connection:\tImpersonate-User\t,\tImpersonate-Group\t'),
    'identity',
  ],
  ['Connection with a trailing comma', authenticated('Connection: Impersonate-User,,'), 'identity'],
  [
    'Connection with close and more',
    authenticated('Connection: close, Impersonate-User, X-Remote-User'),
    'identity',
  ],
  [
    'Connection names Impersonate-Uid',
    authenticated('Connection: Impersonate-Uid, Impersonate-Extra-Scopes'),
    'identity',
  ],
  ['Connection names Authorization', authenticated('Connection: Authorization'), 'identity'],
  ['Connection names Audit-ID', authenticated('Connection: Audit-ID, Impersonate-User'), 'identity'],
  [
    'Connection folded over two lines',
    authenticated('Connection: keep-alive,\r\n Impersonate-User'),
    'refused',
  ],
  [
    'Proxy-Connection names Impersonate-User',
    authenticated('Proxy-Connection: Impersonate-User'),
    'identity',
  ],
  ['Keep-Alive names Impersonate-User', authenticated('Keep-Alive: Impersonate-User'), 'identity'],
  ['Trailer names Impersonate-User', authenticated('Trailer: Impersonate-User'), 'identity'],
  // CVE-2021-36776, OCM cluster-proxy: the client's own impersonation headers
  ['Impersonate-User', authenticated('Impersonate-User: system:admin'), 'identity'],
  ['impersonate-user', authenticated('impersonate-user: system:admin'), 'identity'],
  ['IMPERSONATE-USER', authenticated('IMPERSONATE-USER: system:admin'), 'identity'],
  ['Impersonate_User', authenticated('Impersonate_User: system:admin'), 'identity'],
  ['Impersonate-User twice', authenticated('Impersonate-User: a', 'Impersonate-User: b'), 'identity'],
  ['Impersonate-User, empty', authenticated('Impersonate-User:'), 'identity'],
  ['Impersonate-Group: system:masters', authenticated('Impersonate-Group: system:masters'), 'identity'],
  [
    'Impersonate-Group in two spellings',
    authenticated('Impersonate-Group: system:masters', 'impersonate-GROUP: admins'),
    'identity',
  ],
  ['Impersonate-Uid', authenticated('Impersonate-Uid: 0'), 'identity'],
  ['Impersonate-Extra-Scopes', authenticated('Impersonate-Extra-Scopes: all'), 'identity'],
  ['Impersonate-Extra-%2F', authenticated('Impersonate-Extra-%2F: all'), 'identity'],
  ['Impersonate-Joined-Group', authenticated('Impersonate-Joined-Group: system:masters'), 'identity'],
  ['Impersonate with a space before the colon', authenticated('Impersonate-User : system:admin'), 'refused'],
  [
    'Impersonate on a folded line',
    authenticated('X-Nothing: a\r\n\tImpersonate-User: system:admin'),
    'refused',
  ],
  ['Impersonate behind a bare CR', authenticated('X-Nothing: a\rImpersonate-User: system:admin'), 'refused'],
  ['Impersonate behind a NUL', authenticated('X-Nothing: a\0Impersonate-User: system:admin'), 'refused'],
  // Front-proxy headers
  [
    'X-Remote-User',
    authenticated('X-Remote-User: system:admin', 'X-Remote-Group: system:masters'),
    'identity',
  ],
  [
    'X-Remote-Extra-Scopes',
    authenticated('x-remote-extra-scopes: all', 'X_Remote_User: system:admin'),
    'identity',
  ],
  [
    'X-Forwarded-*',
    authenticated(
      'X-Forwarded-For: 1.2.3.4',
      'X-Forwarded-User: admin',
      'X-Forwarded-Client-Cert: a',
      'Forwarded: for=1.2.3.4',
    ),
    'identity',
  ],
  ['Cookie', authenticated('Cookie: loft_impersonate_subject=admin', 'Cookie2: a'), 'identity'],
  ['Proxy-Authorization', authenticated('Proxy-Authorization: Basic d29ya2VyOng='), 'identity'],
  // Credentials
  ['no key', [], 'refused'],
  ['two Authorization headers', authenticated('Authorization: Bearer other'), 'refused'],
  ['two equal Authorization headers', authenticated(bearer), 'refused'],
  ['a key in lower-case scheme', [`authorization: bearer ${annaKey}`], 'identity'],
  ['Basic credentials', ['Authorization: Basic YW5uYTp4'], 'refused'],
  ['a key with a comma', [`Authorization: Bearer ${annaKey}, Bearer other`], 'refused'],
  ['an unknown key', ['Authorization: Bearer unknown'], 'refused'],
  // Framing
  ['two Host headers', authenticated('Host: other'), 'refused'],
  [
    'Content-Length and Transfer-Encoding',
    authenticated('Content-Length: 4', 'Transfer-Encoding: chunked'),
    'refused',
  ],
  ['Transfer-Encoding: identity', authenticated('Transfer-Encoding: identity'), 'refused'],
  ['Transfer-Encoding: xchunked', authenticated('Transfer-Encoding: xchunked'), 'refused'],
  ['two Content-Length headers', authenticated('Content-Length: 0', 'Content-Length: 5'), 'refused'],
  ['Content-Length with a sign', authenticated('Content-Length: +0'), 'refused'],
  ['GET with a body', authenticated('Content-Length: 4'), 'refused'],
];

const path = '/kubernetes/management/api/v1/namespaces?limit=5';

let upstream: EchoUpstream;
let gateway: TestGateway;

before(async () => {
  upstream = await startEchoUpstream();
  gateway = await startTestGateway({ target: upstream.target });
});
after(async () => {
  await gateway?.close();
  await upstream?.close();
});

/** Values of header `name`, in any case and with `_` for `-`. */
function valuesOf(echo: Echo, name: string): string[] {
  return echo.rawHeaders.filter(
    (_value, index) =>
      index % 2 === 1 && echo.rawHeaders[index - 1]?.toLowerCase().replaceAll('_', '-') === name,
  );
}

function assertAnna(echo: Echo): void {
  assert.deepEqual(valuesOf(echo, 'impersonate-user'), ['anna@example.com']);
  assert.deepEqual(valuesOf(echo, 'impersonate-group'), annaGroups);
  const names = echo.rawHeaders
    .filter((_name, index) => index % 2 === 0)
    .map((name) => name.toLowerCase().replaceAll('_', '-'));
  const strange = names.filter((name) =>
    /^(impersonate-(?!user$|group$)|x-remote-|x-forwarded-|forwarded$|authorization$|proxy-|cookie|trailer$|te$|upgrade$)/.test(
      name,
    ),
  );
  assert.deepEqual(strange, []);
  assert.equal(echo.certificate, 'vcluster-platform:gateway');
}

describe('what arrives upstream', () => {
  for (const [name, headers, expected] of cases) {
    it(`${expected}: ${name}`, async () => {
      upstream.received.length = 0;
      const lines = [`GET ${path} HTTP/1.1`, `Host: 127.0.0.1:${gateway.port}`, ...headers];
      const answer = await gateway.raw(`${lines.join('\r\n')}\r\n\r\n`, { silenceMs: 60 });
      if (expected === 'refused') {
        assert.match(answer, /^HTTP\/1\.1 4\d\d |^$/);
        assert.deepEqual(upstream.received, []);
        return;
      }
      assert.match(answer, /^HTTP\/1\.1 200 /);
      assert.equal(upstream.received.length, 1);
      const [echo] = upstream.received;
      assert.ok(echo);
      assert.equal(echo.url, '/api/v1/namespaces?limit=5');
      assertAnna(echo);
      assert.doesNotMatch(answer, /set-cookie/i);
    });
  }

  it('identity: every one of many users on the same kept-alive connections', async () => {
    const count = 200;
    const users = Array.from({ length: count }, (_, index) => `user-${index}`);
    for (const name of users) {
      const { hashOf } = await import('./test-gateway.ts');
      gateway.objects.users.push({ metadata: { name }, spec: { groups: [`only-${name}`] } });
      gateway.objects.accessKeys.push({
        metadata: { name },
        spec: { user: name, keyHash: hashOf(`key-${name}`) },
      });
    }
    const answers = await Promise.all(
      users.map(
        async (name) =>
          [name, JSON.parse((await gateway.call('GET', path, { key: `key-${name}` })).text) as Echo] as const,
      ),
    );
    for (const [name, echo] of answers) {
      assert.deepEqual(valuesOf(echo, 'impersonate-user'), [name]);
      assert.deepEqual(valuesOf(echo, 'impersonate-group'), [
        `only-${name}`,
        'system:authenticated',
        `loft:user:${name}`,
      ]);
    }
  });
});

describe('smuggled second requests', () => {
  const smuggled =
    'GET /kubernetes/management/api/v1/secrets HTTP/1.1\r\nHost: x\r\nImpersonate-User: system:admin\r\n\r\n';
  const post = (...lines: string[]) =>
    [
      `POST ${path} HTTP/1.1`,
      `Host: 127.0.0.1:${gateway.port}`,
      bearer,
      'Content-Type: application/json',
      ...lines,
    ].join('\r\n');
  const bodies: [name: string, bytes: () => string][] = [
    ['CL.TE', () => `${post('Content-Length: 4', 'Transfer-Encoding: chunked')}\r\n\r\n0\r\n\r\n${smuggled}`],
    ['TE.CL', () => `${post('Transfer-Encoding: chunked', 'Content-Length: 4')}\r\n\r\n0\r\n\r\n${smuggled}`],
    [
      'TE with a space before the colon',
      () => `${post('Transfer-Encoding : chunked')}\r\n\r\n0\r\n\r\n${smuggled}`,
    ],
    [
      'TE twice',
      () =>
        `${post('Transfer-Encoding: chunked', 'Transfer-Encoding: identity')}\r\n\r\n0\r\n\r\n${smuggled}`,
    ],
    ['chunk size with rubbish', () => `${post('Transfer-Encoding: chunked')}\r\n\r\n0x0\r\n\r\n${smuggled}`],
  ];
  for (const [name, bytes] of bodies) {
    it(`refused: ${name}`, async () => {
      upstream.received.length = 0;
      const answer = await gateway.raw(bytes(), { silenceMs: 60 });
      assert.doesNotMatch(answer, /HTTP\/1\.1 200/);
      assert.deepEqual(
        upstream.received.filter(({ url }) => url.includes('secrets')),
        [],
      );
    });
  }
});
