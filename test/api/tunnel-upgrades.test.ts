import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { agentPaths, joinKeyPrefix } from '../../contracts/agents.ts';
import { type UpgradeText, connectHostile, connectTls, upgradeText } from './hostile-agent.ts';
import { annaKey } from './test-gateway.ts';
import { startTunnelAttackFixture, type TunnelAttackFixture } from './tunnel-attack-fixture.ts';

/** Requests for a tunnel that are not what an agent sends: none of them becomes one, or anything else. */
let fixture: TunnelAttackFixture;
let credential: string;
let name: string;

before(async () => {
  fixture = await startTunnelAttackFixture();
  ({ name, credential } = fixture.newCluster());
});
after(() => fixture?.close());

/** First line of the answer; empty if the gateway closed without one. */
async function answerTo(text: string): Promise<string> {
  const answer = await fixture.gateway.raw(text);
  assert.ok(!fixture.tunnels.isHere(name), answer);
  return answer.split('\r\n', 1)[0] ?? '';
}

const joinKey = joinKeyPrefix + randomBytes(32).toString('base64url');
const noCredential = ['authorization'];

describe('the credential of a tunnel', () => {
  const cases: [title: string, more: (credential: string) => string[], status: number, path?: string][] = [
    ['is missing', () => [], 401],
    ['is in a cookie', (given) => [`Cookie: authorization=Bearer ${given}; access_key=${given}`], 401],
    [
      'is in headers for others',
      (given) => [`Proxy-Authorization: Bearer ${given}`, `X-Api-Key: ${given}`],
      401,
    ],
    ['is basic', (given) => [`Authorization: Basic ${btoa(`agent:${given}`)}`], 401],
    ['has text around it', (given) => [`Authorization: Bearer ${given} x`], 401],
    ['is two', (given) => [`Authorization: Bearer ${given}`, `Authorization: Bearer ${given}`], 400],
    ['is the access key of an administrator', () => [`Authorization: Bearer ${annaKey}`], 401],
    ['is a join key', () => [`Authorization: Bearer ${joinKey}`], 401],
    ['has the prefix of one', (given) => [`Authorization: Bearer ${given.slice(0, -1)}-`], 401],
    [
      'is a subprotocol',
      (given) => [`Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.${btoa(given)}`],
      401,
    ],
  ];
  for (const [title, more, status] of cases)
    it(`that ${title} opens nothing`, async () => {
      const text = upgradeText(credential, { without: noCredential, more: more(credential) });
      assert.match(await answerTo(text), new RegExp(`^HTTP/1\\.1 ${status} `));
    });

  it('opens no other route, by a request or an upgrade', async () => {
    const paths = ['/kubernetes/management/api', '/kubernetes/cluster/east/api', '/api/v1/operations'];
    for (const path of [...paths, '/api/v1/audit', '/api/v1/events', '/auth/self'])
      for (const upgrade of ['websocket', 'SPDY/3.1', undefined]) {
        const more =
          upgrade === undefined ? ['Connection: close'] : ['Connection: Upgrade', `Upgrade: ${upgrade}`];
        const text = upgradeText(credential, { path, without: ['connection', 'upgrade'], more });
        assert.match(await answerTo(text), /^HTTP\/1\.1 (400|401|404) /, `${path} ${upgrade}`);
      }
    assert.deepEqual(
      fixture.echo.received.filter(({ url }) => !url.startsWith('/api/v1/pods')),
      [],
    );
  });
});

describe('the request for a tunnel', () => {
  const { tunnel } = agentPaths;
  const paths = [
    `${tunnel}?x`,
    `${tunnel}?access_token=x`,
    `${tunnel}/`,
    `${tunnel};x`,
    `${tunnel}#x`,
    `/${tunnel}`,
    `${tunnel}/../tunnel`,
    '/api/v1/agents/./tunnel',
    '/api/v1/agents/%74unnel',
    '/api/v1%2Fagents/tunnel',
    '/api/v1/agents/tunnel%00',
    '/API/v1/agents/tunnel',
    `https://a${tunnel}`,
    '*',
  ];
  for (const path of paths)
    it(`with path ${path} is refused`, async () => {
      assert.match(await answerTo(upgradeText(credential, { path })), /^HTTP\/1\.1 (400|401|404) |^$/);
    });

  for (const method of ['POST', 'PUT', 'HEAD', 'OPTIONS', 'CONNECT'])
    it(`with method ${method} is refused`, async () => {
      assert.match(await answerTo(upgradeText(credential, { method })), /^HTTP\/1\.1 4\d\d |^$/);
    });

  const numbers = [
    '',
    '-1',
    '1.5',
    '1e3',
    '0x1',
    'NaN',
    'Infinity',
    '9007199254740992',
    '9'.repeat(40),
    '１',
    '1, 1',
    ' ',
  ];
  const header = (what: 'generation' | 'slot', value: string): UpgradeText => ({
    without: [`x-agent-${what}`],
    more: [`X-Agent-${what}: ${value}`],
  });
  const malformed: [title: string, options: UpgradeText][] = [
    ['another protocol', { without: ['upgrade'], more: ['Upgrade: websocket'] }],
    [
      'HTTP/2 without TLS',
      { without: ['upgrade'], more: ['Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAARAAAAA'] },
    ],
    ['its protocol in capitals', { without: ['upgrade'], more: ['Upgrade: VCLUSTER-PLATFORM-TUNNEL.V1'] }],
    ['another version', { without: ['upgrade'], more: ['Upgrade: vcluster-platform-tunnel.v2'] }],
    ['two protocols', { without: ['upgrade'], more: ['Upgrade: vcluster-platform-tunnel.v1, websocket'] }],
    ['two Upgrade headers', { more: ['Upgrade: websocket'] }],
    ['no Upgrade', { without: ['upgrade'] }],
    ['no Connection', { without: ['connection'] }],
    ['a length', { more: ['Content-Length: 5'] }],
    ['a chunked body', { more: ['Transfer-Encoding: chunked'] }],
    ['no Host', { without: ['host'] }],
    ['slot 2', { slot: 2 }],
    ['two generations', { more: ['X-Agent-Generation: 1'] }],
    ['two slots', { more: ['X-Agent-Slot: 0'] }],
    ['no generation', { without: ['x-agent-generation'] }],
    ['no slot', { without: ['x-agent-slot'] }],
    ...numbers.flatMap((value): [string, UpgradeText][] => [
      [`generation "${value}"`, header('generation', value)],
      [`slot "${value}"`, header('slot', value)],
    ]),
  ];
  for (const [title, options] of malformed)
    it(`with ${title} is refused`, async () => {
      assert.match(await answerTo(upgradeText(credential, options)), /^HTTP\/1\.1 4\d\d /);
    });

  it('of HTTP/1.0 is refused', async () => {
    const text = upgradeText(credential).replace('HTTP/1.1', 'HTTP/1.0');
    assert.match(await answerTo(text), /^HTTP\/1\.1 4\d\d /);
  });

  it('with bytes behind it is refused, and they are not read as a request', async () => {
    const second = 'GET /kubernetes/management/api HTTP/1.1\r\nHost: a\r\n\r\n';
    const answer = await fixture.gateway.raw(upgradeText(credential) + second);
    assert.match(answer, /^HTTP\/1\.1 400 /);
    assert.equal(answer.match(/HTTP\/1\.1 \d/g)?.length, 1);
  });

  it('with bytes that come before its answer becomes nothing but a tunnel', async () => {
    const socket = await connectTls(fixture.gateway);
    socket.write(upgradeText(credential));
    socket.write('GET /kubernetes/management/api HTTP/1.1\r\nHost: a\r\n\r\n');
    let text = '';
    for await (const chunk of socket as AsyncIterable<Buffer>) text += chunk.toString('latin1');
    assert.match(text, /^HTTP\/1\.1 (101|400) /);
    assert.equal(text.match(/HTTP\/1\.1 \d/g)?.length, 1);
  });

  it('as an agent sends it becomes one, also with an unknown version of any length', async () => {
    const options = { without: ['x-agent-version'], more: [`X-Agent-Version: ${'v'.repeat(10_000)}`] };
    const agent = await connectHostile(fixture.gateway, credential, options);
    assert.ok(fixture.tunnels.isHere(name));
    agent.socket.destroy();
  });
});
