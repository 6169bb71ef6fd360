/**
 * A worker that connects as a hostile agent and sends frames of one kind as fast as they are taken, from the first stream on that is
 * opened in it, until it is cut off or `ms` are over. Says `ready` when the gateway may open one.
 */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { connectHostile, type Door } from './hostile-agent.ts';
import { answerFrame, frame, frameType, settingsFrame } from './http2-frames.ts';

export interface Flood {
  readonly door: Door;
  readonly credential: string;
  readonly kind: keyof typeof floods;
  readonly ms: number;
}

const floods = {
  SETTINGS: () => settingsFrame(),
  PING: () => frame(frameType.ping, 0, 0, Buffer.alloc(8)),
  'answers to come': (stream: number) => answerFrame(stream, 103),
  'data of one byte': (stream: number) => frame(frameType.data, 0, stream, Buffer.from('x')),
} as const;

const framesAtOnce = 200;
const windowBytes = 1024 * 1024;

async function flood({ door, credential, kind, ms }: Flood): Promise<void> {
  const agent = await connectHostile(door, credential);
  let isEnded = false;
  void agent.ended.then(() => (isEnded = true));
  const hasData = kind === 'data of one byte';
  let window = windowBytes;
  const begin = Promise.withResolvers<number>();
  agent.onFrame = ({ type, stream, payload }) => {
    if (type === frameType.headers) begin.resolve(stream);
    if (type === frameType.windowUpdate && stream !== 0) window += payload.readUInt32BE();
  };
  parentPort?.postMessage('ready');
  const stream = await begin.promise;
  const until = performance.now() + ms;
  if (hasData) agent.socket.write(answerFrame(stream, 200));
  const frames = Buffer.concat(Array.from({ length: framesAtOnce }, () => floods[kind](stream)));
  while (performance.now() < until && !isEnded && agent.socket.writable) {
    if (hasData && window < framesAtOnce) {
      await delay(1);
      continue;
    }
    window -= framesAtOnce;
    if (!agent.socket.write(frames))
      await Promise.race([once(agent.socket, 'drain').catch(() => undefined), agent.ended]);
    else await delay(0);
  }
  agent.socket.destroy();
}

await flood(workerData as Flood);
