import { once } from 'node:events';
import { connect, createServer, type ListenOptions, type Socket } from 'node:net';
import { createDelayLine } from './delay-line.ts';

export interface TcpRelay {
  /** 0 if it listens on a Unix socket. */
  readonly port: number;
  /** Where connections lead that are opened from now on. */
  target: number;
  /** Connections that clients opened so far. */
  readonly accepted: number;
  /** Cuts every open connection; new ones are accepted. */
  cut(): void;
  /** Refuses new connections and cuts the open ones, until `open`. */
  close(): void;
  /** A black hole: open connections stay and new ones are accepted, but no byte goes through, until `open`. */
  hang(): void;
  /** What is open now goes silent for good, as if its way were lost; new connections work. */
  freeze(): void;
  open(): void;
  /** On connections that are opened from now on each byte takes `ms` longer, either way; as many as come are under way at once. */
  delay(ms: number): void;
  stop(): Promise<void>;
}

/** That a socket's end may come before its last bytes. */
const lateMs = 20;

/**
 * A way to port `targetPort` of this machine whose connections a test can cut, silence or slow down.
 * @param listenAt default: a free loopback port; a text is the path of a Unix socket
 */
export async function startTcpRelay(
  targetPort: number,
  listenAt: string | ListenOptions = { host: '127.0.0.1', port: 0 },
): Promise<TcpRelay> {
  const sockets = new Set<Socket>();
  let delayMs = 0;
  let mode: 'open' | 'refusing' | 'hanging' = 'open';
  let accepted = 0;
  let target = targetPort;
  const join = (client: Socket) => {
    const ms = delayMs;
    const upstream = connect({ port: target, host: '127.0.0.1', noDelay: true });
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        if (ms === 0) to.destroy();
        else setTimeout(() => to.destroy(), ms + lateMs); // what is under way arrives before
      });
      if (ms === 0) from.pipe(to);
      else from.pipe(createDelayLine(ms)).pipe(to);
    }
    if (mode === 'hanging') silence();
  };
  const silence = () => {
    for (const socket of sockets) socket.unpipe().pause();
  };
  const waiting = new Set<Socket>();
  const server = createServer({ noDelay: true }, (client) => {
    if (mode === 'refusing') {
      client.destroy();
      return;
    }
    accepted++;
    if (mode === 'open') {
      join(client);
      return;
    }
    waiting.add(client);
    client.on('error', () => client.destroy());
    client.once('close', () => waiting.delete(client));
  });
  server.listen(typeof listenAt === 'string' ? { path: listenAt } : listenAt);
  await once(server, 'listening');
  const address = server.address();
  const cut = () => {
    for (const socket of [...sockets, ...waiting]) socket.destroy();
  };
  return {
    port: address === null || typeof address === 'string' ? 0 : address.port,
    get target() {
      return target;
    },
    set target(port) {
      target = port;
    },
    get accepted() {
      return accepted;
    },
    cut,
    close: () => {
      mode = 'refusing';
      cut();
    },
    hang: () => {
      mode = 'hanging';
      silence();
    },
    freeze: silence,
    open: () => {
      // What hung is lost: whoever waits dials again.
      if (mode === 'hanging') cut();
      mode = 'open';
    },
    delay: (ms) => {
      delayMs = ms;
    },
    stop: async () => {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
