import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { createCertificateAuthority } from '../../adapters/certificates/certificate-authority.ts';
import { createTunnelSession, type TunnelSession } from '../../api/tunnel/tunnel-session.ts';
import { agentPaths, tunnelHeaders, tunnelProtocol } from '../../contracts/agents.ts';

export interface PlatformRequest {
  readonly path: string;
  readonly bearer: string;
  readonly body: Record<string, unknown>;
}

export interface PlatformTunnel {
  readonly slot: number;
  readonly generation: number;
  readonly bearer: string;
  readonly session: TunnelSession;
  readonly socket: Duplex;
}

/** What is answered instead: a status, or `cut` for no answer at all. */
type Fault = number | 'cut';

export interface TestPlatform {
  readonly url: string;
  readonly port: number;
  readonly dir: string;
  readonly caFile: string;
  /** Join keys that are good, and the hash that each was used up for. */
  readonly joinKeys: Map<string, string | undefined>;
  /** Of the credentials that are let in. */
  readonly hashes: Set<string>;
  /** All requests, with what came of them. */
  readonly requests: (PlatformRequest & { readonly status: Fault })[];
  /** Those that were ever accepted, oldest first. */
  readonly tunnels: PlatformTunnel[];
  /** What the next requests come to; undefined: what is right. It is asked before (`cut` then does nothing). */
  before?: ((request: PlatformRequest) => Fault | undefined) | undefined;
  /** As `before`, after what was asked for was done. */
  after?: ((request: PlatformRequest) => Fault | undefined) | undefined;
  close(): Promise<void>;
}

/**
 * The gateway as agents see it, with faults on demand: its own tunnel sessions, behind the three routes of contracts/agents.ts without
 * PostgreSQL.
 */
export async function startTestPlatform(): Promise<TestPlatform> {
  const dir = mkdtempSync(join(tmpdir(), 'vcp-agent-'));
  const authority = await createCertificateAuthority('test');
  const { certificate, key } = await authority.issue({
    commonName: 'gateway',
    names: ['127.0.0.1', 'localhost'],
    usages: ['server'],
  });
  const caFile = join(dir, 'ca.crt');
  writeFileSync(caFile, authority.certificate);
  const server = createServer({ cert: certificate, key });
  const open = new Set<Duplex>();
  server.on('connection', (socket: Duplex) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const platform: TestPlatform = {
    url: `https://127.0.0.1:${port}`,
    port,
    dir,
    caFile,
    joinKeys: new Map(),
    hashes: new Set(),
    requests: [],
    tunnels: [],
    async close() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
      rmSync(dir, { recursive: true, force: true });
    },
  };

  /** Of the credential that was announced: its first use ends the former. */
  const nextOf = new Map<string, string>();
  const isLetIn = (hash: string) => {
    const former = [...nextOf].find(([, next]) => next === hash)?.[0];
    if (former !== undefined) {
      nextOf.delete(former);
      platform.hashes.delete(former);
      platform.hashes.add(hash);
    }
    return platform.hashes.has(hash);
  };

  function serve({ path, bearer, body }: PlatformRequest): number {
    const hash = String(body['credentialHash']);
    if (path === agentPaths.join) {
      if (!platform.joinKeys.has(bearer)) return 401;
      if ((platform.joinKeys.get(bearer) ?? hash) !== hash) return 401;
      platform.joinKeys.set(bearer, hash);
      platform.hashes.clear();
      platform.hashes.add(hash);
      return 200;
    }
    if (!isLetIn(hashOf(bearer))) return 401;
    if (path === agentPaths.credential) nextOf.set(hashOf(bearer), hash);
    return 200;
  }

  function outcomeOf(request: PlatformRequest): Fault {
    const status = platform.before?.(request) ?? serve(request);
    const outcome = status === 200 ? (platform.after?.(request) ?? status) : status;
    platform.requests.push({ ...request, status: outcome });
    return outcome;
  }

  server.on('request', (request, response) => {
    void readBody(request).then((body) => {
      const outcome = outcomeOf(requestOf(request, body));
      if (outcome === 'cut') request.socket.destroy();
      else {
        const answer = outcome === 200 ? { cluster: 'test' } : { code: 'x', message: `refused ${outcome}` };
        response.writeHead(outcome, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
      }
    });
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    socket.on('error', () => socket.destroy());
    const asked = requestOf(request, {});
    const outcome = request.headers.upgrade === tunnelProtocol ? outcomeOf(asked) : 400;
    if (outcome === 'cut') {
      socket.destroy();
      return;
    }
    if (outcome !== 200) {
      const text = JSON.stringify({ message: `refused ${outcome}` });
      socket.end(`HTTP/1.1 ${outcome} No\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
      return;
    }
    const head = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${tunnelProtocol}\r\n\r\n`;
    socket.write(head, () => {
      platform.tunnels.push({
        slot: Number(request.headers[tunnelHeaders.slot]),
        generation: Number(request.headers[tunnelHeaders.generation]),
        bearer: asked.bearer,
        session: createTunnelSession(socket),
        socket,
      });
    });
  });
  return platform;
}

/** As the platform keeps credentials. */
export function hashOf(credential: string): string {
  return createHash('sha256').update(credential).digest('hex');
}

function requestOf(request: IncomingMessage, body: Record<string, unknown>): PlatformRequest {
  const bearer = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
  return { path: request.url ?? '', bearer, body };
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  const text = Buffer.concat(parts).toString('utf8');
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}
