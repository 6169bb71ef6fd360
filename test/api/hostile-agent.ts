import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import { agentPaths, tunnelHeaders, tunnelProtocol } from '../../contracts/agents.ts';
import { createFrameReader, type Frame, frame, frameFlag, frameType, settingsFrame } from './http2-frames.ts';

/** Where the gateway is. */
export interface Door {
  readonly port: number;
  readonly certificateAuthority: string;
}

/** An agent with a credential that is good, on a bare connection: what it says is up to the test. */
export interface HostileAgent {
  readonly socket: TLSSocket;
  /** Ids of the streams that the gateway has opened, oldest first. */
  readonly streams: number[];
  /** Called with each frame of the gateway. */
  onFrame(frame: Frame): void;
  /** Settles when the gateway has ended the connection. */
  readonly ended: Promise<void>;
}

export interface UpgradeText {
  readonly method?: string;
  readonly path?: string;
  /** Lines beside those of a good request. */
  readonly more?: readonly string[];
  /** Names of headers of a good request, in lower case, that are left out. */
  readonly without?: readonly string[];
  readonly generation?: number;
  readonly slot?: number;
}

/** The request of an agent, as it stands on the wire. */
export function upgradeText(credential: string, options: UpgradeText = {}): string {
  const { method = 'GET', path = agentPaths.tunnel, more = [], without = [] } = options;
  const { generation = 1, slot = 0 } = options;
  const good = {
    host: 'a',
    authorization: `Bearer ${credential}`,
    connection: 'Upgrade',
    upgrade: tunnelProtocol,
    [tunnelHeaders.version]: '0.1.0',
    [tunnelHeaders.generation]: String(generation),
    [tunnelHeaders.slot]: String(slot),
  };
  const kept = Object.entries(good).filter(([name]) => !without.includes(name));
  return [`${method} ${path} HTTP/1.1`, ...kept.map((entry) => entry.join(': ')), ...more, '', ''].join(
    '\r\n',
  );
}

export async function connectTls({ port, certificateAuthority: ca }: Door): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, ca });
  socket.on('error', () => undefined); // `close` follows it
  await once(socket, 'secureConnect');
  return socket;
}

/**
 * Connects as an agent does up to the switch, and then begins as HTTP/2 wants it, unless told otherwise.
 * @param first the bytes after the switch; settings without content by default
 * @throws Error with the answer if it is another one
 */
export async function connectHostile(
  door: Door,
  credential: string,
  options: UpgradeText & { readonly first?: Buffer | null } = {},
): Promise<HostileAgent> {
  const socket = await connectTls(door);
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  socket.once('close', () => resolve());
  const agent: HostileAgent = { socket, streams: [], onFrame: () => undefined, ended };
  socket.write(upgradeText(credential, options));
  const rest = await readHead(socket);
  const read = createFrameReader();
  const take = (bytes: Buffer) => {
    for (const one of read(bytes)) {
      const isSettings = one.type === frameType.settings && (one.flags & frameFlag.ack) === 0;
      if (isSettings && options.first === undefined)
        socket.write(frame(frameType.settings, frameFlag.ack, 0));
      if (one.type === frameType.headers) agent.streams.push(one.stream);
      agent.onFrame(one);
    }
  };
  const first = options.first ?? (options.first === null ? Buffer.alloc(0) : settingsFrame());
  socket.write(first);
  take(rest.subarray(prefaceBytes));
  socket.on('data', take);
  return agent;
}

/** What an HTTP/2 client says first (RFC 9113 §3.4). */
const prefaceBytes = 24;

/** What came after the head of the answer, at least the preface. */
async function readHead(socket: TLSSocket): Promise<Buffer> {
  let bytes = Buffer.alloc(0);
  const take = (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
  };
  socket.on('data', take);
  for (;;) {
    const [head = ''] = bytes.toString('latin1').split('\r\n\r\n', 1);
    const start = head.length + 4;
    if (bytes.length >= start && !head.startsWith('HTTP/1.1 101 ')) {
      socket.destroy();
      throw new Error(head);
    }
    if (bytes.length >= start + prefaceBytes) {
      socket.off('data', take);
      return bytes.subarray(start);
    }
    if (socket.destroyed) throw new Error(`closed after: ${head}`);
    await Promise.race([once(socket, 'data'), once(socket, 'close')]);
  }
}
