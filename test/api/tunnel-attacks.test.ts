import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { tunnelSettings } from '../../adapters/tunnel/tunnel-settings.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { tunnelTarget } from '../../contracts/agents.ts';
import { eventually } from '../support/eventually.ts';
import type { Flood } from './flooding-agent.ts';
import { connectHostile, type HostileAgent } from './hostile-agent.ts';
import { answerFrame, frame, frameType, number32, settingId, settingsFrame } from './http2-frames.ts';
import { fatal, refusals } from './tunnel-attack-cases.ts';
import { startTunnelAttackFixture, type TunnelAttackFixture } from './tunnel-attack-fixture.ts';

const soon = { timeoutMs: 15_000, intervalMs: 5 };
const mib = 1024 * 1024;

/** Agents whose credential is good and who mean ill, at a gateway that serves another cluster meanwhile. */
let fixture: TunnelAttackFixture;
const connected: HostileAgent[] = [];

before(async () => {
  fixture = await startTunnelAttackFixture();
});
afterEach(async () => {
  for (const agent of connected.splice(0)) agent.socket.destroy();
  assert.equal((await fixture.get('east')).status, 200);
  await eventually('only the tunnel of east is left', () => fixture.tunnels.size === 1, soon);
});
after(() => fixture?.close());

async function connectAs(credential: string, options: Parameters<typeof connectHostile>[2] = {}) {
  const agent = await connectHostile(fixture.gateway, credential, options);
  connected.push(agent);
  return agent;
}

/** Another connected cluster with a hostile agent. */
async function newHostile(options: Parameters<typeof connectHostile>[2] = {}) {
  const cluster = fixture.newCluster();
  return { ...cluster, agent: await connectAs(cluster.credential, options) };
}

/** Sends the frames of `answer` whenever the gateway opens a stream. */
function answering(agent: HostileAgent, answer: (stream: number) => Buffer): void {
  agent.onFrame = ({ type, stream }) => {
    if (type === frameType.headers) agent.socket.write(answer(stream));
  };
}

/** Why a stream to the API server of `cluster` does not come about. */
async function failureOf(cluster: string, open = fixture.tunnels.openHere): Promise<PlatformError> {
  try {
    const stream = await open(cluster, tunnelTarget.apiServer);
    stream.destroy();
  } catch (error) {
    assert.ok(error instanceof PlatformError, String(error));
    return error;
  }
  return assert.fail('the stream was opened');
}

describe('an agent that breaks HTTP/2 is cut off, and only that one', () => {
  for (const [title, answer] of fatal)
    it(`one that ${title}`, async () => {
      const { name, agent } = await newHostile();
      answering(agent, answer);
      const { code } = await failureOf(name);
      assert.ok(['cluster_offline', 'cluster_unreachable'].includes(code), code);
      await agent.ended;
      await eventually('the tunnel is gone', () => !fixture.tunnels.isHere(name), soon);
      assert.equal(agent.streams.length, 1);
    });

  it('one that sends empty frames of data', async () => {
    const { name, agent } = await newHostile();
    const empty = Array.from({ length: 20_000 }, () => 0);
    answering(agent, (id) =>
      Buffer.concat([answerFrame(id, 200), ...empty.map(() => frame(frameType.data, 0, id))]),
    );
    const stream = await fixture.tunnels.openHere(name, tunnelTarget.apiServer);
    stream.on('error', () => undefined);
    await agent.ended;
  });

  it('one that sends more than a stream may hold, whose reader takes nothing', async () => {
    const { name, agent } = await newHostile();
    const block = Buffer.alloc(16 * 1024);
    const blocks = Array.from({ length: tunnelSettings.maxWindowBytes / block.length + 1 }, () => block);
    answering(agent, (id) =>
      Buffer.concat([answerFrame(id, 200), ...blocks.map((data) => frame(frameType.data, 0, id, data))]),
    );
    const stream = await fixture.tunnels.openHere(name, tunnelTarget.apiServer);
    stream.on('error', () => undefined);
    await agent.ended;
  });
});

describe('an agent that does not connect a stream fails that one', () => {
  for (const [
    title,
    answer,
    code,
    message = /^the agent (did not|cannot) connect kubernetes:443$/,
  ] of refusals)
    it(`one that ${title}`, async () => {
      const { name, agent } = await newHostile();
      answering(agent, answer);
      const failure = await failureOf(name, fixture.tunnels.open);
      assert.equal(failure.code, code);
      assert.match(failure.message, message);
      assert.equal(agent.streams.length, 1);
      answering(agent, (stream) => answerFrame(stream, 200));
      const stream = await fixture.tunnels.openHere(name, tunnelTarget.apiServer);
      stream.on('error', () => undefined).destroy();
    });

  it('one that never answers, or takes no streams, within 6 s; and it ends where nothing is heard', async () => {
    const hostile = [
      await newHostile(),
      await newHostile({ first: settingsFrame([settingId.maxConcurrentStreams, 0]) }),
      await newHostile({ first: null }),
    ];
    const since = performance.now();
    const answers = await Promise.all(hostile.map(({ name }) => fixture.get(name)));
    assert.ok(performance.now() - since < 6_500, `${performance.now() - since} ms`);
    for (const { status, text } of answers) {
      assert.equal(status, 503);
      assert.match(text, /connected cluster c\d+ is unreachable; try again/);
      assert.match(text, /cluster_unreachable/);
    }
    await Promise.all(hostile.map(({ agent }) => agent.ended));
    assert.ok(performance.now() - since < 12_000, `${performance.now() - since} ms`);
  });

  it('one that resets every stream is not asked again and again', async () => {
    const { name, agent } = await newHostile();
    answering(agent, (stream) => frame(frameType.reset, 0, stream, number32(8)));
    const answers = await Promise.all(Array.from({ length: 50 }, () => fixture.get(name)));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([503]));
    assert.ok(agent.streams.length <= 100, `${agent.streams.length} streams`);
  });

  it('one that serves something else than the API server of its cluster', async () => {
    const { name, agent } = await newHostile();
    answering(agent, (stream) =>
      Buffer.concat([
        answerFrame(stream, 200),
        frame(frameType.data, 0, stream, Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil')),
      ]),
    );
    const { status, text } = await fixture.get(name);
    assert.equal(status, 503);
    assert.match(text, /cluster_unreachable/);
  });
});

describe('an agent that reads nothing', () => {
  it('though it promised to, makes an upload wait', async () => {
    const { name, agent } = await newHostile({
      first: settingsFrame([settingId.initialWindowSize, 0x7fff_ffff]),
    });
    agent.socket.write(frame(frameType.windowUpdate, 0, 0, number32(0x7000_0000)));
    answering(agent, (stream) => answerFrame(stream, 200));
    const stream = await fixture.tunnels.openHere(name, tunnelTarget.apiServer);
    stream.on('error', () => undefined);
    agent.socket.pause();
    const before = process.memoryUsage().rss;
    const block = Buffer.alloc(64 * 1024);
    let sent = 0;
    let isWaiting = false;
    while (!isWaiting && sent < 512 * mib) {
      sent += block.length;
      if (!stream.write(block))
        isWaiting = await Promise.race([once(stream, 'drain').then(() => false), delay(500, true)]);
    }
    assert.ok(isWaiting, 'it never waited');
    assert.ok(sent < 32 * mib, `${sent} bytes were taken`);
    assert.ok(process.memoryUsage().rss - before < 100 * mib);
  });
});

describe('floods of an agent', () => {
  for (const kind of ['SETTINGS', 'PING', 'answers to come', 'data of one byte'] as const)
    it(`${kind}: it is cut off, and others are served`, async (context) => {
      const quiet = await latencies(delay(500));
      const { name, credential } = fixture.newCluster();
      const { over } = await startFlood({ credential, kind });
      const before = process.memoryUsage().rss;
      const opening = fixture.tunnels.openHere(name, tunnelTarget.apiServer).then(
        (stream) => void stream.on('error', () => undefined).resume(),
        () => undefined,
      );
      const busy = await latencies(over);
      await opening;
      context.diagnostic(
        `p50 ${at(busy, 0.5)} ms, slowest ${at(busy, 1)} ms; before: ${at(quiet, 0.5)}, ${at(quiet, 1)}`,
      );
      assert.ok(!fixture.tunnels.isHere(name), 'it was not cut off');
      assert.ok(at(busy, 1) < 3_000, `a request took ${at(busy, 1)} ms`);
      assert.ok(process.memoryUsage().rss - before < 150 * mib);
    });
});

const floodMs = 5_000;

/** Settles when the flood may begin. */
async function startFlood(
  flood: Pick<Flood, 'credential' | 'kind'>,
): Promise<{ readonly over: Promise<unknown> }> {
  const door = { port: fixture.gateway.port, certificateAuthority: fixture.gateway.certificateAuthority };
  const worker = new Worker(new URL('flooding-agent.ts', import.meta.url), {
    workerData: { ...flood, door, ms: floodMs } satisfies Flood,
  });
  const ready = once(worker, 'message');
  const over = once(worker, 'exit');
  over.catch(() => undefined);
  await ready;
  return { over };
}

/** Of requests to another cluster, in ms, the fastest first; until `until` settles, and 20 at least. */
async function latencies(until: Promise<unknown>): Promise<number[]> {
  const all: number[] = [];
  let isOver = false;
  void until.finally(() => (isOver = true));
  while (!isOver || all.length < 20) {
    const since = performance.now();
    assert.equal((await fixture.get('east')).status, 200);
    all.push(performance.now() - since);
  }
  return all.toSorted((a, b) => a - b);
}

function at(sorted: readonly number[], part: number): number {
  return Math.round(sorted[Math.floor((sorted.length - 1) * part)] ?? 0);
}

describe('an agent has what its credential names', () => {
  it('a request for another cluster does not reach it, whatever it says it is', async () => {
    const more = ['x-agent-cluster: east', 'x-cluster: east', 'x-agent-cluster-uid: uid-of-east'];
    const { agent } = await newHostile({ more, generation: 9 });
    for (let asked = 0; asked < 20; asked++) assert.equal((await fixture.get('east')).status, 200);
    assert.deepEqual(agent.streams, []);
  });

  it('four connections at most, those that drain included, and those in use stay', async () => {
    const { name, credential } = fixture.newCluster();
    const open = async (slot: number) => {
      const agent = await connectAs(credential, { slot });
      answering(agent, (stream) => answerFrame(stream, 200));
      // It keeps the connection from ending when another one takes its place.
      await eventually('a stream is open in it', async () => {
        const stream = await fixture.tunnels.openHere(name, tunnelTarget.apiServer);
        stream.on('error', () => undefined);
        return agent.streams.length > 0;
      });
      await eventually('four are left', () => fixture.tunnels.size <= 1 + 4, soon);
      return agent;
    };
    const first = await open(1);
    const agents: HostileAgent[] = [];
    for (let opened = 0; opened < 6; opened++) agents.push(await open(0));
    for (const agent of agents.slice(0, 3)) await agent.ended;
    assert.equal(fixture.tunnels.size, 1 + 4);
    for (const agent of [first, ...agents.slice(3)]) assert.ok(!agent.socket.destroyed);
  });

  it('of hundreds of connections at once it gets a few, and others are served', async () => {
    const { credential } = fixture.newCluster();
    const opening = Promise.allSettled(Array.from({ length: 300 }, () => connectAs(credential)));
    await latencies(opening);
    const refused = (await opening).filter((one) => one.status === 'rejected');
    assert.ok(refused.length >= 270, `${refused.length} were refused`);
    for (const { reason } of refused) assert.match(String(reason), /HTTP\/1\.1 429 /);
    await eventually('four are left', () => fixture.tunnels.size <= 1 + 4, soon);
  });

  it('no connection for a while once it has broken HTTP/2 again and again', async () => {
    const { name, credential } = fixture.newCluster();
    for (let broken = 0; broken < 4; broken++) {
      const agent = await connectAs(credential);
      agent.socket.write('no HTTP/2 at all, but a text');
      await agent.ended;
      await eventually('the gateway has noticed', () => !fixture.tunnels.isHere(name), soon);
    }
    await assert.rejects(connectAs(credential), /HTTP\/1\.1 429 /);
  });

  it('as many connections as it needs, though they are cut', async () => {
    const { name, credential } = fixture.newCluster();
    for (let cut = 0; cut < 6; cut++) {
      const { socket } = await connectAs(credential);
      socket.end(settingsFrame([settingId.initialWindowSize, 1]).subarray(0, 10)); // in the middle of a frame
      await eventually('the gateway has noticed', () => !fixture.tunnels.isHere(name), soon);
    }
    await connectAs(credential);
  });

  it('no older generation beside a newer one', async () => {
    const { credential } = fixture.newCluster();
    const older = await connectAs(credential, { generation: 3 });
    await connectAs(credential, { generation: Number.MAX_SAFE_INTEGER });
    await older.ended;
    await assert.rejects(connectAs(credential, { generation: 4 }), /HTTP\/1\.1 409 /);
  });
});
