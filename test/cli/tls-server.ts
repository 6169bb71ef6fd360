// @peculiar/x509 resolves its algorithms through tsyringe, which refuses to load without it.
import 'reflect-metadata';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import * as x509 from '@peculiar/x509';
import {
  type CertificatePair,
  createCertificateAuthority,
} from '../../adapters/certificates/certificate-authority.ts';

/** A server of a test, and what to trust to talk to it. */
export interface SmallServer {
  readonly url: string;
  readonly certificateAuthority: string;
}

/** Small servers on loopback, which all stop at once. */
export interface SmallServers {
  /** Speaks HTTPS, with a certificate of an authority of its own for 127.0.0.1 unless another one is given. */
  https(answer: RequestListener, how?: { names?: string[]; pair?: CertificatePair }): Promise<SmallServer>;
  /** Takes connections, and does with them what `accept` does. */
  tcp(accept: (socket: Socket) => void): Promise<SmallServer>;
  stop(): void;
}

export async function createSmallServers(): Promise<SmallServers> {
  const authority = await createCertificateAuthority('small');
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  const listen = async (server: Server, certificateAuthority: string): Promise<SmallServer> => {
    server.on('connection', (socket: Socket) => sockets.add(socket));
    servers.push(server.listen(0, '127.0.0.1'));
    await once(server, 'listening');
    return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, certificateAuthority };
  };
  return {
    async https(answer, { names = ['127.0.0.1'], pair } = {}) {
      const { certificate: cert, key } =
        pair ?? (await authority.issue({ commonName: 'small', names, usages: ['server'] }));
      return listen(createHttpsServer({ cert, key }, answer), pair?.certificate ?? authority.certificate);
    },
    tcp: (accept) => listen(createTcpServer(accept), authority.certificate),
    stop() {
      for (const server of servers) server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** A certificate for 127.0.0.1 that was valid until yesterday, and is its own authority. */
export async function expiredCertificate(): Promise<CertificatePair> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const day = 86_400_000;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    notBefore: new Date(Date.now() - 3 * day),
    notAfter: new Date(Date.now() - day),
    name: [{ CN: ['expired'] }],
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }]),
    ],
  });
  const der = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { certificate: certificate.toString('pem'), key: x509.PemConverter.encode(der, 'PRIVATE KEY') };
}
