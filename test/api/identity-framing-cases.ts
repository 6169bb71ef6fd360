import {
  bearer,
  headersCase,
  type IdentityCase,
  namespaces,
  prefix,
  rows,
  spdy,
  webSocket,
} from './identity-case.ts';

/** Requests whose lines or end can be read in two ways. */
export function* framingCases(): Generator<IdentityCase> {
  const { upgradeBody, injection, smuggling, http2 } = rows;
  for (const [protocol, lines] of [
    ['SPDY', spdy],
    ['WebSocket', webSocket],
  ] as const) {
    const framings: [string, string, string][] = [
      ['Content-Length', 'Content-Length: 5', 'hello'],
      ['Content-Length of a request', 'Content-Length: 20', `GET ${prefix}/x HTTP/1.1\r\n\r\n`],
      ['chunks', 'Transfer-Encoding: chunked', '5\r\nhello\r\n0\r\n\r\n'],
      ['an empty chunked body', 'Transfer-Encoding: chunked', '0\r\n\r\n'],
      ['a bad length', 'Content-Length: -1', ''],
    ];
    for (const [name, line, body] of framings)
      for (const method of ['GET', 'POST'])
        yield headersCase(upgradeBody, `${protocol} with ${name}`, [...lines, line], 'refused', {
          method,
          body,
        });
  }
  const hosts = [
    'Host: a b',
    'Host: a,b',
    'Host: a/b',
    'Host: a@b',
    'Host:',
    'Host: a\r\nHost: a',
    'X-Nothing: a',
  ];
  for (const host of hosts) yield headersCase(injection, `${JSON.stringify(host)}`, [], 'refused', { host });
  for (const path of ['/api\rX: a', '/api\nX: a', '/api v1', '/api%0d%0aX:%20a', '/api%00', '/api\0'])
    yield headersCase(injection, `path ${JSON.stringify(path)}`, [], 'refused', { path });
  for (const value of ['a\rImpersonate-User: b', 'a\nImpersonate-User: b', 'a\0b'])
    yield headersCase(
      injection,
      `subprotocol ${JSON.stringify(value)}`,
      [...webSocket, `Sec-WebSocket-Protocol: ${value}`],
      'refused',
    );

  const lengths = ['+0', '-0', '0x4', '4, 4', '4 4', '0,0', '99999999999999999999', '1e1', ''];
  for (const length of lengths)
    yield smuggled(`Content-Length: ${JSON.stringify(length)}`, [`Content-Length: ${length}`]);
  const codings = [
    'identity',
    'xchunked',
    'chunked, identity',
    'identity, chunked',
    'gzip, chunked',
    'chunked, chunked',
    'chunked;q=1',
    '"chunked"',
    'chunked\v',
    '\vchunked',
    ',chunked',
    'chunke',
  ];
  for (const coding of codings)
    yield smuggled(`Transfer-Encoding: ${JSON.stringify(coding)}`, [`Transfer-Encoding: ${coding}`]);
  const pairs: [string, string[]][] = [
    ['CL.TE', ['Content-Length: 4', 'Transfer-Encoding: chunked']],
    ['TE.CL', ['Transfer-Encoding: chunked', 'Content-Length: 4']],
    ['CL.CL', ['Content-Length: 0', 'Content-Length: 5']],
    ['CL.CL, equal', ['Content-Length: 5', 'Content-Length: 5']],
    ['TE.TE', ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity']],
    ['TE.TE, equal', ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked']],
    ['TE with a space before the colon', ['Transfer-Encoding : chunked']],
    ['TE with a tab before the colon', ['Transfer-Encoding\t: chunked']],
    ['TE on a folded line', ['Transfer-Encoding:\r\n chunked']],
    ['CL with a space before the colon', ['Content-Length : 5']],
    ['a header without a colon', ['Transfer-Encoding chunked']],
    ['a header that begins with a space', [' Transfer-Encoding: chunked']],
  ];
  for (const [name, lines] of pairs) yield smuggled(name, lines);
  const chunks = [
    '0x0\r\n\r\n',
    '-0\r\n\r\n',
    '+0\r\n\r\n',
    ' 0\r\n\r\n',
    'g\r\n\r\n',
    '1\r\nab\r\n0\r\n\r\n',
    'fffffffffffffffff\r\n',
    '0\r\r\n',
    '0;\n\r\n\r\n',
    '5\nhello\n0\n\n',
    '0\n\n',
  ];
  for (const body of chunks)
    yield smuggled(`chunk ${JSON.stringify(body)}`, ['Transfer-Encoding: chunked'], body);
  const long = `0;${'x'.repeat(20_000)}\r\n\r\n`;
  yield smuggled('a chunk extension without end', ['Transfer-Encoding: chunked'], long);
  const versions = ['HTTP/0.9', 'HTTP/2.0', 'HTTP/1.2', 'HTTP/1.10', 'HTTP/1', 'HTTP/11', 'http/1.1'];
  for (const version of versions) {
    const plain = headersCase(http2, `request line with ${version}`, [], 'refused');
    yield { ...plain, bytes: (mark) => plain.bytes(mark).replace('HTTP/1.1', version) };
  }
  const h2c = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'];
  yield headersCase(http2, 'upgrade to h2c', h2c, 'refused');
  yield { ...headersCase(http2, 'preface', [], 'refused'), bytes: () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' };
  yield headersCase(smuggling, 'GET with a body', ['Content-Length: 4'], 'refused', { body: 'abcd' });
}

/** A POST whose end can be read in two ways, with another request where one of the readings ends. */
function smuggled(name: string, lines: string[], body = '0\r\n\r\n'): IdentityCase {
  const base = headersCase(rows.smuggling, name, ['Content-Type: application/json', ...lines], 'refused', {
    method: 'POST',
  });
  const second = (mark: string) =>
    `GET ${prefix}/smuggled?${mark} HTTP/1.1\r\nHost: a\r\n${bearer}\r\nImpersonate-User: system:admin\r\n\r\n`;
  return { ...base, bytes: (mark) => `${base.bytes(mark)}${body}${second(mark)}` };
}

/** Paths that climb, and paths that must arrive as they are. */
export function* pathCases(): Generator<IdentityCase> {
  const bad = [
    '/..',
    '/../cluster/local/api',
    '/api/../secrets',
    '/api/./v1',
    '/%2e%2e/api',
    '/%2E%2E/api',
    '/.%2e/api',
    '/%252e%252e/api',
    '/api%2fv1',
    '/api%2Fv1',
    '/api%5cv1',
    '/api\\v1',
    '/api/..;/v1',
    '/..;a=b/api',
    '//api',
    '/api//v1',
    '/api/%00',
    '/api/%c0%ae%c0%ae/',
    '/api/%e0%80%ae',
    '/api/%ff',
    '/api/%',
    '/api/%2',
    '/api/%zz',
    '/api/%61pi',
    '/api/a#b',
    '/api/<a>',
    '/api/"a"',
    '/api/{a}',
    '/api/a|b',
    '/api/^',
    '/api/`',
    '/api/é',
    '/api?a=#b',
    '/api?a=é',
    '/api?a=\\u0000\u0001',
  ];
  for (const path of bad) yield headersCase(rows.traversal, path, [], 'refused', { path });
  for (const path of bad.slice(0, 12))
    yield headersCase(rows.traversal, `${path}, upgrade`, spdy, 'refused', { path });
  const targets = [
    'https://evil.example/kubernetes/management/api',
    'http://127.0.0.1:1/api',
    '*',
    'kubernetes/management/api',
    '/kubernetes/managementx/api',
    '/KUBERNETES/management/api',
    '/kubernetes/management%2fapi',
    '/kubernetes/./management/api',
    '/x/../kubernetes/management/api',
  ];
  for (const target of targets) {
    const plain = headersCase(rows.traversal, `target ${target}`, [], 'refused');
    yield { ...plain, bytes: (mark) => plain.bytes(mark).replace(`${prefix}${namespaces}`, target) };
  }
  const good = [
    '/',
    '/api',
    '/api/',
    '/apis/a.b/v1/c/d:e',
    '/api/v1/namespaces/a/pods/b/proxy/c%20d',
    '/api/v1/pods?labelSelector=a%2Fb%3Dc',
    '/api/v1/pods?fieldSelector=metadata.name%3Da',
    '/api?a=/../b',
    '/api?a=%2e%2e%2f',
    '/api?a=%00',
    '/api?a&a=1&a=2',
    '/api?a=b;c=d',
    '/api?%61=1',
    "/api/~a_b-c.d!$&'()*+,;=:@",
    '/api/%C3%A9',
    '/api/%40',
    '/api?a=b?c',
    '/api/...',
    '/api/.a',
    '/api/v1/services/https:a:443/proxy/',
  ];
  for (const path of good) {
    yield headersCase(rows.path, path, [], 'identity', { path });
    yield headersCase(rows.path, `${path}, upgrade`, spdy, 'identity', { path });
  }
}
