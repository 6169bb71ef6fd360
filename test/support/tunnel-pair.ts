import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { createServeStream } from '../../agent/serve-stream.ts';
import { createTunnelSession as createAgentSession } from '../../agent/tunnel-session.ts';
import { createCertificateAuthority } from '../../adapters/certificates/certificate-authority.ts';
import { createLogger } from '../../adapters/logging.ts';
import { dialTcp } from '../../adapters/services/dial-tcp.ts';
import { createTunnelSession } from '../../api/tunnel/tunnel-session.ts';
import { tunnelTarget } from '../../contracts/agents.ts';
import { PlatformError } from '../../contracts/errors.ts';

/** How something on loopback is reached. */
export interface Way {
  readonly dial: (host: string, port: number) => Promise<Duplex>;
  close(): Promise<void>;
}

/** By which the gateway reaches API servers: suites run in both. */
export const ways = {
  directly: async (): Promise<Way> => ({ dial: dialTcp, close: async () => undefined }),
  'through a tunnel': startTunnels,
} as const;
export type WayName = keyof typeof ways;

/** A tunnel for each port that is dialled: both of its ends as they run, over TLS, without the request before it. */
async function startTunnels(): Promise<Way> {
  const authority = await createCertificateAuthority('tunnels');
  const { certificate: cert, key } = await authority.issue({
    commonName: 'gateway',
    names: ['localhost'],
    usages: ['server'],
  });
  const pairs = new Map<number, ReturnType<typeof openPair>>();
  const openPair = async (host: string, port: number) => {
    const server = createServer({ cert, key, noDelay: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const accepted = once(server, 'secureConnection') as Promise<[TLSSocket]>;
    const address = server.address() as AddressInfo;
    const dialled = connect({
      host: '127.0.0.1',
      port: address.port,
      servername: 'localhost',
      ca: authority.certificate,
    });
    const [[socket]] = await Promise.all([accepted, once(dialled, 'secureConnect')]);
    server.close();
    const targets = {
      apiServer: () => dialTcp(host, port),
      service: () => Promise.reject(new PlatformError('forbidden', 'not part of this test')),
      agentApi: createHttpServer(),
    };
    const agent = createAgentSession(dialled, createServeStream(targets, createLogger('test', 'silent')));
    return { agent, gateway: createTunnelSession(socket) };
  };
  return {
    async dial(host, port) {
      const pair = pairs.get(port) ?? openPair(host, port);
      pairs.set(port, pair);
      return (await pair).gateway.open(tunnelTarget.apiServer);
    },
    async close() {
      for (const { agent, gateway } of await Promise.all(pairs.values())) {
        gateway.close();
        agent.destroy();
        await Promise.all([agent.closed, gateway.closed]);
      }
    },
  };
}
