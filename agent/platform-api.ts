import { request as httpsRequest, type RequestOptions } from 'node:https';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { readFileSync } from 'node:fs';
import {
  AgentJoined,
  type AgentJoin,
  agentPaths,
  type NextCredential,
  tunnelHeaders,
  tunnelProtocol,
} from '../contracts/agents.ts';
import type { AgentConfig } from '../contracts/agent-config.ts';
import { PlatformError } from '../contracts/errors.ts';
import { writers } from '../contracts/names.ts';
import { Value } from 'typebox/value';
import packageJson from '../package.json' with { type: 'json' };

/** Version of the platform that this agent is part of. */
export const agentVersion: string = packageJson.version;

/** What an agent asks of the gateway. Its functions throw {@link RefusedByPlatform}, and Error if no answer comes. */
export interface PlatformApi {
  /** @param joinKey of the connected cluster */
  join(joinKey: string, body: AgentJoin): Promise<AgentJoined>;
  announce(credential: string, next: NextCredential): Promise<void>;
  /**
   * A connection that was upgraded: from its first byte on it is a tunnel's. Not read from yet.
   * @param slot which of the agent's connections it is
   */
  openTunnel(credential: string, generation: number, slot: number): Promise<Duplex>;
}

/** The gateway answered, and did not agree. */
export class RefusedByPlatform extends Error {
  override readonly name = 'RefusedByPlatform';
  /** Of HTTP. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const answerMs = 10_000;
const maxAnswer = 64 * 1024;
const maxMessage = 300;

/**
 * The gateway at `url`. Nothing but the authorities of `caFile`, if there is one, can vouch for it.
 * @throws PlatformError `invalid_request`: `url` or `caFile` cannot be used
 */
export function createPlatformApi(
  config: Pick<AgentConfig, 'url' | 'caFile' | 'insecureSkipVerify'>,
): PlatformApi {
  const url = gatewayUrl(config.url);
  const options: RequestOptions = {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port || '443',
    agent: false,
    minVersion: 'TLSv1.2',
    rejectUnauthorized: config.insecureSkipVerify !== true,
    ...(config.caFile === undefined ? {} : { ca: authorities(config.caFile) }),
  };
  const headersOf = (bearer: string) => ({
    host: url.host,
    authorization: `Bearer ${bearer}`,
    'user-agent': writers.agent,
  });

  async function post(path: string, bearer: string, body: object): Promise<unknown> {
    const text = JSON.stringify(body);
    const headers = {
      ...headersOf(bearer),
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    };
    const request = httpsRequest({ ...options, method: 'POST', path, headers });
    return inTime(request, async () => {
      request.end(text);
      const answer = await answerTo(request);
      const received = await readText(answer);
      const status = answer.statusCode ?? 0;
      if (status < 200 || status > 299) throw refusal(status, received);
      return received === '' ? undefined : (JSON.parse(received) as unknown);
    });
  }

  return {
    async join(joinKey, body) {
      const answer = await post(agentPaths.join, joinKey, body);
      if (!Value.Check(AgentJoined, answer)) throw new Error('the platform answered something else');
      return answer;
    },
    async announce(credential, next) {
      await post(agentPaths.credential, credential, next);
    },
    openTunnel(credential, generation, slot) {
      const headers = {
        ...headersOf(credential),
        connection: 'Upgrade',
        upgrade: tunnelProtocol,
        [tunnelHeaders.version]: agentVersion,
        [tunnelHeaders.generation]: String(generation),
        [tunnelHeaders.slot]: String(slot),
      };
      const request = httpsRequest({ ...options, path: agentPaths.tunnel, headers });
      return inTime(request, async () => {
        const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
        request.once('upgrade', (_answer, socket, head) => {
          socket.on('error', () => undefined); // `close` follows it
          if (head.length > 0) socket.unshift(head);
          resolve(socket);
        });
        answerTo(request)
          .then(async (answer) => {
            throw refusal(answer.statusCode ?? 0, await readText(answer));
          })
          .catch(reject);
        // Node's HTTP/2 takes the connection over from below: nothing may be under way on it.
        const { promise: sent, resolve: onSent } = Promise.withResolvers<void>();
        request.end(onSent);
        const socket = await promise;
        await sent;
        return socket;
      });
    },
  };
}

function gatewayUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isOrigin =
    url?.protocol === 'https:' && ['', '/'].includes(url.pathname) && url.search + url.hash === '';
  if (url === undefined || !isOrigin || url.username + url.password !== '') {
    throw new PlatformError(
      'invalid_request',
      'the url of the platform is not of the form https://<host>[:<port>]',
    );
  }
  return url;
}

function authorities(path: string): string {
  let text = '';
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new PlatformError('invalid_request', `failed to read caFile ${path}`, { cause });
  }
  // Node takes a text without one for an empty list, and then refuses all.
  if (!text.includes('-----BEGIN CERTIFICATE-----'))
    throw new PlatformError('invalid_request', `caFile ${path} does not hold a certificate (PEM)`);
  return text;
}

/** What `talk` gives, unless it takes longer than an answer may. A failed request has no connection left. */
async function inTime<T>(request: ClientRequest, talk: () => Promise<T>): Promise<T> {
  request.on('error', () => undefined); // also after the answer
  const late = setTimeout(
    () => request.destroy(new Error(`no answer within ${answerMs / 1000} s`)),
    answerMs,
  );
  try {
    return await talk();
  } catch (error) {
    request.destroy();
    throw error;
  } finally {
    clearTimeout(late);
  }
}

function answerTo(request: ClientRequest): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request.once('response', resolve);
  request.once('error', reject);
  return promise;
}

async function readText(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > maxAnswer) throw new Error('the answer of the platform is too long');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function refusal(status: number, text: string): RefusedByPlatform {
  return new RefusedByPlatform(status, `${status}: ${messageOf(text) ?? 'without a reason'}`);
}

/** For the log: bounded, one line, printable. */
function messageOf(text: string): string | undefined {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    if (typeof message !== 'string') return undefined;
    return message.replace(/\p{C}+/gu, ' ').slice(0, maxMessage) || undefined;
  } catch {
    return undefined;
  }
}
