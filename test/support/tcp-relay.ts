import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface TcpRelay {
  readonly port: number;
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
  stop(): Promise<void>;
}

/** A loopback port in front of another one, whose connections a test can cut or silence. */
export async function startTcpRelay(targetPort: number): Promise<TcpRelay> {
  const sockets = new Set<Socket>();
  let mode: 'open' | 'refusing' | 'hanging' = 'open';
  let accepted = 0;
  const join = (client: Socket) => {
    const upstream = connect(targetPort, '127.0.0.1');
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
    if (mode === 'hanging') silence();
  };
  const silence = () => {
    for (const socket of sockets) socket.unpipe().pause();
  };
  const waiting = new Set<Socket>();
  const server = createServer((client) => {
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
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the relay has no port');
  const cut = () => {
    for (const socket of [...sockets, ...waiting]) socket.destroy();
  };
  return {
    port: address.port,
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
    stop: async () => {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
