import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { createRandom } from '../chaos/random.ts';
import { eventually } from '../support/eventually.ts';
import { startTcpRelay, type TcpRelay } from '../support/tcp-relay.ts';
import { type GatewayProcess, startGatewayProcess } from './gateway-process.ts';
import { type ManagementFixture, startManagementFixture } from './management-fixture.ts';
import { keyOf } from './user-calls.ts';

/** Longer than the gateway waits for what it asks the management API itself. */
const stallMs = 12_000;
const hangUps = 600;
const atOnce = 12;
const seed = 8;

let fixture: ManagementFixture;
let relay: TcpRelay;
let gateway: GatewayProcess;
let pid: number;
before(async () => {
  fixture = await startManagementFixture();
  relay = await startTcpRelay(Number(new URL(fixture.apiServer.url).port));
  gateway = await startGatewayProcess(fixture, { managementPort: relay.port });
  pid = gateway.pid;
});
afterEach(() => relay.open());
after(async () => {
  await gateway?.stop();
  await relay?.stop();
  await fixture?.stop();
});

const management = '/kubernetes/management/apis/management.loft.sh/v1';
const projects = `${management}/projects`;

interface Sent {
  readonly socket: TLSSocket;
  /** Hangs up without a word: RST. */
  reset(): void;
}

/** Sends `text` on a connection of its own. */
function send(text: string): Sent {
  const raw = connectTcp(gateway.port, '127.0.0.1');
  raw.on('error', () => undefined);
  const socket = connectTls({
    socket: raw,
    ca: readFileSync(fixture.caFile),
    servername: 'localhost',
  });
  socket.on('error', () => undefined);
  socket.resume();
  socket.write(text);
  return { socket, reset: () => raw.resetAndDestroy() };
}

function head(user: string, method: string, path: string, ...headers: string[]): string {
  const all = ['Host: localhost', `Authorization: Bearer ${keyOf(user)}`, ...headers];
  return `${method} ${path} HTTP/1.1\r\n${all.join('\r\n')}\r\n\r\n`;
}

/** It is the same process, it serves, and nothing got as far as its last line of defence. */
async function assertServes(): Promise<void> {
  await eventually(
    'it serves',
    async () => {
      const answers = await Promise.all(['anna', 'carl'].map((user) => gateway.call(user, 'GET', projects)));
      return answers.every(({ status }) => status === 200);
    },
    { timeoutMs: 60_000 },
  );
  assert.equal(gateway.pid, pid);
  for (const kind of ['stream', 'request', 'process'])
    assert.equal(
      await gateway.metric(`vcp_gateway_uncaught_failures_total{kind="${kind}"}`),
      0,
      gateway.log(),
    );
}

describe('failures end their own request only', { timeout: 300_000 }, () => {
  it('filtered watches survive a stalling management API and disconnecting clients', async () => {
    await assertServes();
    await delay(2_500); // what is known of carl's rights is over
    const watches = Array.from({ length: 8 }, () => send(head('carl', 'GET', `${projects}?watch=true`)));
    watches[0]?.socket.once('data', () => relay.hang());
    await delay(stallMs);
    for (const { socket } of watches) socket.destroy();
    await delay(2_000);
    relay.open();
    await assertServes();
  });

  it(`${hangUps} hang-ups of every kind while the management API comes and goes`, async (context) => {
    const random = createRandom(seed);
    const below = (limit: number) => Math.floor(random() * limit);
    const pick = <T>(all: readonly T[]): T => all[below(all.length)] as T;
    const requests = everyKind();
    const ways = [relay.hang, relay.freeze, relay.close, relay.cut, relay.open, relay.open];
    let over = false;
    const coming = (async () => {
      while (!over) {
        pick(ways)();
        await delay(below(400));
        relay.open();
        await delay(below(200));
      }
    })();
    let left = hangUps;
    const one = async () => {
      while (left-- > 0) {
        const { socket, reset } = send(pick(requests));
        await delay(below(250));
        if (below(3) === 0) socket.end();
        else if (below(2) === 0) reset();
        else socket.destroy();
        await delay(5);
        socket.destroy();
      }
    };
    await Promise.all(Array.from({ length: atOnce }, one)).finally(() => (over = true));
    await coming;
    relay.open();
    await assertServes();
    context.diagnostic(`${hangUps} hang-ups of ${requests.length} kinds, seed ${seed}`);
  });
});

/** Requests of every verb and way, whole ones and such as stop in the middle. */
function everyKind(): string[] {
  const kinds = [
    'projects',
    'clusters',
    'virtualclustertemplates',
    'spacetemplates',
    'virtualclusterinstances',
    'spaceinstances',
  ];
  const switching = [
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  ];
  const pod = '/kubernetes/management/api/v1/namespaces/p-alpha/pods/none';
  const json = 'Content-Type: application/json';
  const users = ['anna', 'ben', 'carl', 'stranger'];
  return users.flatMap((user) => [
    ...kinds.flatMap((plural) => [
      head(user, 'GET', `${management}/${plural}`),
      head(user, 'GET', `${management}/${plural}?watch=true`),
      head(
        user,
        'GET',
        `${management}/${plural}?watch=true`,
        'Accept: application/json;as=Table;v=v1;g=meta.k8s.io',
      ),
    ]),
    head(user, 'GET', `${management}/namespaces/p-alpha/virtualclusterinstances?watch=true`),
    head(user, 'GET', '/kubernetes/management/api/v1/namespaces?watch=true'),
    head(user, 'GET', '/kubernetes/management/openapi/v2'),
    ...['POST', 'PUT', 'PATCH', 'DELETE'].flatMap((method) => [
      `${head(user, method, `${management}/projects/none`, json, 'Content-Length: 100000')}{"a":"`,
      `${head(user, method, `${management}/projects/none`, json, 'Transfer-Encoding: chunked')}10\r\n{"a"`,
    ]),
    `${head(user, 'POST', '/auth/password/login', json, 'Content-Length: 70')}{"username":"`,
    `${head(user, 'POST', `${management}/selves`, json, 'Content-Length: 2')}{}`,
    head(user, 'GET', '/kubernetes/cluster/local/version'),
    head(user, 'GET', '/kubernetes/project/alpha/virtualcluster/demo/api/v1/pods?watch=1'),
    head(user, 'GET', '/api/v1/spaces'),
    head(user, 'GET', '/api/v1/projects/alpha/virtualclusters'),
    head(user, 'GET', '/api/v1/operations/00000000-0000-4000-8000-000000000000/events'),
    head(user, 'GET', '/temporal/'),
    head(user, 'GET', '/metrics'),
    head(user, 'GET', '/readyz'),
    head(user, 'GET', `${pod}/exec?command=a`, ...switching),
    head(user, 'GET', `${management}/projects?watch=1`, ...switching),
    head(user, 'POST', `${pod}/portforward`, 'Connection: Upgrade', 'Upgrade: SPDY/3.1'),
    head(user, 'GET', `/nowhere/%ff/${'x'.repeat(3_000)}`),
    head(user, 'GET', projects).slice(0, -2),
    `${head(user, 'GET', projects)}${head(user, 'GET', `${projects}?watch=1`)}${head(user, 'GET', projects)}`,
  ]);
}
