import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, afterEach, before, describe, it } from 'node:test';
import { annaKey } from './test-gateway.ts';
import {
  bearer,
  headersOf,
  headText,
  readUntil,
  spdy,
  startUpgradeFixture,
  switched,
  type UpgradeFixture,
  webSocket,
} from './upgrade-fixture.ts';

let fixture: UpgradeFixture;
let upstream: UpgradeFixture['upstream'];
let open: UpgradeFixture['open'];
let ask: UpgradeFixture['ask'];
let noStreams: UpgradeFixture['noStreams'];

before(async () => {
  fixture = await startUpgradeFixture();
  ({ upstream, open, ask, noStreams } = fixture);
});
afterEach(() => fixture.reset());
after(() => fixture?.close());

describe('an upstream that does not switch', () => {
  const second = 'GET /kubernetes/management/api/v1/secrets HTTP/1.1\r\nHost: a\r\n\r\n';
  const cannot = 'User "vcluster-platform:gateway" cannot impersonate users';
  const refusals: [name: string, answer: string, status: RegExp][] = [
    ['200', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', /^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nok$/],
    [
      '200, chunked',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
      /\r\n\r\nok$/,
    ],
    ['400', 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n', /^HTTP\/1\.1 400 Bad Request\r\n/],
    [
      '403',
      'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno',
      /^HTTP\/1\.1 403 Forbidden\r\n[\s\S]*no$/,
    ],
    ['404', 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n', /^HTTP\/1\.1 404 /],
    ['500', 'HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n', /^HTTP\/1\.1 500 Oops/],
    [
      'two answers',
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 101 Switching Protocols\r\nUpgrade: SPDY/3.1\r\nConnection: Upgrade\r\n\r\n',
      /\r\n\r\nok$/,
    ],
    [
      '200 that names the protocol',
      'HTTP/1.1 200 OK\r\nUpgrade: SPDY/3.1\r\nConnection: Upgrade\r\nContent-Length: 2\r\n\r\nok',
      /^HTTP\/1\.1 200 OK\r\n[\s\S]*ok$/,
    ],
    [
      '401 of what stands behind it',
      'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 3\r\n\r\nwho',
      /^HTTP\/1\.1 401 Unauthorized\r\nwww-authenticate: Basic\r\n[\s\S]*who$/,
    ],
    [
      '403 that only looks as if it were for the gateway itself',
      `HTTP/1.1 403 Forbidden\r\nContent-Length: ${cannot.length}\r\n\r\n${cannot}`,
      /^HTTP\/1\.1 403 Forbidden\r\n[\s\S]*cannot impersonate users$/,
    ],
    ['101 without Upgrade', 'HTTP/1.1 101 Switching Protocols\r\n\r\n', /^HTTP\/1\.1 503 /],
    ['101 to another protocol', switched('h2c'), /^HTTP\/1\.1 503 /],
    ['101 to two protocols', switched('SPDY/3.1, h2c'), /^HTTP\/1\.1 503 /],
    ['100 first', `HTTP/1.1 100 Continue\r\n\r\n${switched('SPDY/3.1')}`, /^HTTP\/1\.1 503 /],
    ['103 first', `HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n${switched('SPDY/3.1')}`, /^HTTP\/1\.1 503 /],
    [
      'a head without end',
      `HTTP/1.1 101 Switching Protocols\r\nX: ${'x'.repeat(40_000)}`,
      /^HTTP\/1\.1 503 /,
    ],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.9\r\n', /^HTTP\/1\.1 503 /],
    [
      'Content-Length beside chunks',
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      /^HTTP\/1\.1 503 /,
    ],
    ['half a head', 'HTTP/1.1 101 Switching Prot', /^HTTP\/1\.1 503 /],
    ['nothing', '', /^HTTP\/1\.1 503 /],
  ];
  for (const [name, answer, expected] of refusals) {
    it(`${name}: answered and closed, and nothing more is forwarded`, async () => {
      upstream.behave(({ socket }) => {
        socket.write(answer);
        socket.resume();
        socket.on('end', () => socket.end());
      });
      const text = await ask(`${headText(spdy)}${second}${second}`);
      assert.match(text, expected);
      assert.match(text, /\r\nconnection: close\r\n/i);
      assert.equal(text.match(/HTTP\/1\.1 /g)?.length, 1);
      for (const { head, rest, socket } of upstream.asked) {
        assert.match(head, /^POST \/api\/v1\/namespaces\/default\/pods\/a\/exec/);
        assert.equal(rest.length, 0);
        assert.ok(socket.bytesRead < 4096);
      }
      assert.ok(upstream.asked.length <= 1);
      await noStreams();
    });
  }

  for (const [what, answer, times] of [
    ['401: the gateway is not known', 'HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n', 2],
    [
      '403: the gateway may not act as the caller',
      `HTTP/1.1 403 Forbidden\r\nContent-Length: ${cannot.length}\r\nConnection: close\r\n\r\n${cannot}`,
      1,
    ],
  ] as const)
    it(`503 for ${what}, as the API server itself says when asked`, async () => {
      upstream.refuse(answer);
      upstream.behave(({ socket }) => socket.end(answer));
      assert.match(await ask(headText(spdy)), /^HTTP\/1\.1 503 /);
      assert.equal(upstream.asked.length, times);
      upstream.refuse(undefined);
      await noStreams();
    });

  it('redirects stay below their path', async () => {
    const redirect = (to: string) =>
      `HTTP/1.1 302 Found\r\nLocation: ${to}\r\nContent-Length: 0\r\nSet-Cookie: a=b\r\n\r\n`;
    upstream.behave(({ socket }) => socket.write(redirect('/api/v1/')));
    const near = await ask(headText(spdy));
    assert.match(near, /^HTTP\/1\.1 302 [\s\S]*location: \/kubernetes\/management\/api\/v1\/\r\n/i);
    for (const elsewhere of ['https://169.254.169.254/', '//evil.example/', '/\\evil.example']) {
      upstream.behave(({ socket }) => socket.write(redirect(elsewhere)));
      const far = await ask(headText(spdy));
      assert.match(far, /^HTTP\/1\.1 302 /);
      assert.doesNotMatch(far, /location|set-cookie/i);
    }
    assert.equal(upstream.asked.length, 4);
  });

  it('an aborted response does not look complete', async () => {
    upstream.behave(({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
      setTimeout(() => socket.destroy(), 30);
    });
    const client = await fixture.socket();
    client.write(headText(spdy));
    assert.match(await readUntil(client, /half$/), /content-length: 10/i);
    client.resume();
    await once(client, 'close');
  });
});

describe('refused before authentication', () => {
  const token = Buffer.from(annaKey).toString('base64url');
  const subprotocol = `base64url.bearer.authorization.k8s.io.${token}`;
  const get = { method: 'GET' };
  /** Foreign, opaque, a sibling domain, another port, without TLS. */
  const foreignOrigins = [
    'https://evil.example',
    'null',
    'https://a.127.0.0.1',
    'https://127.0.0.1:444',
    'http://127.0.0.1',
  ];
  const cookie = `Cookie: __Host-vcp-session=${'A'.repeat(43)}`;
  const cases: [name: string, text: string, status: number][] = [
    ['no key', headText(spdy, { key: '' }), 401],
    ['an unknown key', headText(spdy, { key: 'Authorization: Bearer unknown' }), 401],
    ['two keys', headText([...spdy, bearer]), 400],
    [
      'a key and a subprotocol',
      headText([...webSocket, `Sec-WebSocket-Protocol: a, ${subprotocol}`], get),
      400,
    ],
    [
      'two subprotocol keys',
      headText([...webSocket, `Sec-WebSocket-Protocol: a, ${subprotocol}, ${subprotocol}x`], {
        ...get,
        key: '',
      }),
      400,
    ],
    [
      'a subprotocol key alone',
      headText([...webSocket, `Sec-WebSocket-Protocol: ${subprotocol}`], { ...get, key: '' }),
      400,
    ],
    [
      'a padded subprotocol key',
      headText([...webSocket, `Sec-WebSocket-Protocol: a, ${subprotocol}==`], { ...get, key: '' }),
      401,
    ],
    [
      'an empty subprotocol key',
      headText([...webSocket, 'Sec-WebSocket-Protocol: a, base64url.bearer.authorization.k8s.io.'], {
        ...get,
        key: '',
      }),
      401,
    ],
    ['h2c', headText(['Connection: Upgrade', 'Upgrade: h2c'], get), 400],
    ['two protocols', headText(['Connection: Upgrade', 'Upgrade: websocket, SPDY/3.1'], get), 400],
    ['Upgrade twice', headText([...webSocket, 'Upgrade: SPDY/3.1'], get), 400],
    ['Content-Length', `${headText([...spdy, 'Content-Length: 5'])}hello`, 400],
    ['chunks', `${headText([...spdy, 'Transfer-Encoding: chunked'])}0\r\n\r\n`, 400],
    ['DELETE', headText(spdy, { method: 'DELETE' }), 400],
    ['POST to a WebSocket', headText(webSocket), 400],
    ['a path outside', headText(spdy).replace('/kubernetes/management/api', '/api'), 404],
    ['a path that climbs', headText(spdy, { path: '/api/%2e%2e/secrets' }), 400],
    ...foreignOrigins.map((origin): [string, string, number] => [
      `a key and a session's cookie, from ${origin}`,
      headText([...webSocket, `Origin: ${origin}`, cookie], get),
      403,
    ]),
    [
      "a key among the subprotocols and a session's cookie, from another origin",
      headText(
        [...webSocket, 'Origin: https://evil.example', cookie, `Sec-WebSocket-Protocol: a, ${subprotocol}`],
        { ...get, key: '' },
      ),
      403,
    ],
    [
      'another origin, without a key',
      headText([...webSocket, 'Origin: https://evil.example'], { ...get, key: '' }),
      401,
    ],
    [
      'impersonation of system:masters',
      headText([...spdy, 'Impersonate-User: bob', 'Impersonate-Group: system:masters']),
      403,
    ],
    ['a group without a user', headText([...spdy, 'Impersonate-Group: devs']), 400],
  ];
  for (const [name, text, status] of cases) {
    it(`${status}: ${name}`, async () => {
      upstream.behave(({ socket }) => socket.write(switched('SPDY/3.1')));
      const answer = await ask(text);
      assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `));
      assert.match(answer, /"kind":"Status"/);
      assert.equal(upstream.asked.length, 0);
    });
  }

  it('with a key any origin is accepted, as a program sends it', async () => {
    for (const origin of [...foreignOrigins, 'https://127.0.0.1', 'https://localhost:9898']) {
      const { answer, connection } = await open([...webSocket, `Origin: ${origin}`], get);
      assert.match(answer, /^HTTP\/1\.1 101 /, origin);
      assert.deepEqual(headersOf(connection, 'origin'), [origin]);
    }
    const lines = [...webSocket, `Sec-WebSocket-Protocol: a, ${subprotocol}`, 'Origin: http://localhost:80'];
    const { answer } = await open(lines, { ...get, key: '' });
    assert.match(answer, /^HTTP\/1\.1 101 /);
  });

  it("with a key and a session's cookie our own origin is accepted, and none", async () => {
    for (const lines of [['Origin: https://127.0.0.1', cookie], [cookie]]) {
      const { answer } = await open([...webSocket, ...lines], get);
      assert.match(answer, /^HTTP\/1\.1 101 /);
    }
  });
});
