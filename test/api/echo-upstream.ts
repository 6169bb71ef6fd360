import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { CertificateAuthority } from '../../adapters/certificates/certificate-authority.ts';
import type { UpstreamTarget } from '../../api/upstreams/upstream.ts';
import { createUpstreamIdentity } from './upstream-identity.ts';

/** One request as it arrived at the upstream. */
export interface Echo {
  readonly method: string;
  readonly url: string;
  /** Names and values as they stood on the wire. */
  readonly rawHeaders: string[];
  readonly body: string;
  /** Common name of the client certificate. */
  readonly certificate: string;
}

export interface EchoUpstream {
  readonly server: Server;
  readonly authority: CertificateAuthority;
  readonly target: UpstreamTarget;
  readonly received: Echo[];
  connections(): number;
  close(): Promise<void>;
}

/** A TLS server that answers every request with what arrived; it wants a client certificate. */
export async function startEchoUpstream(): Promise<EchoUpstream> {
  const { authority, serving, targetOf } = await createUpstreamIdentity('echo');
  const received: Echo[] = [];
  const sockets = new Set<Socket>();
  const server = createServer(
    {
      ...serving,
      requestCert: true,
      rejectUnauthorized: true,
      maxHeaderSize: 1024 * 1024, // as API servers
    },
    (request, response) => {
      if (request.url?.startsWith('/readyz')) {
        response.end('ok');
        return;
      }
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const echo = echoOf(request, Buffer.concat(chunks).toString());
        received.push(echo);
        response
          .writeHead(200, { 'content-type': 'application/json', 'set-cookie': 'from=upstream' })
          .end(JSON.stringify({ ...echo, metadata: { uid: uidOfEcho(echo.url) } }));
      });
    },
  );
  server.on('upgrade', (request, socket) => {
    received.push(echoOf(request, ''));
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${request.headers.upgrade}\r\n\r\n`,
    );
    socket.on('error', () => socket.destroy());
    socket.resume();
    socket.on('end', () => socket.end());
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    server,
    authority,
    received,
    target: targetOf(server),
    connections: () => sockets.size,
    async close() {
      for (const socket of sockets) socket.destroy(); // upgraded ones too
      server.close();
      await once(server, 'close');
    },
  };
}

/** Each path has an object of its own. */
export function uidOfEcho(url: string): string {
  return `uid-of-${url}`;
}

function echoOf(request: IncomingMessage, body: string): Echo {
  const { subject } = (request.socket as TLSSocket).getPeerCertificate();
  return {
    method: request.method ?? '',
    url: request.url ?? '',
    rawHeaders: request.rawHeaders,
    body,
    certificate: String(subject.CN ?? ''),
  };
}
